"""Input codes among which a search decides: mixed in the forward pass, one of them in a hardened design."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from codesign.network.encoding import ENCODINGS, AbstractEncoding
from codesign.network.operation import Operation
from codesign.network.signal import Signal
from codesign.workloads.workload import LayerWork

LEAST_SHARE = 1e-6
"""Of all spikes together: below it they are as good as given up, and their parts are not told apart."""


# not compared by value: shares are arrays, traced in a search
@dataclasses.dataclass(frozen=True, eq=False)
class Mixed(AbstractEncoding):
    """Codes weighed by their shares, which sum to 1; exact where one share is 1.

    Attributes:
        names: of codes for frames.
        shares: of each.
    """

    names: tuple[str, ...]
    shares: Float[Array, " codes"]

    def steps(self, inputs: Float[Array, "batch ..."], longest: int) -> int:
        """`longest`."""
        return longest

    def __call__(self, inputs: Float[Array, "batch ..."], longest: int, bits: Float[Array, ""], key: Key[Array, ""]) -> Signal:
        """Numbers of the direct code, and spikes of the others; one key draws for all, as it does for one alone."""
        sent = [(share, ENCODINGS[name](inputs, longest, bits, key)) for share, name in zip(self.shares, self.names, strict=True)]
        numbers = next((signal.numbers for _, signal in sent if signal.numbers is not None), None)
        spikes = [(share, signal.spikes) for share, signal in sent if signal.spikes is not None]
        if not spikes:
            return Signal(None, numbers)
        together = jnp.sum(jnp.stack([share for share, _ in spikes]))
        weight = jnp.maximum(together, LEAST_SHARE)
        return Signal.coded(tuple((share / weight, code) for share, code in spikes), numbers, together)

    @property
    def compares(self) -> bool:
        """Yes, as far as it is decided so: see `spiking_share`."""
        return True


def encoding_of(own: AbstractEncoding, operation: Operation) -> AbstractEncoding:
    """How a batch enters in a run: the network's own encoding, or what the operation chooses."""
    return own if operation.input_code is None else Mixed(operation.codes, operation.input_code)


def hardened_encoding(own: AbstractEncoding, operation: Operation) -> AbstractEncoding:
    """The one code of a hardened design.

    Raises:
        ValueError: nothing has decided yet.
    """
    if operation.input_code is None:
        return own
    shares = np.asarray(operation.input_code)
    if np.max(shares) != 1:
        raise ValueError(f"input_code: nothing has decided among {', '.join(operation.codes)} (shares {shares.tolist()})")
    return ENCODINGS[operation.codes[int(np.argmax(shares))]]


def spiking_share(operation: Operation) -> Float[Array, ""]:
    """Share of the codes whose inputs are compared with something in every step; 1 where the network's own encoding says it all."""
    if operation.input_code is None:
        return jnp.ones((), operation.timesteps.dtype)
    compared = jnp.asarray([ENCODINGS[name].compares for name in operation.codes], operation.input_code.dtype)
    return jnp.sum(compared * operation.input_code)


def with_encoded_inputs(first: LayerWork) -> LayerWork:
    """The first layer of a network whose inputs are turned into spikes."""
    # a recurrent layer's own outputs are no inputs of the network
    inputs = first.neurons_in - (first.neurons_out if first.kind == "recurrent" else 0)
    return dataclasses.replace(first, encoded_inputs=inputs)
