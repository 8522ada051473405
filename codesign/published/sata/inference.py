"""SATA, inference: energy of a spiking (or conventional) network on a systolic array at 28 nm, as the tool's newer half computes it.

Model of Yin, Moitra, Bhattacharjee, Kim, Panda, "SATA", IEEE TCAD 2022 (arXiv 2204.05422), inference-energy-cal of the public tool
(RuokaiYin/SATA_Sim, commit d447058, read and run). Array R x C; a layer with window W_n = Kh Kw Cin, M filters, E output pixels:

    cycles = S T + Q,  S = fr fc (W_n + R + C - 2) - 1 - ((-M) mod C),  fr = ceil(E/R), fc = ceil(M/C)      (output stationary)
                       Q = (F - 1)(2 R + C + E - 2) + R - 1 - max(0, R - W_n),  F = ceil(W_n/R) fc         (filters, weight stationary)
    energy = P_gated ops / f + N cycles (P_ungated + P_leak) / f   per unit of the N = R C elements
           + e (bits/8) accesses of DRAM and buffers + P_leak cycles / f of buffers

Defects kept: the energy of a 32-byte access is charged per byte; one bank of two leaks; dynamic energy grows as 1/f; ReLU is charged
per MAC; one byte per element in the buffers whatever the precision; no membrane traffic; DRAM and buffer reads are not repeated for
every time step; cycles are those of an unpadded convolution while operations assume a padding of 1; sparsity reduces the gated power
only; layers that are neither convolutions nor fully connected vanish.
"""

import functools
from collections.abc import Sequence
from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.numerics import quotient, safe_divide, smooth_ceil
from codesign.published.leaves import leaf
from codesign.published.sata.dram import Geometry, ifmap_reads, ofmap_writes
from codesign.published.sata.kernels import DRAM_READ_NJ, UNITS, Element, Memory, multiplying_element, spiking_element, sram
from codesign.published.shapes import weighted
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

OPERANDS: Final = ("ifmap", "weight", "ofmap")
COMPONENTS: Final = (*UNITS, *(f"dram_{name}" for name in OPERANDS), *(f"glb_{name}" for name in OPERANDS))


class Shapes(NamedTuple):
    """Windows W_n, filters M and unpadded output pixels E of layers: `[layers]` each."""

    window: ArrayLike
    filters: ArrayLike
    pixels: ArrayLike


class Traffic(NamedTuple):
    """Words moved by operand (`OPERANDS`): `[..., 3]` each."""

    dram: Float[Array, "... 3"]
    buffer: Float[Array, "... 3"]


def output_stationary_stop(shapes: Shapes, rows: ArrayLike, columns: ArrayLike, hardness: ArrayLike = 1.0) -> Array:
    """Last cycle with an output of one time step, S."""
    columns = jnp.asarray(columns)
    stripes = smooth_ceil(quotient(shapes.filters, columns), hardness)
    folds = smooth_ceil(quotient(shapes.pixels, rows), hardness) * stripes
    # the last bracket is (-M) mod C: idle columns of the last stripe, which the stop does not wait for
    return folds * (shapes.window + rows + columns - 2) - 1 - (columns * stripes - shapes.filters)


def filter_cycles(shapes: Shapes, rows: ArrayLike, columns: ArrayLike, hardness: ArrayLike = 1.0) -> Array:
    """Cycles between the first and the last filter read, weight stationary, Q."""
    window = jnp.asarray(shapes.window)
    folds = smooth_ceil(quotient(window, rows), hardness) * smooth_ceil(quotient(shapes.filters, columns), hardness)
    return (folds - 1) * (2 * jnp.asarray(rows) + columns + shapes.pixels - 2) + rows - 1 - jnp.maximum(0, rows - window)


def buffer_words(shapes: Shapes, rows: ArrayLike, columns: ArrayLike, timesteps: ArrayLike, hardness: ArrayLike = 1.0) -> Array:
    """Words read from the input and weight buffers and written to the output buffer: `[layers, 3]`. Only writes repeat with T."""
    columns = jnp.asarray(columns)
    stripes = smooth_ceil(quotient(shapes.filters, columns), hardness)
    folds = smooth_ceil(quotient(shapes.pixels, rows), hardness) * stripes
    writes = timesteps * (shapes.pixels * jnp.asarray(shapes.filters) + folds * (rows + columns))
    # `0 * stripes`: the weights' words do not depend on the array, which may be mapped over
    return jnp.stack([stripes * shapes.pixels * shapes.window, jnp.asarray(shapes.window) * shapes.filters + 0 * stripes, writes], axis=-1)


def dense_operations(layer: Geometry, convolution: bool) -> tuple[int, int]:
    """Multiply-accumulates and neuron updates of one step, without sparsity; a convolution is padded by 1."""
    # the tool's rule goes by a layer's name; a fully connected one counts channels only
    if not convolution:
        return layer.channels_out * layer.channels_in, layer.channels_out
    # + 2: a padding of 1 on both sides, whatever the kernel
    rows = (layer.height + 2 - layer.kernel_height) // layer.stride + 1
    columns = (layer.width + 2 - layer.kernel_width) // layer.stride + 1
    updates = layer.channels_out * rows * columns
    return updates * layer.window, updates


def total_operations(operations: Sequence[tuple[int, int]], timesteps: int, sparsity: float) -> tuple[int, int]:
    """Operations of an inference as the tool counts them, both truncated to whole numbers once, after the sum.

    Args:
        operations: `dense_operations` of each layer.
        timesteps: T.
        sparsity: share of zero inputs, the same for all layers.
    """
    macs = updates = 0.0
    for layer_macs, layer_updates in operations:
        macs += layer_macs * timesteps * (1 - sparsity)
        updates += layer_updates * timesteps
    return int(macs), int(updates)


def compute_energy(
    element: Element, operations: Float[Array, "... 3"], cycles: Float[Array, "..."], elements: ArrayLike, clock_mhz: ArrayLike
) -> Float[Array, "... 3 3"]:
    """Energy of the array by unit (`UNITS`) and by part (operation, ungated, leakage) [nJ].

    Args:
        element: one processing element.
        operations: operations by unit; scratchpads count as many as the MAC unit.
        cycles: total cycles.
        elements: number of elements, R C.
        clock_mhz: clock.
    """
    # mW us = nJ
    cycle_us = 1 / jnp.asarray(clock_mhz)
    always = (jnp.asarray(cycles) * elements)[..., None]
    return cycle_us * jnp.stack([element.gated_mw * operations, element.ungated_mw * always, element.leak_mw * always], axis=-1)


def dram_energy(words: Float[Array, "... 3"], bits: Float[Array, "... 3"], access_nj: ArrayLike = DRAM_READ_NJ) -> Float[Array, "... 3"]:
    """DRAM energy by operand [nJ]: the access energy per byte; writes cost what reads do."""
    return jnp.asarray(access_nj) * (bits / 8) * words


def buffer_energy(
    words: Float[Array, "... 3"],
    bits: Float[Array, "... 3"],
    memories: tuple[Memory, Memory, Memory],
    cycles: Float[Array, "..."],
    clock_mhz: ArrayLike,
) -> Float[Array, "... 3 2"]:
    """Energy of the buffers by operand and by part (dynamic, leakage) [nJ]; inputs and weights are read, outputs written."""
    access = jnp.stack([jnp.asarray(memories[0].read_nj), jnp.asarray(memories[1].read_nj), jnp.asarray(memories[2].write_nj)])
    leak = jnp.stack([jnp.asarray(memory.leak_mw) for memory in memories])
    return jnp.stack([access * (bits / 8) * words, leak * (jnp.asarray(cycles) / clock_mhz)[..., None]], axis=-1)


def _dram_words(
    layers: tuple[Geometry, ...], rows: Array, columns: Array, ifmap_kb: Array, ofmap_kb: Array
) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
    """Replayed DRAM words of inputs and outputs, on the host; piecewise constant, so without gradient."""
    dtype = jnp.result_type(rows)

    def replay(*sizes: Array) -> tuple[np.ndarray, np.ndarray]:
        # relaxed sizes are rounded: a replay needs whole words
        r, c, ifmap, ofmap = (max(1, round(float(size))) for size in sizes)
        reads = [ifmap_reads(layer, r, c, ifmap) for layer in layers]
        writes = [ofmap_writes(layer, r, c, ofmap) for layer in layers]
        return np.asarray(reads, dtype), np.asarray(writes, dtype)

    shape = jax.ShapeDtypeStruct((len(layers),), dtype)
    # a callback has no derivative: without this, differentiating the cost would fail
    sizes = (jax.lax.stop_gradient(size) for size in (rows, columns, 1024 * ifmap_kb, 1024 * ofmap_kb))
    return jax.pure_callback(replay, (shape, shape), *sizes, vmap_method="sequential")


@functools.cache
def geometry(layer: LayerWork) -> Geometry:
    """A layer as the tool is told of it: the unpadded map, a fully connected layer as 1x1."""
    # pooling comes this way too; `cost` takes it out
    if layer.kind != "conv":
        return Geometry(1, 1, 1, 1, layer.channels_in, layer.channels_out, 1)
    kernel = (layer.kernel_height, layer.kernel_width)
    return Geometry(layer.height_in, layer.width_in, *kernel, layer.channels_in, layer.channels_out, layer.stride)


class SataInference(AbstractHardware):
    """SATA's array and its conventional counterpart. Its constants are its own (28 nm): `technology` is ignored.

    A layer with `spiking` 1 runs on AND-accumulate elements with LIF units and T one-bit inputs packed into a word; a layer with 0 on
    multiplying elements with ReLU; between, the energies mix, and the chip has both kinds of elements. The tool truncates the total
    number of operations to a whole number; here, where rates are per layer, it is kept as it is.

    Attributes:
        rows, columns: the array, R and C.
        weight_kb, ifmap_kb, ofmap_kb: buffer sizes [KiB].
        clock_mhz: clock [MHz].
        mac_bits: width of the AND gates, multipliers and adders.
    """

    rows: Float[Array, "..."] = eqx.field(default=16.0, converter=leaf)
    columns: Float[Array, "..."] = eqx.field(default=8.0, converter=leaf)
    weight_kb: Float[Array, "..."] = eqx.field(default=144.0, converter=leaf)
    ifmap_kb: Float[Array, "..."] = eqx.field(default=32.0, converter=leaf)
    ofmap_kb: Float[Array, "..."] = eqx.field(default=32.0, converter=leaf)
    clock_mhz: Float[Array, "..."] = eqx.field(default=400.0, converter=leaf)
    mac_bits: Float[Array, "..."] = eqx.field(default=8.0, converter=leaf)

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention, grouped convolutions, and kernels larger than the unpadded map: the tool has no such layers."""
        if layer.kind == "attention":
            return "SATA counts convolutions and fully connected layers only"
        if layer.has_weights and layer.groups > 1:
            return "SATA has no grouped convolutions"
        if layer.kind == "conv" and (layer.kernel_height > layer.height_in or layer.kernel_width > layer.width_in):
            return "its cycle stage (SCALE-Sim) does not pad, and the kernel is larger than the map"
        return None

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference, layers one after another; the DRAM counts of inputs and outputs carry no gradient."""
        self.require(workload)
        dtype = workload.input_rate.dtype
        counted = jnp.asarray(weighted(workload), dtype)[:, None]
        layers = tuple(geometry(layer) for layer in workload)
        shapes = Shapes(*(jnp.asarray(column, dtype) for column in np.asarray([(g.window, g.channels_out, g.pixels) for g in layers]).T))
        size = (self.rows, self.columns)
        reads, writes = _dram_words(layers, *size, self.ifmap_kb, self.ofmap_kb)
        weights = jnp.asarray(shapes.window) * shapes.filters
        traffic = Traffic(
            counted * jnp.stack([reads.astype(dtype), weights, writes.astype(dtype)], -1),
            counted * buffer_words(shapes, *size, workload.timesteps, hardness),
        )
        stop = output_stationary_stop(shapes, *size, hardness)
        cycles = counted[:, 0] * (stop * workload.timesteps + filter_cycles(shapes, *size, hardness))
        operations = np.asarray([dense_operations(geometry(layer), layer.kind == "conv") for layer in workload])
        macs, updates = (jnp.asarray(column, dtype) * counted[:, 0] * workload.timesteps for column in operations.T)
        # defect: zeros save gated power and no cycle
        active = macs * workload.input_rate
        steps, payload, one = workload.timesteps, workload.activation_bits, jnp.ones_like(workload.timesteps)
        spikes = self._energy(
            spiking_element(self.mac_bits),
            jnp.stack([active, updates, active], -1),
            # T spikes are one word, so reads are not repeated; one bit goes out
            jnp.stack([payload * steps, workload.weight_bits, one], -1),
            traffic,
            cycles,
        )
        values = self._energy(
            multiplying_element(self.mac_bits),
            jnp.stack([active, active, active], -1),  # defect: ReLU is charged per MAC
            jnp.stack([payload, workload.weight_bits, payload], -1),
            traffic,
            cycles,
        )
        share = workload.spiking[:, None]
        # padding counts in operations and not in cycles, so this may exceed 1
        busy = macs / jnp.maximum(self.rows * self.columns * cycles, 1)
        return Cost(
            layers=workload.names,
            components=COMPONENTS,
            energy_pj=1000 * (share * spikes + (1 - share) * values),  # nJ to pJ
            latency_ns=cycles * 1000 / self.clock_mhz,
            area_um2=self._area(workload.spiking, counted[:, 0]),
            utilisation=jnp.minimum(safe_divide(busy, counted[:, 0]), 1),
        )

    def _energy(
        self, element: Element, operations: Array, bits: Array, traffic: Traffic, cycles: Array
    ) -> Float[Array, "layers components"]:
        """Energy by layer and component [nJ]."""
        compute = compute_energy(element, operations, cycles, self.rows * self.columns, self.clock_mhz).sum(-1)
        memories = (sram(self.ifmap_kb), sram(self.weight_kb), sram(self.ofmap_kb))
        buffers = buffer_energy(traffic.buffer, bits, memories, cycles, self.clock_mhz).sum(-1)
        return jnp.concatenate([compute, dram_energy(traffic.dram, bits), buffers], axis=-1)

    def _area(self, spiking: Array, counted: Array) -> Float[Array, " components"]:
        """Elements of each kind in use; the tool gives no area for memories."""
        kinds = (
            (spiking_element(self.mac_bits), jnp.max(counted * spiking)),
            (multiplying_element(self.mac_bits), jnp.max(counted * (1 - spiking))),
        )
        units = self.rows * self.columns * sum(element.area_um2 * used for element, used in kinds)
        return jnp.concatenate([units, jnp.zeros(len(COMPONENTS) - len(UNITS), units.dtype)])
