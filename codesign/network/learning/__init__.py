"""Other ways to weights than back-propagation through time: conversion of a quantised network, and spike-timing-dependent plasticity.

Optimisers and the joint search are in `search`.
"""

from codesign.network.learning.convert import Tuner, convert, spiking_twin, stages, tune_progressively
from codesign.network.learning.plasticity import CompetitiveLayer, PairRule, learn_layer

__all__ = ["CompetitiveLayer", "PairRule", "Tuner", "convert", "learn_layer", "spiking_twin", "stages", "tune_progressively"]
