"""Other ways to weights than back-propagation through time: conversion of a quantised network, and spike-timing-dependent plasticity.

Optimisers and the joint search are in `search`.
"""

from codesign.network.learning.convert import Tuner, spiking_twin, stages, tune_progressively
from codesign.network.learning.plasticity import CompetitiveLayer, PairRule, learn_layer

__all__ = ["CompetitiveLayer", "PairRule", "Tuner", "learn_layer", "spiking_twin", "stages", "tune_progressively"]
