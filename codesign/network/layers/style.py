"""What all layers of a network have in common, chosen by names that a config can say."""

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from codesign.network.answers.readout import AbstractReadout
from codesign.network.answers.readouts import READOUTS
from codesign.network.encoding import ENCODINGS, AbstractEncoding
from codesign.network.layers.norm import NORMS, AbstractNorm
from codesign.network.neurons.dynamic import AdaptiveNeuron, CurrentBasedNeuron, ParallelNeuron
from codesign.network.neurons.firing import RESETS, STATES, AbstractFiring, Binary, Graded, Parts, Stochastic
from codesign.network.neurons.neurons import AbstractNeuron, AbstractSequentialNeuron, IntegrateAndFire, LeakyNeuron
from codesign.network.neurons.surrogate import SURROGATES

# factories: every layer gets neurons, and so parameters, of its own
NEURONS: Final[dict[str, Callable[["Style", tuple[int, ...]], AbstractNeuron]]] = {
    "if": lambda style, shape: IntegrateAndFire(shape, style.parts),
    "lif": lambda style, shape: LeakyNeuron(shape, style.parts),
    "adaptive": lambda style, shape: AdaptiveNeuron(shape, style.parts),
    "cuba": lambda style, shape: CurrentBasedNeuron(shape, style.parts),
    "parallel": lambda style, shape: ParallelNeuron(style.steps, style.parts),
}
"""Neuron models by name; made for a style and the shape of a layer's outputs."""
FIRINGS: Final[dict[str, Callable[["Style"], AbstractFiring]]] = {
    "binary": lambda style: Binary(SURROGATES[style.surrogate]),
    "graded": lambda style: Graded(style.payload_bits, SURROGATES[style.surrogate]),
    "stochastic": lambda style: Stochastic(style.temperature),
}
"""What a neuron sends when it fires, by name; made for a style."""


@dataclasses.dataclass(frozen=True)
class Style:
    """Neurons, input and output of a network, by name.

    Attributes:
        neuron: if, lif (leak and threshold are learned), adaptive, cuba or parallel.
        learned_per: one leak and threshold per layer, or per channel.
        firing: binary, graded or stochastic.
        payload_bits: bits of a graded spike.
        temperature: of stochastic firing: a spike has probability sigmoid((potential - threshold) / temperature).
        surrogate: arctan, fast_sigmoid, triangular or superspike.
        reset: soft, hard or none.
        state: exact, or fixed_point of the operation's `state_bits`.
        norm: none, or standardised weights with a learned bias.
        encoding: direct, rate, latency or phase for frames; events or samples for sequences.
        readout: mean; or, for one label per time step, each_step, or leaky_each_step of which earlier scores are a part.
        steps: most time steps that a parallel neuron can be run for.

    Raises:
        ValueError: an unknown name (the message gives the nearest).
    """

    neuron: str = "lif"
    learned_per: Literal["layer", "channel"] = "layer"
    firing: str = "binary"
    payload_bits: int = 2
    temperature: float = 0.25
    surrogate: str = "arctan"
    reset: str = "soft"
    state: str = "exact"
    norm: str = "none"
    encoding: str = "direct"
    readout: str = "mean"
    steps: int = 8

    def __post_init__(self) -> None:
        """Refuse unknown names."""
        known: Mapping[str, Mapping[str, Any] | tuple[str, ...]] = {
            "neuron": NEURONS,
            "learned_per": ("layer", "channel"),
            "firing": FIRINGS,
            "surrogate": SURROGATES,
            "reset": RESETS,
            "state": STATES,
            "norm": NORMS,
            "encoding": ENCODINGS,
            "readout": READOUTS,
        }
        for field, names in known.items():
            value = getattr(self, field)
            if value not in names:
                # a cutoff of 0: there is always a nearest name
                near = difflib.get_close_matches(str(value), names, 1, 0)
                raise ValueError(f"unknown {field} {value!r} (did you mean {near[0]!r}?)")

    @property
    def parts(self) -> Parts:
        """Firing, reset and state."""
        return Parts(FIRINGS[self.firing](self), RESETS[self.reset], STATES[self.state])

    def neurons(self, channels: int) -> AbstractNeuron:
        """Neurons of a layer with that many channels."""
        return NEURONS[self.neuron](self, (channels,) if self.learned_per == "channel" else ())

    def recurrent_neurons(self, channels: int) -> AbstractSequentialNeuron:
        """Neurons that are advanced step by step.

        Raises:
            ValueError: the parallel neuron, which is not.
        """
        neuron = self.neurons(channels)
        if not isinstance(neuron, AbstractSequentialNeuron):
            raise ValueError(f"neuron {self.neuron!r} sees all steps at once and cannot stand in a recurrent layer")
        return neuron

    @property
    def weights(self) -> AbstractNorm:
        """What becomes of kernels."""
        return NORMS[self.norm]

    @property
    def input(self) -> AbstractEncoding:
        """How a batch enters."""
        return ENCODINGS[self.encoding]

    @property
    def output(self) -> AbstractReadout:
        """How scores are read."""
        return READOUTS[self.readout]


DEFAULT: Final = Style()
"""Leaky neurons, binary spikes, no normalisation: what a builder takes when it is told nothing."""
