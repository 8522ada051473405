"""The narrow waist: what a network asks of a chip, layer by layer.

Shapes are static; rates, bits and timesteps are arrays over layers, so a cost model is one vectorised expression that traces
once, differentiates with respect to activity and precision, and maps over designs.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final, Literal, cast, get_args

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Array, Float

from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown
from codesign.shown.workloads import workload_sheet

Kind = Literal["conv", "dense", "pool", "attention", "recurrent"]
Neuron = Literal["if", "lif", "adaptive", "cuba", "parallel", "integrator", "leaky_integrator"]
# what may be 0
_EXTRAS: Final = ("residual_inputs", "encoded_inputs")


@dataclasses.dataclass(frozen=True)
class LayerWork:
    """Static shape of one layer (all integers; feature maps are channels x height x width, no batch).

    A dense layer is a 1x1 map. A recurrent layer counts its own outputs among its `channels_in`. An attention layer is the pair
    of products Q K^T and (Q K^T) V over `positions` tokens: no stored weights, operands both dynamic.

    Attributes:
        name: of the layer; names differ within a workload.
        kind: conv, dense, pool, attention or recurrent.
        channels_in, channels_out: channels of a map, or features of a dense layer.
        height_in, width_in: input map [pixel].
        height_out, width_out: output map [pixel].
        kernel_height, kernel_width: window of a convolution or pool [pixel].
        stride: step of the window [pixel].
        groups: groups of channels that do not see each other; as many as channels for a depthwise convolution.
        neuron: what the outputs drive; `codesign.hardware.parts.neuron` has operations and states. Pooling sums its window, so the
            helper `pool` makes it an integrator. A layer that does not spike rectifies instead (`Workload.spiking`).
        residual_inputs: elements that a shortcut adds to the outputs in one step.
        encoded_inputs: input elements that are turned into spikes in one step, each by a comparison; 0 for numbers and for events.

    Raises:
        ValueError: a size below 1, channels not divisible by groups, or an unknown kind or neuron; the message names layer and field.
    """

    name: str
    kind: Kind
    channels_in: int
    channels_out: int
    height_in: int = 1
    width_in: int = 1
    height_out: int = 1
    width_out: int = 1
    kernel_height: int = 1
    kernel_width: int = 1
    stride: int = 1
    groups: int = 1
    neuron: Neuron = "lif"
    residual_inputs: int = 0
    encoded_inputs: int = 0

    def __post_init__(self) -> None:
        """Refuse shapes that no layer can have."""
        for name, known in (("kind", get_args(Kind)), ("neuron", get_args(Neuron))):
            if getattr(self, name) not in known:
                raise ValueError(f"layer {self.name!r}: {name} {getattr(self, name)!r} is unknown; use one of {', '.join(known)}")
        for name in SIZES:
            value, least = getattr(self, name), 0 if name in _EXTRAS else 1
            # True is an int in Python
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
                raise ValueError(f"layer {self.name!r}: {name} must be an integer of at least {least}, got {value!r}")
        for field_name in ("channels_in", "channels_out"):
            if getattr(self, field_name) % self.groups:
                raise ValueError(f"layer {self.name!r}: {field_name} {getattr(self, field_name)} is not divisible by groups {self.groups}")

    @property
    def fan_in(self) -> int:
        """Inputs of one output: K = kh kw Cin / groups."""
        return self.kernel_height * self.kernel_width * self.channels_in // self.groups

    @property
    def positions(self) -> int:
        """Output pixels, P."""
        return self.height_out * self.width_out

    @property
    def neurons_in(self) -> int:
        """Elements of the input map."""
        return self.channels_in * self.height_in * self.width_in

    @property
    def neurons_out(self) -> int:
        """Elements of the output map."""
        return self.channels_out * self.positions

    @property
    def has_weights(self) -> bool:
        """Whether the layer multiplies by stored weights."""
        return self.kind in ("conv", "dense", "recurrent")

    @property
    def weights(self) -> int:
        """Stored weights, K N; 0 for pooling and attention."""
        return self.fan_in * self.channels_out if self.has_weights else 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one dense pass (one step): K N P; 0 for pooling."""
        if self.kind == "pool":
            return 0
        if self.kind == "attention":
            # Q K^T and (Q K^T) V, tokens x tokens x channels each
            return 2 * self.positions * self.positions * self.channels_out
        return self.fan_in * self.channels_out * self.positions


SIZES: Final = tuple(field.name for field in dataclasses.fields(LayerWork) if field.name not in ("name", "kind", "neuron"))
"""Fields that are whole numbers."""


def dense(name: str, inputs: int, outputs: int) -> LayerWork:
    """A fully connected layer."""
    return LayerWork(name, "dense", inputs, outputs)


def conv(
    name: str,
    channels_in: int,
    channels_out: int,
    size: int,
    kernel: int = 3,
    stride: int = 1,
    padding: int | None = None,
    groups: int = 1,
) -> LayerWork:
    """A square convolution on a `size` x `size` map; `padding` defaults to "same" (kernel // 2)."""
    pad = kernel // 2 if padding is None else padding
    # rounded down, as frameworks do; SCALE-Sim rounds up
    out = (size + 2 * pad - kernel) // stride + 1
    return LayerWork(name, "conv", channels_in, channels_out, size, size, out, out, kernel, kernel, stride, groups)


def pool(name: str, channels: int, size: int, kernel: int = 2) -> LayerWork:
    """A square pooling layer whose stride is its kernel."""
    out = size // kernel
    return LayerWork(name, "pool", channels, channels, size, size, out, out, kernel, kernel, kernel, groups=channels, neuron="integrator")


def with_neurons(layers: Sequence[LayerWork], neuron: str | Sequence[str]) -> tuple[LayerWork, ...]:
    """The layers with other neurons: one name for all but pooling layers, or a name for each.

    Raises:
        ValueError: an unknown name, or not as many as layers.
    """
    names = [layer.neuron if layer.kind == "pool" else neuron for layer in layers] if isinstance(neuron, str) else list(neuron)
    if len(names) != len(layers):
        raise ValueError(f"workload: {len(names)} neurons, but there are {len(layers)} layers")
    # a wrong name is refused by the layer
    return tuple(dataclasses.replace(layer, neuron=cast(Neuron, name)) for layer, name in zip(layers, names, strict=True))


class Workload(Shown, eqx.Module):
    """Layers, and how the network runs on them: one float array of shape `[layers]` per property.

    Attributes:
        layers: static shapes.
        input_rate, output_rate: mean non-zero share per element and step, in [0, 1], differentiable.
        timesteps: steps each layer runs for; 1 for a layer that does not spike.
        spiking: 1 for a spiking layer, 0 for a multiply-accumulate layer, between for a relaxed one.
        weight_bits, activation_bits, state_bits: precision [bit]; activation_bits is the payload of one *input* element or
            event of the layer (1 = binary spike), state_bits the membrane potential's.
        weight_density: non-zero share of the weights, once they are quantised.
        weight_magnitude: mean size of the non-zero weights as they act, as a share of the largest that can be stored: analog
            arrays draw current in proportion. One half, the default, is that of weights spread evenly over the levels.
        exit_checks: how often the layer's outputs are asked in one inference whether they are certain enough to stop (early exit).
        encoded: share of the layer's `encoded_inputs` that are compared; below 1 where a search may still let numbers enter.
    """

    layers: tuple[LayerWork, ...] = eqx.field(static=True)
    input_rate: Float[Array, " layers"]
    output_rate: Float[Array, " layers"]
    timesteps: Float[Array, " layers"]
    spiking: Float[Array, " layers"]
    weight_bits: Float[Array, " layers"]
    activation_bits: Float[Array, " layers"]
    state_bits: Float[Array, " layers"]
    weight_density: Float[Array, " layers"]
    # a factory, since an array made on import would start JAX; one entry that broadcasts over any number of layers
    weight_magnitude: Float[Array, "#layers"] = eqx.field(default_factory=lambda: jnp.full(1, 0.5, jnp.float32))
    exit_checks: Float[Array, "#layers"] = eqx.field(default_factory=lambda: jnp.zeros(1, jnp.float32))
    encoded: Float[Array, "#layers"] = eqx.field(default_factory=lambda: jnp.ones(1, jnp.float32))

    @classmethod
    def of(
        cls,
        layers: Sequence[LayerWork],
        *,
        input_rate: ArrayLike | Sequence[float] = 0.1,
        output_rate: ArrayLike | Sequence[float] = 0.1,
        timesteps: ArrayLike | Sequence[float] = 4,
        spiking: ArrayLike | Sequence[float] = 1,
        weight_bits: ArrayLike | Sequence[float] = 4,
        activation_bits: ArrayLike | Sequence[float] = 1,
        state_bits: ArrayLike | Sequence[float] = 8,
        weight_density: ArrayLike | Sequence[float] = 1,
        weight_magnitude: ArrayLike | Sequence[float] = 0.5,
        exit_checks: ArrayLike | Sequence[float] = 0,
        encoded: ArrayLike | Sequence[float] = 1,
        neuron: str | Sequence[str] | None = None,
        dtype: DTypeLike = jnp.float32,
    ) -> "Workload":
        """A workload from scalars or per-layer arrays; `neuron` replaces that of the layers (`with_neurons`).

        Raises:
            ValueError: no layers, duplicate names, an unknown neuron, or a property of the wrong length (the message names it).
        """
        layers = tuple(layers) if neuron is None else with_neurons(layers, neuron)
        if not layers:
            raise ValueError("a workload needs at least one layer")
        names = [layer.name for layer in layers]
        if len(set(names)) < len(names):
            raise ValueError(f"layer names must differ, got {names}")

        def spread(name: str, value: ArrayLike | Sequence[float]) -> Array:
            # floats, also for steps and bits: they are relaxed, and gradients reach them
            array = jnp.asarray(value, dtype)
            if array.ndim > 1 or (array.ndim == 1 and array.shape[0] != len(layers)):
                raise ValueError(f"workload: {name} has shape {array.shape}, but there are {len(layers)} layers")
            return jnp.broadcast_to(array, (len(layers),))

        return cls(
            layers,
            spread("input_rate", input_rate),
            spread("output_rate", output_rate),
            spread("timesteps", timesteps),
            spread("spiking", spiking),
            spread("weight_bits", weight_bits),
            spread("activation_bits", activation_bits),
            spread("state_bits", state_bits),
            spread("weight_density", weight_density),
            spread("weight_magnitude", weight_magnitude),
            spread("exit_checks", exit_checks),
            spread("encoded", encoded),
        )

    def __len__(self) -> int:
        """Number of layers."""
        return len(self.layers)

    def __iter__(self) -> Iterator[LayerWork]:
        """The layers' static shapes."""
        return iter(self.layers)

    def sheet(self) -> Sheet:
        """Shapes, rates, steps and precision; see `codesign.shown`."""
        # 1 but where a search mixes input codes
        names = [field.name for field in dataclasses.fields(self) if field.name not in ("layers", "encoded")]
        return workload_sheet(self.layers, {name: getattr(self, name) for name in names})

    @property
    def names(self) -> tuple[str, ...]:
        """Layer names."""
        return tuple(layer.name for layer in self.layers)

    def static(self, field: str) -> Float[Array, " layers"]:
        """A `LayerWork` property of every layer (`fan_in`, `positions`, `macs`, ...) as a float array."""
        # float before the array: MAC counts overflow int32
        return jnp.asarray([float(getattr(layer, field)) for layer in self.layers], self.input_rate.dtype)
