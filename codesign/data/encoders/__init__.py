"""From samples to spikes over time: direct, rate, latency, phase, level crossing, and a cochlea for sound.

Pure functions of arrays, time first. Reading files is not their business.
"""

from codesign.data.encoders.cochlea import Cochlea, gammatone_filters, integrate_and_fire, mel_filters
from codesign.data.encoders.encode import ENCODERS, direct, latency, level_crossing, phase, phase_weights, rate, reconstruct

__all__ = [
    "ENCODERS",
    "Cochlea",
    "direct",
    "gammatone_filters",
    "integrate_and_fire",
    "latency",
    "level_crossing",
    "mel_filters",
    "phase",
    "phase_weights",
    "rate",
    "reconstruct",
]
