"""How many bits a systolic array moves between its scratchpads, buffers and the memory off the chip.

Input and weight buffer are double: one half is filled (with the next layer's map, the next weights) while the other is read, so that half
of their capacity holds what a layer works on. The output buffer, which gathers sums and states in place, is single.
"""

from typing import Final, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.parts.neuron import kept_words, moved_words
from codesign.hardware.systolic.dataflow import AbstractDataflow, Bits, Pass
from codesign.hardware.systolic.products import Products
from codesign.workloads.workload import Workload

KB_BITS: Final = 8192
"""Bits of a kilobyte."""


class Memories(NamedTuple):
    """Capacities [kB] as they are built; the scratchpad is that of one processing element."""

    scratchpad_kb: Float[Array, ""]
    input_buffer_kb: Float[Array, ""]
    weight_buffer_kb: Float[Array, ""]
    output_buffer_kb: Float[Array, ""]


class Traffic(NamedTuple):
    """Bits moved in one inference, per layer, at the ports of each memory; `entering` are the operands that the array takes in."""

    scratchpads: Float[Array, " layers"]
    input_buffer: Float[Array, " layers"]
    weight_buffer: Float[Array, " layers"]
    output_buffer: Float[Array, " layers"]
    off_chip: Float[Array, " layers"]
    entering: Float[Array, " layers"]


def count_traffic(
    memories: Memories,
    dataflow: AbstractDataflow,
    workload: Workload,
    shape: Products,
    passes: Pass,
    hardness: ArrayLike,
    closed: bool,
) -> Traffic:
    """Bits at the ports of the memories; what does not fit a buffer is moved from and to the memory off the chip instead.

    Args:
        memories: capacities.
        dataflow: what stays in the array.
        workload: what runs.
        shape: its matrix products.
        passes: one step of them on the array.
        hardness: see `AbstractHardware.cost`.
        closed: nothing is beside the chip: it holds all weights, and only the network's first map and its answers cross its border.
    """
    bits = operand_bits(workload)
    half_input, half_weight = memories.input_buffer_kb / 2, memories.weight_buffer_kb / 2
    timesteps, static = workload.timesteps, workload.static
    together = dataflow.together(shape, timesteps)
    batches = timesteps / together
    words = kept_words(workload)
    # room for at least one word: what keeps nothing needs no share of anything
    held = bits._replace(state=bits.state * jnp.maximum(words, 1))
    weights_kept, membranes_kept = dataflow.kept(shape, passes, held, memories.scratchpad_kb * KB_BITS)
    stored = static("has_weights")

    def total(per_product: Array) -> Array:
        return jnp.sum(shape.repeats * per_product, axis=0)

    # operands; the second one of attention is new in every step
    weight_rounds = jnp.where(stored > 0, 1 + (batches - 1) * (1 - weights_kept), timesteps)
    weight_rounds = weight_rounds * _position_tiles(memories.output_buffer_kb, passes, bits, together, hardness)
    weight_bits = total(shape.fan_in * shape.outputs * passes.weight_passes) * bits.weight * weight_rounds
    input_bits = (total(shape.positions * shape.fan_in * passes.input_passes) + pooled_elements(workload)) * bits.activation * timesteps
    # results
    sums = 2 * total(shape.positions * shape.outputs * passes.partial_rounds) * bits.partial_sum * timesteps
    # written after every batch but the last, read before all but the first
    state_bits = has_neurons(workload) * static("neurons_out") * bits.state
    states_moved = state_bits * moved_words(workload, batches) * (1 - membranes_kept)
    states_spilled = _missing(memories.output_buffer_kb, state_bits * words)
    map_in, map_out = map_bits(workload)
    shortcut = static("residual_inputs") * bits.activation * timesteps
    first, last = _ends(workload)
    # the network begins and ends off the chip; between layers only what does not fit goes there
    inputs_missing, outputs_missing = _missing(half_input, map_in + shortcut), _missing(half_input, map_out)
    loaded = map_in * (first + (1 - first) * inputs_missing)
    # a map that fits is loaded once and passes from the buffer; one that does not is loaded for every pass
    again = map_in * _missing(half_input, map_in / timesteps * together) * (jnp.max(passes.input_passes, 0) - 1)
    stored_out = map_out * (last + (1 - last) * outputs_missing)
    # weights from off the chip: once, and again in every round as far as they do not fit
    whole = static("weights") * bits.weight
    # first row: only attention has a second product, and it stores no weights
    rounds = weight_rounds * passes.weight_passes[0]
    weights_loaded = whole * (1 + jnp.maximum(rounds - 1, 0) * _missing(half_weight, whole))
    # a skip path waits where there is room, and is stored and loaded otherwise
    spilled = states_moved * states_spilled + 2 * shortcut * inputs_missing
    if closed:
        weights_loaded, again, spilled = jnp.zeros_like(whole), jnp.zeros_like(again), jnp.zeros_like(spilled)
        loaded, stored_out = map_in * first, map_out * last
    return Traffic(
        scratchpads=total(dataflow.stationary_bits(shape, bits, timesteps)),
        input_buffer=input_bits + map_in + again + 2 * shortcut,
        weight_buffer=weight_bits + weights_loaded,
        # a finished map is written, and read once on its way to the next layer's inputs
        # and as wide as a state whenever somebody asks whether it is certain
        output_buffer=sums + states_moved + 2 * map_out + workload.exit_checks * static("neurons_out") * bits.state,
        off_chip=loaded + again + stored_out + weights_loaded + spilled,
        entering=input_bits + weight_bits,
    )


def map_bits(workload: Workload) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
    """Bits of each layer's map in, as far as it is used, and of its map out, both held for all timesteps."""
    map_in = inputs_used(workload) * workload.activation_bits * workload.timesteps
    # layers form a chain: an output is as wide as the next input. Nothing says how wide the last one is
    width_out = jnp.concatenate([workload.activation_bits[1:], workload.activation_bits[-1:]])
    return map_in, workload.static("neurons_out") * width_out * workload.timesteps


def operand_bits(workload: Workload) -> Bits:
    """Operand widths: weights (activations again in attention), activations, states; a sum of K products grows by log2 K bits."""
    second = jnp.where(_is("attention", workload), workload.activation_bits, workload.weight_bits)
    growth = jnp.log2(jnp.maximum(workload.static("fan_in"), 1))
    # -1: a binary activation adds no bit to a weight
    return Bits(second, workload.activation_bits, second + workload.activation_bits - 1 + growth, workload.state_bits)


def second_density(workload: Workload) -> Float[Array, " layers"]:
    """Non-zero share of the second operand: weights, or activations again in attention."""
    return jnp.where(_is("attention", workload), workload.input_rate, workload.weight_density)


def is_pool(workload: Workload) -> np.ndarray:
    """Mask of the pooling layers."""
    return _is("pool", workload)


def has_neurons(workload: Workload) -> Float[Array, " layers"]:
    """1 for layers whose outputs are neurons or activations, 0 for pooling."""
    return jnp.asarray(~is_pool(workload), workload.input_rate.dtype)


def inputs_used(workload: Workload) -> Float[Array, " layers"]:
    """Elements of the input map that some window covers: a stride beyond the kernel leaves gaps, which are not loaded."""

    def covered(size_in: int, size_out: int, kernel: int, stride: int) -> int:
        # padding is not an input
        return min((size_out - 1) * min(kernel, stride) + kernel, size_in)

    used = [
        layer.channels_in
        * covered(layer.height_in, layer.height_out, layer.kernel_height, layer.stride)
        * covered(layer.width_in, layer.width_out, layer.kernel_width, layer.stride)
        for layer in workload
    ]
    return jnp.asarray(np.asarray(used, float), workload.input_rate.dtype)


def pooled_elements(workload: Workload) -> Float[Array, " layers"]:
    """Elements that pooling windows visit in one step."""
    return (1 - has_neurons(workload)) * workload.static("neurons_out") * workload.static("fan_in")


def _is(kind: str, workload: Workload) -> np.ndarray:
    return np.asarray([layer.kind == kind for layer in workload])


def _position_tiles(output_buffer_kb: Array, passes: Pass, bits: Bits, together: Array, hardness: ArrayLike) -> Float[Array, " layers"]:
    """Parts that the output map is cut into so that its unfinished sums fit the output buffer; each reads all weights again."""
    alive = jnp.max(passes.partial_sums, 0) * bits.partial_sum * together
    # sums that finish in one fold never wait; grows over the first extra round instead of jumping
    unfinished = jnp.minimum(jnp.max(passes.partial_rounds, 0), 1)
    return 1 + (pieces(alive, output_buffer_kb * KB_BITS, hardness) - 1) * unfinished


def _missing(capacity_kb: Array, needed_bits: Array) -> Float[Array, " layers"]:
    """Share that does not fit."""
    # nothing needed is nothing missing: 0 bits must not be divided by
    return 1 - jnp.minimum(capacity_kb * KB_BITS / jnp.maximum(needed_bits, 1), 1)


def _ends(workload: Workload) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
    """Masks of the first and the last layer."""
    mask = jnp.zeros(len(workload), workload.input_rate.dtype)
    return mask.at[0].set(1), mask.at[-1].set(1)
