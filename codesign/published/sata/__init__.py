"""SATA: the energy of spiking networks on a systolic array, inference and training (Yin et al.).

The public tool's numbers, word by word where it counts DRAM; our own systolic family is in `codesign.hardware.systolic`.
"""

from codesign.published.sata.inference import SataInference
from codesign.published.sata.training import SataTraining

__all__ = ["SataInference", "SataTraining"]
