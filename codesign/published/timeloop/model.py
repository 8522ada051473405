"""Timeloop on Gemmini, in closed form: cycles and energy of one layer under a mapping, differentiable in the mapping factors.

The analytical model behind DOSA (Hong et al., MICRO 2023), which reproduces Timeloop's labels for Gemmini mappings
(ucb-bar/dosa, data/timeloop_dataset, commit a7a3239; BSD-2-Clause). Levels, inner to outer: 0 registers (weights), 1 accumulator
(outputs), 2 scratchpad (weights, inputs), 3 DRAM (all). A mapping gives every dimension (R, S kernel; P, Q output; C, K channels in and
out; N batch) a temporal and a spatial factor at every level and every level an order of loops.

    cycles = ceil max( MACs / lanes, register / 1e4, accumulator / (2 x accumulators), scratchpad / (2 x mesh), dram / 8 )
    energy = 0.5608 MACs + 0.4875 register + (0.1005 kB / mesh + 1.95) accumulator + (0.02513 kB + 0.487) scratchpad + 100 dram   [pJ]

with accesses by loop-nest reuse: a tile is fetched again for every outer loop that is relevant to it and for irrelevant loops outside the
innermost relevant one. Two behaviours of Timeloop were found here from its labels, and are kept:
- the sliding window of the inputs saves its overlap only in steps that move the tile exactly as the innermost loop does, where a step
  starts from the *second* iteration of the loops inside it;
- DRAM moves each tensor in whole bursts of 64 words.
The coefficients were fitted to the labels; to the printed digits they are the published ones (0.5608, 0.48746, 0.1005, 1.94, 0.02513,
0.49, 100).

Everything is continuous and differentiable in the factors: whether a loop exists is `clip(factor - 1, 0, 1)`, exact at whole factors.
`hardness` anneals the maximum and the rounding. Factors below 1 are illegal: `dram_factors` shows where they occur.
"""

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from codesign.numerics import smooth_maximum

DIMENSIONS: Final = ("R", "S", "P", "Q", "C", "K", "N")
R, S, P, Q, C, K, N = range(7)
LEVELS: Final = ("registers", "accumulator", "scratchpad", "dram")
REGISTERS, ACCUMULATOR, SCRATCHPAD, DRAM = range(4)
_RELEVANT: Final = {
    name: np.isin(np.arange(7), list(dims)) for name, dims in {"W": (R, S, C, K), "O": (P, Q, K, N), "I": (R, S, P, Q, C, N)}.items()
}

# pJ; least squares on the 45,754 labels, residual 4e-6 in the mean
MAC_PJ: Final = 0.5608
REGISTER_PJ: Final = 0.487462
ACCUMULATOR_PJ_PER_KB: Final = 0.1005025  # times the mesh
ACCUMULATOR_PJ: Final = 1.949749
SCRATCHPAD_PJ_PER_KB: Final = 0.0251256
SCRATCHPAD_PJ: Final = 0.487437
DRAM_PJ: Final = 100.0
# words per cycle
REGISTER_BANDWIDTH: Final = 1e4
PORTS: Final = 2.0
DRAM_BANDWIDTH: Final = 8.0
BURST_WORDS: Final = 64.0


class Mapping(NamedTuple):
    """A layer on the machine.

    Attributes:
        temporal: loop factors.
        spatial: lanes.
        order: position of a dimension's loop within its level, 0 outermost.
    """

    temporal: Float[Array, "4 7"]
    spatial: Float[Array, "4 7"]
    order: Int[Array, "4 7"]


class Window(NamedTuple):
    """Strides and dilations of the input window; width goes with P and R, height with Q and S."""

    stride_width: ArrayLike = 1.0
    stride_height: ArrayLike = 1.0
    dilation_width: ArrayLike = 1.0
    dilation_height: ArrayLike = 1.0


class Machine(NamedTuple):
    """Gemmini.

    Attributes:
        mesh: rows and columns of the array.
        accumulator_kb: size of the accumulator, all banks [KiB].
        scratchpad_kb: size of the scratchpad [KiB].
    """

    mesh: ArrayLike
    accumulator_kb: ArrayLike
    scratchpad_kb: ArrayLike


class Accesses(NamedTuple):
    """Words moved: multiply-accumulates, accesses of the three memories, and of DRAM by stream (weights, inputs, outputs, partials)."""

    macs: Float[Array, ""]
    registers: Float[Array, ""]
    accumulator: Float[Array, ""]
    scratchpad: Float[Array, ""]
    dram: Float[Array, " 4"]


class _Loops(NamedTuple):
    """The temporal loops from a level upwards: factor, dimension (one-hot), how far one iteration moves it; `inside[i, j]`: j in i."""

    factor: Float[Array, " loops"]
    dimension: Float[Array, "loops 7"]
    step: Float[Array, " loops"]
    inside: Float[Array, "loops loops"]


def dram_factors(dims: Float[Array, " 7"], temporal: Float[Array, "3 7"], spatial: Float[Array, "4 7"]) -> Float[Array, "4 7"]:
    """Temporal factors with the outermost level filled in so that every dimension's factors multiply to its size.

    A result below 1 at level 3 means that the inner factors exceed the dimension: an illegal mapping, to be masked or penalised.
    """
    inner = temporal[0] * temporal[1] * temporal[2] * spatial[0] * spatial[1] * spatial[2] * spatial[3]
    return jnp.concatenate([temporal, (dims / inner)[None]])


@jax.custom_jvp
def _product(positive: Float[Array, "... n"]) -> Float[Array, "..."]:
    """Product along the last axis of positive numbers; the derivative of the general product compiles to much more."""
    return jnp.prod(positive, axis=-1)


@_product.defjvp
def _product_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    product = _product(primals[0])
    return product, product * jnp.sum(tangents[0] / primals[0], axis=-1)


def _volume(sizes: Float[Array, "... 4"]) -> Float[Array, "..."]:
    return sizes[..., 0] * sizes[..., 1] * sizes[..., 2] * sizes[..., 3]


def _extent(mapping: Mapping, level: int) -> Float[Array, " 7"]:
    """Size of a tile held at `level` in every dimension, all lanes of the machine together."""
    # written out: the derivative of a product over an axis is a larger program
    extent = mapping.spatial[0] * mapping.spatial[1] * mapping.spatial[2] * mapping.spatial[3]
    for held in range(level + 1):
        extent = extent * mapping.temporal[held]
    return extent


def _loops(mapping: Mapping, lowest: int) -> _Loops:
    # lanes of a level move inside its own temporal loops, so they count into their step
    held = [mapping.spatial[0]]
    for level in range(1, 4):
        held.append(held[-1] * mapping.temporal[level - 1] * mapping.spatial[level])
    factor, step = mapping.temporal[lowest:].ravel(), jnp.stack(held)[lowest:].ravel()
    dimension = jnp.tile(jnp.eye(7, dtype=factor.dtype), (4 - lowest, 1))
    # levels above lie further out: 7 places each
    place = (mapping.order[lowest:] + 7 * (DRAM - jnp.arange(lowest, 4))[:, None]).ravel()
    # loops of equal place are ordered as listed, so that one of two is always the inner one
    tie = jnp.arange(len(place))
    deeper = (place[None] > place[:, None]) | ((place[None] == place[:, None]) & (tie[None] > tie[:, None]))
    return _Loops(factor, dimension, step, deeper.astype(factor.dtype))


def _exists(factor: Array) -> Array:
    # a loop of one iteration is none; in between a share, so that factors have a slope
    return jnp.clip(factor - 1, 0, 1)


def _none_inside(loops: _Loops, active: Array) -> Array:
    """1 for loops without an active loop inside, 0 for loops with one; falls linearly between."""
    return jnp.maximum(1 - loops.inside @ active, 0)


def _fetches(mapping: Mapping, tensor: str, holder: int) -> Array:
    """How often a tile of W or O at level `holder` is exchanged with the level above."""
    loops = _loops(mapping, holder + 1)
    relevant = loops.dimension @ jnp.asarray(_RELEVANT[tensor], loops.factor.dtype)
    repeats = jnp.maximum(relevant, 1 - _none_inside(loops, relevant * _exists(loops.factor)))
    return _product(1 + repeats * (loops.factor - 1))


def _relevant_product(sizes: Float[Array, " 7"], tensor: str) -> Array:
    return _product(jnp.where(_RELEVANT[tensor], sizes, 1))


def _tile(mapping: Mapping, tensor: str, holder: int) -> Array:
    return _relevant_product(_extent(mapping, holder), tensor)


def _input_axes(window: Window, dtype: jnp.dtype) -> Float[Array, "7 4"]:
    """How far the input tile moves along width, height, channel and batch when a dimension advances by one."""
    # strides may be numbers or arrays: all entries take one dtype
    zero = jnp.zeros((), dtype)
    rows = {R: (window.dilation_width, 0, 0, 0), S: (0, window.dilation_height, 0, 0), P: (window.stride_width, 0, 0, 0)}
    rows |= {Q: (0, window.stride_height, 0, 0), C: (0, 0, 1, 0), K: (0, 0, 0, 0), N: (0, 0, 0, 1)}
    return jnp.stack([jnp.stack([zero + entry for entry in rows[d]]) for d in range(7)])


def _input_words(mapping: Mapping, window: Window) -> Array:
    """Words of the inputs fetched from DRAM, with the overlap of sliding windows that Timeloop sees."""
    axes = _input_axes(window, mapping.temporal.dtype)
    size = 1 + (_extent(mapping, SCRATCHPAD) - 1) @ axes
    loops = _loops(mapping, DRAM)
    move = loops.step[:, None] * (loops.dimension @ axes)
    exists = _exists(loops.factor)
    innermost = exists * _none_inside(loops, exists)
    # first quirk: a step starts with the loops inside it in their second iteration, not in their last
    shift = move - loops.inside @ (exists[:, None] * move)
    # 1 for equal moves and 0 for others, which differ by 1 at least in whole words
    as_innermost = _volume(jnp.maximum(1 - jnp.abs(shift - innermost @ move), 0))
    kept = as_innermost * _volume(jnp.maximum(size - jnp.abs(shift), 0))
    # transposed: the loops that have this one inside
    outside = _product(jnp.where(loops.inside.T > 0, loops.factor, 1))
    volume = _volume(size)
    return volume + jnp.sum((loops.factor - 1) * outside * (volume - kept))


def _rounding(value: Array, hardness: ArrayLike) -> Array:
    """What rounding up adds, in the share `hardness` and without gradient: between whole numbers it is noise."""
    return jnp.asarray(hardness) * jax.lax.stop_gradient(jnp.ceil(value) - value)


def accesses(mapping: Mapping, window: Window) -> Accesses:
    """Words moved by one layer."""
    sizes = _extent(mapping, DRAM)
    lanes = mapping.spatial[0] * mapping.spatial[1] * mapping.spatial[2] * mapping.spatial[3]
    macs = _product(sizes)
    weights = _tile(mapping, "W", SCRATCHPAD) * _fetches(mapping, "W", SCRATCHPAD)
    to_registers = _tile(mapping, "W", REGISTERS) * _fetches(mapping, "W", REGISTERS)
    inputs = _input_words(mapping, window)
    outputs = _tile(mapping, "O", ACCUMULATOR) * _fetches(mapping, "O", ACCUMULATOR)
    # what goes out and is not yet final comes back
    partials = outputs - _relevant_product(sizes, "O")
    # lanes on the same output add up before the accumulator
    updates = macs / (_product(lanes) / _relevant_product(lanes, "O"))
    # lanes on the same input share one read
    reads = macs / (_product(lanes) / _relevant_product(lanes, "I"))
    return Accesses(
        macs,
        macs + to_registers,
        # every update reads and writes, but the first of each fetch does not read; the drain reads that much; partial sums come back
        2 * updates + partials,
        weights + inputs + to_registers + reads,
        jnp.stack([weights, inputs, outputs, partials]),
    )


def cycles(moved: Accesses, mapping: Mapping, machine: Machine, hardness: ArrayLike = 1.0) -> Float[Array, ""]:
    """Latency of the layer [cycles]: the slowest of compute and the four memories."""
    bounds = (
        moved.macs / _product(mapping.spatial.ravel()),
        moved.registers / REGISTER_BANDWIDTH,
        moved.accumulator / (PORTS * _product(mapping.spatial[SCRATCHPAD])),  # one accumulator a K lane
        moved.scratchpad / (PORTS * jnp.asarray(machine.mesh)),
        jnp.sum(moved.dram) / DRAM_BANDWIDTH,
    )
    slowest = bounds[0]
    # nested p-norms of one p: the order does not matter
    for bound in bounds[1:]:
        slowest = smooth_maximum(slowest, bound, hardness)
    return slowest + _rounding(jnp.max(jnp.stack(bounds)), hardness)


def energy_uj(moved: Accesses, machine: Machine, hardness: ArrayLike = 1.0) -> Float[Array, " 5"]:
    """Energy by compute, registers, accumulator, scratchpad and DRAM [uJ]."""
    accumulator_pj = ACCUMULATOR_PJ_PER_KB * jnp.asarray(machine.accumulator_kb) / machine.mesh + ACCUMULATOR_PJ
    scratchpad_pj = SCRATCHPAD_PJ_PER_KB * jnp.asarray(machine.scratchpad_kb) + SCRATCHPAD_PJ
    # second quirk, and per tensor: rounding the sum would count fewer bursts
    bursts = moved.dram / BURST_WORDS
    dram = BURST_WORDS * jnp.sum(bursts + _rounding(bursts, hardness))
    parts = (
        MAC_PJ * moved.macs,
        REGISTER_PJ * moved.registers,
        accumulator_pj * moved.accumulator,
        scratchpad_pj * moved.scratchpad,
        DRAM_PJ * dram,
    )
    return 1e-6 * jnp.stack(parts)


def evaluate(mapping: Mapping, window: Window, machine: Machine, hardness: ArrayLike = 1.0) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Cycles and energy [uJ] of one layer; map it over layers or designs with `jax.vmap`."""
    moved = accesses(mapping, window)
    return cycles(moved, mapping, machine, hardness), jnp.sum(energy_uj(moved, machine, hardness))


def buffers_needed_kb(mapping: Mapping, window: Window) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Accumulator (4 bytes a word) and scratchpad (1 byte) that the mapping's tiles fill [KiB]."""
    axes = _input_axes(window, mapping.temporal.dtype)
    inputs = _volume(1 + (_extent(mapping, SCRATCHPAD) - 1) @ axes)
    return 4 * _tile(mapping, "O", ACCUMULATOR) / 1024, (_tile(mapping, "W", SCRATCHPAD) + inputs) / 1024


evaluate_many = jax.jit(jax.vmap(evaluate, in_axes=(0, 0, 0, None)))
"""`evaluate`, compiled, over a first axis of problems, mappings and design points."""
