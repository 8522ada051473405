"""How a batch enters a network: as numbers that hold for all steps, or as one value per step."""

import abc
import dataclasses
from typing import Final

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from codesign.data.encoders.encode import ENCODERS
from codesign.network.quantise import interpolate_bits, quantise_signed
from codesign.network.signal import Signal
from codesign.numerics import straight_through


class AbstractEncoding(abc.ABC):
    """From a batch to the first signal."""

    @abc.abstractmethod
    def steps(self, inputs: Float[Array, "batch ..."], longest: int) -> int:
        """Steps of the run.

        Raises:
            ValueError: sequences of another length than `longest`.
        """

    @abc.abstractmethod
    def __call__(self, inputs: Float[Array, "batch ..."], longest: int, bits: Float[Array, ""], key: Key[Array, ""]) -> Signal:
        """The first layer's input; `bits` is its precision."""

    @property
    @abc.abstractmethod
    def compares(self) -> bool:
        """Whether every input is compared with something in every step, to make a spike of it."""


@dataclasses.dataclass(frozen=True)
class Direct(AbstractEncoding):
    """Frames with values in [0, 1], the same at every step: the first product is computed once."""

    def steps(self, inputs: Float[Array, "batch ..."], longest: int) -> int:
        """`longest`."""
        return longest

    def __call__(self, inputs: Float[Array, "batch ..."], longest: int, bits: Float[Array, ""], key: Key[Array, ""]) -> Signal:
        """Numbers; the first layer quantises them."""
        # a time axis of 1: what holds for all steps is multiplied once
        return Signal(None, inputs[None])

    @property
    def compares(self) -> bool:
        """No: numbers enter as they are."""
        return False


@dataclasses.dataclass(frozen=True)
class Encoded(AbstractEncoding):
    """Frames with values in [0, 1], turned into binary spikes by one of `codesign.data.encoders.encode.ENCODERS`."""

    encoder: str = "rate"

    def __post_init__(self) -> None:
        """Refuse encoders that do not exist."""
        if self.encoder not in ENCODERS:
            raise ValueError(f"unknown encoder {self.encoder!r}; use one of {', '.join(ENCODERS)}")

    def steps(self, inputs: Float[Array, "batch ..."], longest: int) -> int:
        """`longest`."""
        return longest

    def __call__(self, inputs: Float[Array, "batch ..."], longest: int, bits: Float[Array, ""], key: Key[Array, ""]) -> Signal:
        """Spikes."""
        return Signal(ENCODERS[self.encoder](inputs, longest, key), None)

    @property
    def compares(self) -> bool:
        """Yes: with a random number, a time or a digit."""
        return True


def _check_length(inputs: Array, longest: int) -> int:
    if inputs.shape[1] != longest:
        raise ValueError(f"sequences have {inputs.shape[1]} steps (axis 1 of {inputs.shape}), but longest is {longest}; they must be equal")
    return longest


@dataclasses.dataclass(frozen=True)
class Events(AbstractEncoding):
    """Event counts `[batch, time, ...]`; counts saturate at 2**bits - 1, so 1 bit is "any event"."""

    def steps(self, inputs: Float[Array, "batch time ..."], longest: int) -> int:
        """Those of the data."""
        return _check_length(inputs, longest)

    def __call__(self, inputs: Float[Array, "batch time ..."], longest: int, bits: Float[Array, ""], key: Key[Array, ""]) -> Signal:
        """Graded spikes."""

        def saturated(x: Array, whole_bits: Array) -> Array:
            # whole counts, not shares of the largest: more bits raise the ceiling and leave the unit as it is
            clipped = jnp.clip(x, 0, 2**whole_bits - 1)
            return straight_through(jnp.round(clipped), clipped)

        return Signal(interpolate_bits(saturated, jnp.swapaxes(inputs, 0, 1), bits), None, spike_bits=bits)

    @property
    def compares(self) -> bool:
        """No: the sensor has made them."""
        return False


@dataclasses.dataclass(frozen=True)
class Samples(AbstractEncoding):
    """A sampled signal `[batch, time, ...]` of either sign, quantised over [-span, span]; a sign and a magnitude take two bits or more."""

    span: float = 4.0

    def steps(self, inputs: Float[Array, "batch time ..."], longest: int) -> int:
        """Those of the data."""
        return _check_length(inputs, longest)

    def __call__(self, inputs: Float[Array, "batch time ..."], longest: int, bits: Float[Array, ""], key: Key[Array, ""]) -> Signal:
        """Numbers of every step, sent as graded spikes."""
        # the precision of inputs may be 1 bit, which signed numbers cannot have: what is sent has, and costs, two
        sent_bits = jnp.maximum(bits, 2)
        values = quantise_signed(jnp.swapaxes(inputs, 0, 1), jnp.asarray(self.span, inputs.dtype), sent_bits)
        return Signal(values, None, spike_bits=sent_bits)

    @property
    def compares(self) -> bool:
        """No: numbers enter as they are."""
        return False


ENCODINGS: Final[dict[str, AbstractEncoding]] = {
    "direct": Direct(),
    "rate": Encoded("rate"),
    "latency": Encoded("latency"),
    "phase": Encoded("phase"),
    "events": Events(),
    "samples": Samples(),
}
"""By name; `SEQUENCES` of them take sequences, the others frames."""
SEQUENCES: Final = frozenset({"events", "samples"})
"""Those of data with a time axis."""
