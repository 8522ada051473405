"""Layers whose neurons hear each other: their recurrent product runs inside the loop over time, on the same array."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.network.answers.readout import StepReadout
from codesign.network.layers.blocks import AbstractBlock
from codesign.network.layers.layers import Synapses
from codesign.network.neurons.neurons import AbstractSequentialNeuron
from codesign.network.quantise import quantise_unsigned
from codesign.network.run import Run
from codesign.network.signal import Signal
from codesign.workloads.workload import LayerWork


class RecurrentLayer(AbstractBlock):
    """h_t = W x_t + R y_(t-1), with y_t = gate LIF(h)_t + (1 - gate) Q_relu(h_t): at a gate of 0 a quantised recurrent ReLU network.

    The rows of the array that take inputs are read for all steps at once, those that take the layer's own outputs step by step; a
    converter sees either part on its own. The ANN form has memory, so it runs for all steps.
    """

    def __init__(self, geometry: LayerWork, neuron: AbstractSequentialNeuron, synapses: Synapses) -> None:
        self.geometry, self.neuron, self.synapses = geometry, neuron, synapses

    @property
    def geometries(self) -> tuple[LayerWork, ...]:
        """Its one layer, and what its neurons are."""
        return (dataclasses.replace(self.geometry, neuron=self.neuron.model),)

    def __call__(self, signal: Signal, run: Run) -> Signal:
        """See `AbstractBlock`."""
        setting, width = run.setting(self.geometry), self.geometry.channels_out
        received = signal.with_numbers_of(setting.activation_bits)
        values = received.values
        program_key, read_key, step_key = jax.random.split(setting.program_key, 3)
        # programmed outside the loop: all steps run on the same devices
        programmed = self.synapses.program(setting.array, setting.weight_bits, program_key)
        inputs = self.geometry.channels_in - width
        rows = values.reshape(-1, inputs)
        # the bias goes with the inputs alone, or it would be added twice
        forward = self.synapses.biased(programmed.part(0, inputs).read(rows, read_key)).reshape(*values.shape[:2], width)
        forward = jnp.broadcast_to(forward, (run.longest, *forward.shape[1:]))
        back = programmed.part(inputs, inputs + width)
        neuron = setting.chosen.neurons(self.neuron)
        firing, threshold = neuron.parts.firing, neuron.threshold
        payload, largest = 1.0 * firing.payload_bits, 1.0 * firing.largest
        advance, noise = neuron.dynamics(setting.state_bits), firing.noise(forward, setting.neuron_key)

        def step(carry: tuple, x: tuple) -> tuple[tuple, tuple[Array, Array | None]]:
            (state, heard), (drive, draw, key) = carry, x
            current = drive + back.read(heard, key)
            state, fired = advance(state, current, draw)
            if setting.gate is None:
                return (state, fired), (fired, None)
            # quantised at once, to its own activation_bits: the layer itself is the first to receive them
            numbers = quantise_unsigned(current / threshold, jnp.asarray(largest, current.dtype), setting.activation_bits)
            return (state, setting.gate * fired + (1 - setting.gate) * numbers), (fired, numbers)

        start = (neuron.initial(forward[0]), jnp.zeros_like(forward[0]))
        # the devices stay, the noise of reading them is new in every step
        keys = jax.random.split(step_key, run.longest)
        _, (spikes, numbers) = jax.lax.scan(step, start, (forward, noise, keys), unroll=2)
        gate = 1.0 if setting.gate is None else setting.gate
        sent = Signal(spikes, numbers, gate, spike_bits=payload, number_bits=setting.activation_bits, full_scale=largest)
        # rates are of what was heard, a step late: the silence before the first step counts
        heard = sent._replace(spikes=_delayed(spikes), numbers=None if numbers is None else _delayed(numbers))
        run.record(self.geometry, [received, heard], sent, setting.gate, StepReadout())
        return sent


def _delayed(x: Float[Array, "time batch ..."]) -> Float[Array, "time batch ..."]:
    return jnp.concatenate([jnp.zeros_like(x[:1]), x[:-1]])
