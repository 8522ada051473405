"""How a network is run: the design parameters that belong to no chip alone."""

import difflib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.data.encoders.encode import ENCODERS
from codesign.network.neurons.firing import RESETS
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
        # below, a spike is as good as certain on either side of the threshold; far above, all neurons toss a coin
        "firing_temperature": LegalRange(0.001, 4, 0.25, "threshold", per_layer=True),
        "payload_bits": LegalRange(1, 8, 2, "bit", whole=True, per_layer=True),
    }
)
CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"input_code": tuple(ENCODERS), "reset": tuple(RESETS)})
"""Options of what a run chooses by name."""
OF_NEURONS: Final = ("firing_temperature", "payload_bits", "reset")
"""What a run chooses in place of what neurons were built with."""


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
        firing_temperature: of stochastic neurons, in thresholds; one for all, or per layer. None: that of the neurons.
        payload_bits: of graded spikes, at most what the neurons were built for; one for all, or per layer. None: all of that.
        input_code: how frames enter: share of each of `codes`. None: as the network was built.
        codes: names of the input codes (static).
        reset: what a spike does to the potential: share of each of `resets`, per layer. None: that of the neurons.
        resets: names of the resets (static).
    """

    timesteps: Float[Array, ""]
    weight_bits: Float[Array, " layers"]
    activation_bits: Float[Array, "..."]
    state_bits: Float[Array, "..."]
    longest: int = eqx.field(static=True)
    gate: Float[Array, "..."] | None = None
    exit_entropy: Float[Array, ""] | None = None
    firing_temperature: Float[Array, "..."] | None = None
    payload_bits: Float[Array, "..."] | None = None
    input_code: Float[Array, " codes"] | None = None
    codes: tuple[str, ...] = eqx.field(static=True, default=())
    reset: Float[Array, "layers resets"] | None = None
    resets: tuple[str, ...] = eqx.field(static=True, default=())

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
        firing_temperature: ArrayLike | Sequence[float] | None = None,
        payload_bits: ArrayLike | Sequence[float] | None = None,
        input_code: str | Sequence[str] = (),
        reset: str | Sequence[str] = (),
    ) -> "Operation":
        """An operation for a network of `layers` layers; timesteps default to `longest`.

        `input_code` and `reset` are one name, or those that a search may choose from, which begin with equal shares.

        Raises:
            ValueError: a per-layer value of another length, one below the lowest of its `RANGES`, or an unknown name (with the nearest).
        """
        codes, resets = _named("input_code", input_code), _named("reset", reset)

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
            None if firing_temperature is None else array("firing_temperature", firing_temperature),
            None if payload_bits is None else array("payload_bits", payload_bits),
            # equal shares: nothing is chosen until a search or the user does
            jnp.full(len(codes), 1 / len(codes), jnp.float32) if codes else None,
            codes,
            jnp.full((layers, len(resets)), 1 / len(resets), jnp.float32) if resets else None,
            resets,
        )

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """Names that the fields with shares of options choose among."""
        return {name: names for name, names in (("input_code", self.codes), ("reset", self.resets)) if names}

    def sheet(self) -> Sheet:
        """Time and precision, with units and legal ranges; see `codesign.shown`."""
        return chip_sheet("Operation", {name: getattr(self, name) for name in (*RANGES, *CHOICES, "longest")}, RANGES, self.choices)


def _named(field: str, given: str | Sequence[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if name not in CHOICES[field]:
            # a cutoff of 0: there is always a nearest name
            near = difflib.get_close_matches(name, CHOICES[field], 1, 0)[0]
            raise ValueError(f"unknown {field} {name!r} (did you mean {near!r}?); known are {', '.join(CHOICES[field])}")
    return names


def inert_entries(geometries: Sequence[LayerWork]) -> frozenset[tuple[str, int]]:
    """Entries (field of an operation, layer) that change nothing: bits of weights or neurons that are not there, all of a pooling layer's.

    See `codesign.network.trace`.
    """
    unused = ("activation_bits", "state_bits", "gate", *OF_NEURONS)
    pools = {(name, i) for i, layer in enumerate(geometries) if layer.kind == "pool" for name in unused}
    # the last layer's scores have no neurons; where nothing has, their own bits are all there is to price
    scores = {(name, len(geometries) - 1) for name in OF_NEURONS}
    if any(layer.kind != "pool" for layer in geometries[:-1]):
        scores |= {("state_bits", len(geometries) - 1)}
    # attention has neurons and hears numbers: of its entries only the weight bits are inert
    return frozenset(pools | scores | {("weight_bits", i) for i, layer in enumerate(geometries) if not layer.has_weights})
