"""Gemmini under Timeloop's closed form as hardware: see `codesign.published.timeloop.model` for the model."""

import math
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float
from numpy.typing import NDArray

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.published.leaves import leaf
from codesign.published.shapes import weighted
from codesign.published.timeloop import model as timeloop
from codesign.published.timeloop.model import ACCUMULATOR, DRAM, REGISTERS, SCRATCHPAD, C, K, P, Q, R, S
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

COMPONENTS: Final = ("compute", *timeloop.LEVELS)
REGISTER_ROWS: Final = 64  # output columns that one weight serves before it is replaced


def dimensions(layer: LayerWork) -> NDArray[np.float64]:
    """Sizes (R, S, P, Q, C, K, N) of one group of a layer."""
    # width first: R goes with P, and both run along it
    kernel = (layer.kernel_width, layer.kernel_height)
    channels = (layer.channels_in // layer.groups, layer.channels_out // layer.groups)
    return np.asarray([*kernel, layer.width_out, layer.height_out, *channels, 1], float)


def _largest_divisor(size: float, limit: float) -> int:
    return max(d for d in range(1, int(size) + 1) if size % d == 0 and d <= max(limit, 1))


def default_mapping(layer: LayerWork, mesh: int, accumulator_kb: float, scratchpad_kb: float) -> timeloop.Mapping:
    """A legal weight-stationary mapping: channels on the mesh, then as much of R, S, P, Q, C, K on chip as the buffers hold."""
    dims = dimensions(layer)
    temporal, spatial = np.ones((4, 7)), np.ones((4, 7))
    # lanes along C add up into one accumulator, lanes along K share an input
    spatial[ACCUMULATOR, C] = _largest_divisor(dims[C], mesh)
    spatial[SCRATCHPAD, K] = _largest_divisor(dims[K], mesh)
    temporal[REGISTERS, P] = _largest_divisor(dims[P], REGISTER_ROWS)
    # greedy: the first dimensions get most of the buffers, the factor 1 always remains
    left = dims / (temporal * spatial).prod(0)
    for dimension in (R, S, P, Q, C, K):
        for factor in sorted((d for d in range(1, int(left[dimension]) + 1) if left[dimension] % d == 0), reverse=True):
            temporal[ACCUMULATOR, dimension] = factor
            if _fits(temporal, spatial, float(layer.stride), accumulator_kb, scratchpad_kb):
                break
    # the rest, so that factors multiply to the dimension exactly
    temporal[DRAM] = dims / (temporal[:DRAM] * spatial[:DRAM]).prod(0)
    # place of R S P Q C K N, 0 outermost: N K P Q R S C from the outside in
    order = np.tile(np.asarray([4, 5, 2, 3, 6, 1, 0]), (4, 1))
    return timeloop.Mapping(jnp.asarray(temporal, jnp.float32), jnp.asarray(spatial, jnp.float32), jnp.asarray(order))


def _fits(temporal: NDArray, spatial: NDArray, stride: float, accumulator_kb: float, scratchpad_kb: float) -> bool:
    tile = (temporal[:DRAM] * spatial[:DRAM]).prod(0)
    outputs = math.prod(tile[[P, Q, K]])
    weights = math.prod(tile[[R, S, C, K]])
    inputs = ((tile[P] - 1) * stride + tile[R]) * ((tile[Q] - 1) * stride + tile[S]) * tile[C]
    # as `buffers_needed_kb`, in numpy: a mapping is made before anything is traced
    return bool(4 * outputs <= 1024 * accumulator_kb and weights + inputs <= 1024 * scratchpad_kb)


class Gemmini(AbstractHardware):
    """An 8-bit systolic array with accumulator and scratchpad, by Timeloop. Constants are the model's own: `technology` is ignored.

    Multiply-accumulates only: spikes and sparsity do not matter, and T steps cost T times one pass. The model has no area. Groups
    run one after another.

    Attributes:
        mesh: rows and columns of the array.
        accumulator_kb, scratchpad_kb: sizes [KiB]; they set the energy of an access. That the mapping fits is up to its author:
            `timeloop.buffers_needed_kb`.
        clock_mhz: clock; the model counts cycles, 1 GHz is our assumption.
        mapping: factors of the layers with weights, stacked (`[layers, 4, 7]`); None stands for `default_mapping` of a 16x16 array
            with 32 KiB accumulator and 256 KiB scratchpad.
    """

    mesh: Float[Array, "..."] = eqx.field(default=16.0, converter=leaf)
    accumulator_kb: Float[Array, "..."] = eqx.field(default=32.0, converter=leaf)
    scratchpad_kb: Float[Array, "..."] = eqx.field(default=256.0, converter=leaf)
    clock_mhz: Float[Array, "..."] = eqx.field(default=1000.0, converter=leaf)
    mapping: timeloop.Mapping | None = None

    @classmethod
    def mapped(cls, workload: Workload, mesh: int, accumulator_kb: float, scratchpad_kb: float) -> "Gemmini":
        """A chip with the default mapping for its sizes."""
        sizes = (leaf(mesh), leaf(accumulator_kb), leaf(scratchpad_kb))
        return cls(*sizes, mapping=_stacked(workload, mesh, accumulator_kb, scratchpad_kb))

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention: both of its operands change, and the model keeps weights still."""
        return "Gemmini's mappings keep weights still" if layer.kind == "attention" else None

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference, layers one after another.

        Raises:
            ValueError: a mapping for another number of layers.
        """
        self.require(workload)
        dtype = workload.input_rate.dtype
        index = np.flatnonzero(weighted(workload))
        layers = [workload.layers[i] for i in index]
        # numbers and not the fields: those may be traced, and divisors need values
        mapping = _stacked(workload, 16, 32.0, 256.0) if self.mapping is None else self.mapping
        if len(mapping.temporal) != len(layers):
            raise ValueError(f"Gemmini: mapping has {len(mapping.temporal)} layers, the workload has {len(layers)} with weights")
        strides = jnp.asarray([float(layer.stride) for layer in layers], dtype)
        machine = timeloop.Machine(self.mesh, self.accumulator_kb, self.scratchpad_kb)

        def one(entry: timeloop.Mapping, stride: Array) -> tuple[Array, Array]:
            moved = timeloop.accesses(entry, timeloop.Window(stride, stride))
            return timeloop.energy_uj(moved, machine, hardness), timeloop.cycles(moved, entry, machine, hardness)

        energy_uj, cycles = jax.vmap(one)(mapping, strides)
        # the mapping is of one group
        repeats = workload.timesteps[index] * jnp.asarray([float(layer.groups) for layer in layers], dtype)
        macs = jnp.asarray([float(layer.macs) / layer.groups for layer in layers], dtype)
        energy, latency, busy = (jnp.zeros((len(workload), *shape), dtype) for shape in ((len(COMPONENTS),), (), ()))
        return Cost(
            layers=workload.names,
            components=COMPONENTS,
            energy_pj=energy.at[index].set(1e6 * repeats[:, None] * energy_uj),  # uJ to pJ
            latency_ns=latency.at[index].set(repeats * cycles * 1000 / self.clock_mhz),
            area_um2=jnp.zeros(len(COMPONENTS), dtype),
            utilisation=busy.at[index].set(jnp.minimum(macs / (cycles * self.mesh**2), 1)),
        )


def _stacked(workload: Workload, mesh: int, accumulator_kb: float, scratchpad_kb: float) -> timeloop.Mapping:
    layers = [layer for layer in workload if layer.has_weights]
    mappings = [default_mapping(layer, mesh, accumulator_kb, scratchpad_kb) for layer in layers]
    return jax.tree.map(lambda *parts: jnp.stack(parts), *mappings)
