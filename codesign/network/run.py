"""One forward pass in progress: hands each layer its settings, and collects what the workload is made of."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.network.answers.readout import AbstractReadout, mean_active
from codesign.network.neurons.chosen import Chosen
from codesign.network.operation import Operation
from codesign.network.signal import Signal
from codesign.numerics import step_weights
from codesign.workloads.workload import LayerWork


class Activity(NamedTuple):
    """What a forward pass leaves behind; all of it is differentiable.

    Attributes:
        logits: class scores: averaged over the steps that count `[batch, classes]`, or of each step `[batch, time, classes]`.
        step_logits: class scores of each step.
        input_rate, output_rate: mean non-zero share per element and step of each layer.
        payload_bits: bits of one input element of each layer.
        spiking: 1 for a layer of spiking neurons, 0 for an ANN layer, between for a relaxed one.
        timesteps: steps each layer runs for.
    """

    logits: Float[Array, "batch ..."]
    step_logits: Float[Array, "time batch classes"]
    input_rate: Float[Array, " layers"]
    output_rate: Float[Array, " layers"]
    payload_bits: Float[Array, " layers"]
    spiking: Float[Array, " layers"]
    timesteps: Float[Array, " layers"]


class Setting(NamedTuple):
    """What a run decides for one layer.

    Attributes:
        array: its arithmetic.
        weight_bits, activation_bits, state_bits: precision [bit]; see `Operation`.
        gate: 1 where it spikes, 0 where it does not; None where all layers spike.
        program_key, neuron_key: randomness of its devices and of its neurons.
        chosen: of its neurons, in place of what they were built with.
    """

    array: AbstractArray
    weight_bits: Float[Array, ""]
    activation_bits: Float[Array, ""]
    state_bits: Float[Array, ""]
    gate: Float[Array, ""] | None
    program_key: Key[Array, ""]
    neuron_key: Key[Array, ""]
    chosen: Chosen = Chosen()


class Run:
    """A forward pass; lives while the network is traced.

    Attributes:
        longest: steps that are simulated.
        counted: weight of each step.
        share: the same, adding up to 1.
        readout: how time is treated.
        timesteps: steps that count.
        fresh: samples that rates are those of; None for all.
    """

    def __init__(
        self,
        geometries: Sequence[LayerWork],
        operation: Operation,
        arrays: Sequence[AbstractArray],
        readout: AbstractReadout,
        longest: int,
        key: Key[Array, ""],
        fresh: Bool[Array, " batch"] | None = None,
    ) -> None:
        self.longest, self.readout, self.timesteps, self.fresh = longest, readout, operation.timesteps, fresh
        self.counted = step_weights(operation.timesteps, longest)
        # the weights of all steps add up to `timesteps`
        self.share = self.counted / operation.timesteps
        self._operation, self._arrays, self._geometries = operation, arrays, tuple(geometries)
        self._index = {layer.name: i for i, layer in enumerate(self._geometries)}
        # keys belong to layers, not to the order of calls: a layer whose setting is asked for twice gets the same ones
        keys = list(jax.random.split(key, 2 * len(self._geometries)))
        self._keys = list(zip(keys[::2], keys[1::2], strict=True))
        self._rows: dict[int, tuple[Array, ...]] = {}

    def setting(self, geometry: LayerWork) -> Setting:
        """Settings of a layer. A pooling layer hands on numbers of the precision that the next layer takes."""
        index, operation = self._index[geometry.name], self._operation
        return Setting(
            self._arrays[index],
            operation.weight_bits[index],
            self._bits_taken(index),
            _entry(operation.state_bits, index),
            None if operation.gate is None else _entry(operation.gate, index),
            *self._keys[index],
            Chosen(
                None if operation.firing_temperature is None else _entry(operation.firing_temperature, index),
                None if operation.payload_bits is None else _entry(operation.payload_bits, index),
                None if operation.reset is None else operation.reset[index],
                operation.resets,
            ),
        )

    def record(
        self,
        geometry: LayerWork,
        received: Sequence[Signal],
        sent: Signal | None,
        gate: Array | float | None,
        readout: AbstractReadout | None = None,
        receiver: LayerWork | None = None,
    ) -> None:
        """Note what a layer received and sent. See `codesign.network.trace`.

        Args:
            geometry: the layer.
            received: everything that enters its product; the widest payload counts.
            sent: what its neurons sent; None for scores.
            gate: its gate; None: it spikes.
            readout: how its ANN form treats time, where that is not as in the rest of the network.
            receiver: the layer that receives what it sent, where that is not the next one.
        """
        readout = self.readout if readout is None else readout
        rate, bits = _mean([self._rate(s) for s in received], received), _widest([_mixed(s, s.spike_bits, s.number_bits) for s in received])
        index = self._index[geometry.name]
        following = index + 1 if receiver is None else self._index[receiver.name]
        # rates of numbers are taken as they arrive: a receiver of few bits rounds small ones to 0
        fired, send = (1.0, 1.0) if sent is None else self._rates(sent.with_numbers_of(self._bits_taken(following)))
        if gate is None:
            row: tuple[Array | float, ...] = (rate, fired, bits, 1.0, self.timesteps)
        else:
            once = readout.number_steps(self.timesteps)
            steps = gate * self.timesteps + (1 - gate) * once
            # rates are means per step: the two ways of running count by the steps they take, not by the gate
            ours = gate * self.timesteps / steps
            row = (
                ours * rate + (1 - ours) * _mean([self._collapsed_rate(s, readout) for s in received], received),
                ours * fired + (1 - ours) * send,
                ours * bits + (1 - ours) * _widest([self._collapsed_bits(s, readout) for s in received]),
                gate,
                steps,
            )
        # one explicit dtype: rows mix arrays with Python numbers, which would be weakly typed
        self._rows[index] = tuple(jnp.asarray(x, self.counted.dtype) for x in row)

    def activity(self, scores: Float[Array, "#time batch classes"]) -> Activity:
        """Everything that was noted, and the answer."""
        # scores that hold for all steps are still one answer per step
        every = jnp.broadcast_to(scores, (self.longest, *scores.shape[1:]))
        rows = [self._rows[i] for i in range(len(self._geometries))]
        columns = [jnp.stack(column) for column in zip(*rows, strict=True)]
        return Activity(self.readout.logits(every, self.counted), every, *columns)

    def _bits_taken(self, index: int) -> Float[Array, ""]:
        """Precision of the numbers that a layer, or for pooling the one behind it, receives."""
        # a pool hands on what it received: the next layer with a use for numbers decides their precision
        takes = next(i for i in range(index, len(self._geometries)) if self._geometries[i].kind != "pool")
        return _entry(self._operation.activation_bits, takes)

    def _rates(self, signal: Signal) -> tuple[Array | float, Array | float]:
        """Rates of spikes and of numbers."""
        numbers = signal.numbers
        return (
            signal.rate_of_spikes(lambda x: self._of_fresh(x, self._mean_active)),
            0.0 if numbers is None else self._of_fresh(numbers, self._mean_active),
        )

    def _mean_active(self, x: Float[Array, "#time batch ..."]) -> Float[Array, ""]:
        return mean_active(x, self.share)

    def _of_fresh(self, x: Float[Array, "#time batch ..."], rate: Callable[[Array], Array]) -> Array:
        """A rate, of the samples that count alone."""
        if self.fresh is None:
            return rate(x)
        # silenced, the others add nothing to the mean over all
        return rate(jnp.where(self.fresh.reshape(-1, *[1] * (x.ndim - 2)), x, 0)) / jnp.mean(self.fresh, dtype=x.dtype)

    def _rate(self, signal: Signal) -> Array | float:
        return _mixed(signal, *self._rates(signal))

    def _collapsed_rate(self, signal: Signal, readout: AbstractReadout) -> Array | float:
        def rate(x: Array) -> Array:
            # numbers that hold for all steps are read as they are, there is nothing to count over time
            if x.shape[0] == 1:
                return self._of_fresh(x, self._mean_active)
            return self._of_fresh(x, lambda some: readout.collapsed_rate(some, self.counted, self.share))

        return _mixed(signal, signal.rate_of_spikes(rate), 0.0 if signal.numbers is None else rate(signal.numbers))

    def _collapsed_bits(self, signal: Signal, readout: AbstractReadout) -> Array | float:
        def summed(bits: Array | float) -> Array:
            return readout.collapsed_bits(jnp.asarray(bits, self.counted.dtype), self.timesteps)

        held = signal.numbers is not None and signal.numbers.shape[0] == 1
        return _mixed(signal, summed(signal.spike_bits), signal.number_bits if held else summed(signal.number_bits))


def _mean(rates: Sequence[Array | float], received: Sequence[Signal]) -> Array | float:
    """Mean over all elements that are received."""
    if len(rates) == 1:
        return rates[0]
    sizes = [signal.elements for signal in received]
    # divided last: rates of 1 have a mean of 1, and not a rounding more
    return sum(size * rate for size, rate in zip(sizes, rates, strict=True)) / sum(sizes)


def _widest(bits: Sequence[Array | float]) -> Array | float:
    widest = bits[0]
    for other in bits[1:]:
        widest = jnp.maximum(widest, other)
    return widest


def _mixed(signal: Signal, of_spikes: Array | float, of_numbers: Array | float) -> Array | float:
    if signal.spikes is None:
        return of_numbers
    return of_spikes if signal.numbers is None else signal.gate * of_spikes + (1 - signal.gate) * of_numbers


def _entry(values: Float[Array, "..."], index: int) -> Float[Array, ""]:
    return values if values.ndim == 0 else values[index]
