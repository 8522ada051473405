"""How a network is run: the design parameters that belong to no chip alone."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.parameters.legal import LegalRange
from codesign.shown.chips import chip_sheet
from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown
from codesign.workloads.workload import LayerWork

# of every config's network: what is simulated is at most this long
LONGEST: Final = 1024
RANGES: Final[Mapping[str, LegalRange]] = MappingProxyType(
    {
        # one run of all layers together
        "timesteps": LegalRange(1, LONGEST, 8, whole=True),
        # a sign and a magnitude: signed numbers of one bit would all be 0 (see codesign.network.quantise)
        "weight_bits": LegalRange(2, 16, 4, "bit", whole=True, per_layer=True),
        "activation_bits": LegalRange(1, 16, 4, "bit", whole=True, per_layer=True),
        "state_bits": LegalRange(2, 32, 12, "bit", whole=True, per_layer=True),
        "gate": LegalRange(0, 1, 1, whole=True, per_layer=True),
        "exit_entropy": LegalRange(0, 1, 0),
    }
)


class Operation(Shown, eqx.Module):
    """Time and precision of a run.

    Layers are those of `network.geometries`, pooling and attention included. An entry that a layer has no use for (weight bits of
    pooling, say) changes neither result nor cost; `inert_entries` lists them.

    Attributes:
        timesteps: steps of the network, any real number from 1 to `longest`; step t counts with weight clip(timesteps - t, 0, 1).
        weight_bits: bits of the weights, per layer.
        activation_bits: bits of the numbers (not spikes) that a layer receives: the network's inputs for the first, what ANN layers
            send for the others; one for all, or per layer.
        state_bits: bits of the membrane potential; one for all, or per layer.
        longest: steps that are simulated (static).
        gate: 1 where a layer spikes, 0 where it is a quantised-ReLU layer, between for a relaxed one; one for all, or per layer. None: all
            spike, and nothing is computed for the other case.
        exit_entropy: an answer is given as soon as its entropy falls below this share of the largest, from 0 to 1 (see
            `codesign.network.early_exit`). None: after all steps.
    """

    timesteps: Float[Array, ""]
    weight_bits: Float[Array, " layers"]
    activation_bits: Float[Array, "..."]
    state_bits: Float[Array, "..."]
    longest: int = eqx.field(static=True)
    gate: Float[Array, "..."] | None = None
    exit_entropy: Float[Array, ""] | None = None

    @classmethod
    def of(
        cls,
        layers: int,
        *,
        longest: int,
        timesteps: ArrayLike | None = None,
        weight_bits: ArrayLike | Sequence[float] = 4,
        activation_bits: ArrayLike | Sequence[float] = 4,
        state_bits: ArrayLike | Sequence[float] = 12,
        gate: ArrayLike | Sequence[float] | None = None,
        exit_entropy: ArrayLike | None = None,
    ) -> "Operation":
        """An operation for a network of `layers` layers; timesteps default to `longest`.

        Raises:
            ValueError: a per-layer value of another length, or one below the lowest of its `RANGES`.
        """

        def array(name: str, value: ArrayLike | Sequence[float]) -> Array:
            # an explicit dtype: weakly typed arrays would be traced once more
            values = jnp.asarray(value, jnp.float32)
            if values.shape not in ((), (layers,)):
                raise ValueError(f"operation: {name} has shape {values.shape}, but the network has {layers} layers")
            # a traced value has no number that could be compared
            if not isinstance(values, jax.core.Tracer) and np.any(np.asarray(values) < RANGES[name].low):
                raise ValueError(f"operation: {name} must be at least {RANGES[name].low:g}, got {np.min(np.asarray(values)):g}")
            return values

        return cls(
            jnp.asarray(longest if timesteps is None else timesteps, jnp.float32),
            jnp.broadcast_to(array("weight_bits", weight_bits), (layers,)),
            # kept as given: one number for all layers stays one, with one gradient
            array("activation_bits", activation_bits),
            array("state_bits", state_bits),
            longest,
            None if gate is None else jnp.broadcast_to(array("gate", gate), (layers,)),
            None if exit_entropy is None else jnp.asarray(exit_entropy, jnp.float32),
        )

    def sheet(self) -> Sheet:
        """Time and precision, with units and legal ranges; see `codesign.shown`."""
        return chip_sheet("Operation", {name: getattr(self, name) for name in (*RANGES, "longest")}, RANGES, {})


def inert_entries(geometries: Sequence[LayerWork]) -> frozenset[tuple[str, int]]:
    """Entries (field of an operation, layer) that change nothing: bits of weights or neurons that are not there, all of a pooling layer's.

    See `codesign.network.trace`.
    """
    pools = {(name, i) for i, layer in enumerate(geometries) if layer.kind == "pool" for name in ("activation_bits", "state_bits", "gate")}
    # the last layer's scores have no neurons; where nothing has, their own bits are all there is to price
    scores = {("state_bits", len(geometries) - 1)} if any(layer.kind != "pool" for layer in geometries[:-1]) else set()
    # attention has neurons and hears numbers: of its entries only the weight bits are inert
    return frozenset(pools | scores | {("weight_bits", i) for i, layer in enumerate(geometries) if not layer.has_weights})
