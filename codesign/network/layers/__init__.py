"""Blocks with weights and what joins them: dense, convolution, pooling, residual, recurrent, attention.

The stateless part of a layer, time folded into the batch; what happens over time is in `neurons`.
"""

from codesign.network.layers.attention import Attention
from codesign.network.layers.blocks import AbstractBlock, Chain, ScoreLayer, SpikingLayer
from codesign.network.layers.layers import AbstractSynapses, Synapses
from codesign.network.layers.norm import NORMS, AbstractNorm, Standardised, Unnormalised
from codesign.network.layers.pooling import REDUCTIONS, AbstractReduction, Average, Maximum, Pooling
from codesign.network.layers.recurrent import RecurrentLayer
from codesign.network.layers.residual import AbstractShortcut, Identity, Residual, Subsampled
from codesign.network.layers.style import DEFAULT, FIRINGS, NEURONS, Style

__all__ = [
    "DEFAULT",
    "FIRINGS",
    "NEURONS",
    "NORMS",
    "REDUCTIONS",
    "AbstractBlock",
    "AbstractNorm",
    "AbstractReduction",
    "AbstractShortcut",
    "AbstractSynapses",
    "Attention",
    "Average",
    "Chain",
    "Identity",
    "Maximum",
    "Pooling",
    "RecurrentLayer",
    "Residual",
    "ScoreLayer",
    "SpikingLayer",
    "Standardised",
    "Style",
    "Subsampled",
    "Synapses",
    "Unnormalised",
]
