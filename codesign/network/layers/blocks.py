"""Building blocks of a network: each turns one signal into the next and notes its layers' activity in the run."""

import abc
import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from codesign.network.layers.layers import AbstractSynapses
from codesign.network.neurons.neurons import AbstractNeuron
from codesign.network.run import Run, Setting
from codesign.network.signal import Signal
from codesign.workloads.workload import LayerWork


class AbstractBlock(nnx.Module):
    """A part of a network."""

    @property
    @abc.abstractmethod
    def geometries(self) -> tuple[LayerWork, ...]:
        """Static shapes of its layers, in the order they run."""

    @abc.abstractmethod
    def __call__(self, signal: Signal, run: Run) -> Signal:
        """The next signal."""


class Chain(AbstractBlock):
    """Blocks one after another."""

    def __init__(self, blocks: Sequence[AbstractBlock]) -> None:
        self.blocks = nnx.List(blocks)

    @property
    def geometries(self) -> tuple[LayerWork, ...]:
        """Those of the blocks."""
        return tuple(layer for block in self.blocks for layer in block.geometries)

    def __call__(self, signal: Signal, run: Run) -> Signal:
        """See `AbstractBlock`."""
        for block in self.blocks:
            signal = block(signal, run)
        return signal


def currents(synapses: AbstractSynapses, signal: Signal, setting: Setting) -> Float[Array, "#time batch ..."]:
    """The product of every step, time folded into the batch."""
    values = signal.values
    # one product for all steps: inside a loop over time, gradients of convolutions are a hundred times slower on a CPU
    product = synapses(values.reshape(-1, *values.shape[2:]), setting.array, setting.weight_bits, setting.program_key)
    return product.reshape(*values.shape[:2], *product.shape[1:])


def fire(neuron: AbstractNeuron, current: Float[Array, "#time batch ..."], setting: Setting, run: Run) -> Signal:
    """What neurons send: `gate LIF(h)_t + (1 - gate) relu(mean_t h)`, both parts side by side.

    The rectified part is in units of the threshold and saturates at the largest spike, as a rate does; who receives it quantises it.
    """
    neuron, every = setting.chosen.neurons(neuron), jnp.broadcast_to(current, (run.longest, *current.shape[1:]))
    # also at a gate of 0: gates are traced numbers, and one program serves them all
    spikes = neuron(every, setting.state_bits, setting.neuron_key)
    bits, largest = 1.0 * neuron.parts.firing.payload_bits, 1.0 * neuron.parts.firing.largest
    if setting.gate is None:
        return Signal(spikes, None, spike_bits=bits, full_scale=largest)
    numbers = jnp.clip(run.readout.collapse(current, run.counted) / neuron.threshold, 0, largest)
    return Signal(spikes, numbers, setting.gate, spike_bits=bits, full_scale=largest)


class SpikingLayer(AbstractBlock):
    """Weights and the neurons they drive."""

    def __init__(self, synapses: AbstractSynapses, neuron: AbstractNeuron) -> None:
        self.synapses, self.neuron = synapses, neuron

    @property
    def geometries(self) -> tuple[LayerWork, ...]:
        """Its one layer, and what its neurons are."""
        return (dataclasses.replace(self.synapses.geometry, neuron=self.neuron.model),)

    def __call__(self, signal: Signal, run: Run) -> Signal:
        """See `AbstractBlock`."""
        return self.driven(signal, 0.0, run)

    def driven(self, signal: Signal, added: Float[Array, "#time batch ..."] | float, run: Run, receiver: LayerWork | None = None) -> Signal:
        """The layer with another current added to that of its weights (a shortcut's); `receiver` as in `Run.record`."""
        setting = run.setting(self.synapses.geometry)
        received = signal.with_numbers_of(setting.activation_bits)
        current = currents(self.synapses, received, setting)
        # 0.0 stands for no shortcut, which shall not cost an addition
        if not isinstance(added, float):
            current = current + added
        sent = fire(self.neuron, current, setting, run)
        run.record(self.synapses.geometry, [received], sent, setting.gate, receiver=receiver)
        return sent


class ScoreLayer(nnx.Module):
    """The last weights: their currents are class scores, which leave the chip once, as numbers."""

    def __init__(self, synapses: AbstractSynapses) -> None:
        self.synapses = synapses
        self.log_gain = nnx.Param(jnp.asarray(1.0, jnp.float32))

    def __call__(self, signal: Signal, run: Run) -> Float[Array, "#time batch classes"]:
        """Scores of every step."""
        setting = run.setting(self.synapses.geometry)
        received = signal.with_numbers_of(setting.activation_bits)
        run.record(self.synapses.geometry, [received], None, setting.gate)
        return jnp.exp(self.log_gain[...]) * currents(self.synapses, received, setting)
