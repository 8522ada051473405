"""Neurons over time, how they fire and reset, and the surrogate slopes that gradients pass by.

Nothing else in a network runs over time.
"""

from codesign.network.neurons.dynamic import AdaptiveNeuron, CurrentBasedNeuron, ParallelNeuron
from codesign.network.neurons.firing import RESETS, STATES, AbstractFiring, Binary, ExactState, FixedPointState, Graded, Stochastic
from codesign.network.neurons.neurons import AbstractNeuron, IntegrateAndFire, LeakyNeuron, lif
from codesign.network.neurons.surrogate import SURROGATES, arctan, fast_sigmoid, superspike, triangular

__all__ = [
    "RESETS",
    "STATES",
    "SURROGATES",
    "AbstractFiring",
    "AbstractNeuron",
    "AdaptiveNeuron",
    "Binary",
    "CurrentBasedNeuron",
    "ExactState",
    "FixedPointState",
    "Graded",
    "IntegrateAndFire",
    "LeakyNeuron",
    "ParallelNeuron",
    "Stochastic",
    "arctan",
    "fast_sigmoid",
    "lif",
    "superspike",
    "triangular",
]
