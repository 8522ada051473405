"""What a run decides about a layer's neurons, in place of what they were built with."""

import dataclasses
from typing import NamedTuple, TypeVar

from flax import nnx
from jaxtyping import Array, Float

from codesign.network.neurons.firing import RESETS, AbstractFiring, Graded, Parts, Reset, Stochastic
from codesign.network.neurons.neurons import AbstractNeuron

NeuronT = TypeVar("NeuronT", bound=AbstractNeuron)


class Chosen(NamedTuple):
    """None where the neurons' own holds; what a neuron has no use for changes nothing.

    Attributes:
        temperature: of stochastic firing, in thresholds.
        payload_bits: of graded spikes.
        reset: share of each of `resets`; exact where one is 1.
        resets: names.
    """

    temperature: Float[Array, ""] | None = None
    payload_bits: Float[Array, ""] | None = None
    reset: Float[Array, " resets"] | None = None
    resets: tuple[str, ...] = ()

    def neurons(self, own: NeuronT) -> NeuronT:
        """The same neurons with what is chosen."""
        if self.temperature is None and self.payload_bits is None and self.reset is None:
            return own
        # a copy: the network's own neurons are built once, and serve every run
        copy = nnx.merge(*nnx.split(own))
        copy.parts = self._parts(own.parts)
        return copy

    def _parts(self, own: Parts) -> Parts:
        reset = own.reset if self.reset is None else _mixed(self.reset, tuple(RESETS[name] for name in self.resets))
        return dataclasses.replace(own, firing=self._firing(own.firing), reset=reset)

    def _firing(self, own: AbstractFiring) -> AbstractFiring:
        if isinstance(own, Stochastic) and self.temperature is not None:
            return dataclasses.replace(own, temperature=self.temperature)
        if isinstance(own, Graded) and self.payload_bits is not None:
            return dataclasses.replace(own, used=self.payload_bits)
        return own


def _mixed(shares: Float[Array, " resets"], resets: tuple[Reset, ...]) -> Reset:
    """What is left of a potential, weighed by the shares of the resets."""

    def reset(potential: Array, fired: Array, threshold: Array) -> Array:
        left = [share * each(potential, fired, threshold) for share, each in zip(shares, resets, strict=True)]
        return sum(left[1:], left[0])

    return reset
