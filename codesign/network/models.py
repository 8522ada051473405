"""Spiking networks built from a short description."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Key

from codesign.analog.array import AbstractArray
from codesign.network.layers import Membrane, Synapses
from codesign.network.neurons import lif
from codesign.network.operation import Operation
from codesign.network.quantise import quantise_unsigned
from codesign.numerics import safe_divide, step_weights
from codesign.workload import LayerWork, conv, dense


class Activity(NamedTuple):
    """What a forward pass leaves behind.

    Attributes:
        logits: class scores, averaged over the steps that count.
        input_rate, output_rate: mean non-zero share per element and step of each layer, differentiable.
    """

    logits: Float[Array, "batch classes"]
    input_rate: Float[Array, " layers"]
    output_rate: Float[Array, " layers"]


class SpikingNetwork(nnx.Module):
    """A chain of weighted layers with spiking neurons between them; the last layer's current is read out and averaged over time.

    Still images are encoded directly: the first layer sees the same values in every step, so its product is computed once.
    """

    def __init__(self, geometries: Sequence[LayerWork], *, rngs: nnx.Rngs) -> None:
        # spikes are sparser than the inputs: hidden layers need the larger gain to fire at all
        gains = [2.0] * len(geometries)
        self.synapses = nnx.List([Synapses(g, gain=gain, rngs=rngs) for g, gain in zip(geometries, gains, strict=True)])
        self.membranes = nnx.List([Membrane() for _ in geometries[:-1]])
        self.log_gain = nnx.Param(jnp.asarray(1.0, jnp.float32))

    @property
    def geometries(self) -> tuple[LayerWork, ...]:
        """Static shapes of the weighted layers."""
        return tuple(synapses.geometry for synapses in self.synapses)

    def __call__(
        self,
        inputs: Float[Array, "batch ..."],
        operation: Operation,
        arrays: Sequence[AbstractArray],
        key: Key[Array, ""],
    ) -> Activity:
        """Run the network.

        Args:
            inputs: frames with values in [0, 1].
            operation: time and precision.
            arrays: arithmetic of each weighted layer.
            key: the simulated chip (its devices' errors); frozen over batch and time.

        Returns:
            Logits and rates.
        """
        longest, batch = operation.longest, inputs.shape[0]
        counted = step_weights(operation.timesteps, longest)
        share = counted / operation.timesteps
        keys = jax.random.split(key, len(self.synapses))
        frames = quantise_unsigned(inputs, jnp.ones((), inputs.dtype), operation.activation_bits)
        signal, rates = frames, [jnp.mean(frames > 0, dtype=frames.dtype)]
        for index, synapses in enumerate(self.synapses):
            current = synapses(signal, arrays[index], operation.weight_bits[index], keys[index])
            if index == 0:
                current = jnp.broadcast_to(current, (longest, *current.shape))
            else:
                current = current.reshape(longest, batch, *current.shape[1:])
            if index == len(self.membranes):
                break
            membrane = self.membranes[index]
            spikes = lif(current, membrane.leak, membrane.threshold)
            rates.append(jnp.sum(share * jnp.mean(spikes.reshape(longest, -1), axis=1)))
            signal = spikes.reshape(longest * batch, *spikes.shape[2:])
        scores = jnp.tensordot(safe_divide(counted, jnp.sum(counted)), current, axes=1)
        logits = jnp.exp(self.log_gain[...]) * scores
        # the read-out's accumulated currents leave the chip once, as numbers and not as spikes
        return Activity(logits, jnp.stack(rates), jnp.stack([*rates[1:], jnp.ones_like(rates[0])]))


def mlp(sample_shape: Sequence[int], classes: int, hidden: Sequence[int], *, rngs: nnx.Rngs) -> SpikingNetwork:
    """A spiking multilayer perceptron."""
    inputs = 1
    for size in sample_shape:
        inputs *= size
    sizes = [inputs, *hidden, classes]
    geometries = [dense(f"dense{i + 1}", a, b) for i, (a, b) in enumerate(itertools.pairwise(sizes))]
    return SpikingNetwork(geometries, rngs=rngs)


def convnet(sample_shape: Sequence[int], classes: int, channels: Sequence[int], *, rngs: nnx.Rngs) -> SpikingNetwork:
    """Convolutions 3x3 of stride 2 (each halves the map), then a dense read-out.

    Args:
        sample_shape: (height, width, channels) of a square image.
        classes: classes.
        channels: output channels of each convolution.
        rngs: initial weights.

    Raises:
        ValueError: the sample is not a square image.
    """
    if len(sample_shape) != 3 or sample_shape[0] != sample_shape[1]:
        raise ValueError(f"convnet needs square images [height, width, channels], got samples of shape {tuple(sample_shape)}")
    size, depth = sample_shape[0], sample_shape[2]
    geometries = []
    for index, width in enumerate(channels):
        layer = conv(f"conv{index + 1}", depth, width, size, kernel=3, stride=2)
        geometries.append(layer)
        size, depth = layer.height_out, width
    geometries.append(dense("dense", depth * size * size, classes))
    return SpikingNetwork(geometries, rngs=rngs)


REGISTRY = {"mlp": mlp, "convnet": convnet}
