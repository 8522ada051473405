"""SpikeSim: energy, latency and area of in-memory crossbars (ELA), and their non-idealities (NICE) (Moitra et al.).

The public tool's numbers; our own crossbar family is in `codesign.hardware.crossbar`.
"""

from codesign.published.spikesim.ela import Network, SpikeSim, Verdict
from codesign.published.spikesim.nice import column_codes, layer_conductance, layer_output

__all__ = ["Network", "SpikeSim", "Verdict", "column_codes", "layer_conductance", "layer_output"]
