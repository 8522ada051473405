"""How layers lie on crossbars: bit slices, tiles, copies, and the vector reads that follow."""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.crossbar.columns import AbstractColumns
from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.parts.interconnect import AbstractInterconnect
from codesign.numerics import quotient, smooth_ceil
from codesign.workloads.workload import Workload


class Design(NamedTuple):
    """The parameters of a crossbar, each a scalar or one value per layer; see `codesign.hardware.crossbar.crossbar.Crossbar`."""

    rows: Array
    columns: Array
    adc_bits: Array
    columns_per_adc: Array
    cell_bits: Array
    programming_sigma: Array
    clock_mhz: Array
    refresh_s: Array
    driver_bits: Array
    arrays_per_tile: Array
    buffer_kb: Array
    bus_bits: Array
    duplication: Array
    channels_per_neuron: Array
    adder_lanes: Array
    encoding: AbstractColumns
    interconnect: AbstractInterconnect
    inferences_per_s: float
    adc_noise: Array | None = None


class Mapping(NamedTuple):
    """How each layer lies on the arrays, `[layers]` each; counts are 0 where a layer stores no weights.

    Attributes:
        weighted: 1 for layers with stored weights.
        columns_per_output: columns that one output takes.
        output_columns: columns of one group of the layer.
        row_tiles, column_tiles: arrays that one group is cut into.
        blocks: groups that share an array, on its diagonal.
        copies: duplicates that work on different positions.
        arrays, tiles: in all.
        used_cells: cells that hold a weight slice.
        active_rows: rows of a tile that a group uses.
        digits: reads per input vector, most significant driver digits first.
        vectors: vector reads of one group in one inference, over all steps, positions and digits.
    """

    weighted: Array
    columns_per_output: Array
    output_columns: Array
    row_tiles: Array
    column_tiles: Array
    blocks: Array
    copies: Array
    arrays: Array
    tiles: Array
    used_cells: Array
    active_rows: Array
    digits: Array
    vectors: Array


def map_layers(design: Design, workload: Workload, hardness: ArrayLike) -> Mapping:
    """Place every layer; `hardness` as in `AbstractHardware.cost`."""
    weighted, fan_in = workload.static("has_weights"), workload.static("fan_in")
    groups, positions = workload.static("groups"), workload.static("positions")
    outputs = workload.static("channels_out") / groups
    slices = pieces(design.encoding.stored_bits(workload.weight_bits), design.cell_bits, hardness)
    per_output = slices * design.encoding.columns_per_slice
    columns = outputs * per_output
    row_tiles = pieces(fan_in, design.rows, hardness)
    # slices of an output may lie on two arrays: columns are cut, not outputs
    column_tiles = pieces(columns, design.columns, hardness)
    blocks, bands = _pack(design, workload, columns, hardness)
    # a copy beyond the positions would have none to work on
    copies = jnp.clip(design.duplication, 1, positions)
    if bands is None:
        group_arrays = row_tiles * column_tiles
    else:
        # 1 where groups are smaller than an array; larger groups have bands of several arrays
        band_rows = pieces(fan_in * blocks, design.rows, hardness)
        group_arrays = bands * band_rows * pieces(columns * blocks, design.columns, hardness)
    arrays = weighted * group_arrays * copies
    digits = pieces(workload.activation_bits, design.driver_bits, hardness)
    return Mapping(
        weighted=weighted,
        columns_per_output=per_output,
        output_columns=columns,
        row_tiles=row_tiles,
        column_tiles=column_tiles,
        blocks=blocks,
        copies=copies,
        arrays=arrays,
        tiles=weighted * pieces(arrays, design.arrays_per_tile, hardness),
        used_cells=weighted * fan_in * columns * groups * copies,
        active_rows=fan_in / row_tiles,  # evenly over the tiles: the last, shorter one is not treated apart
        digits=digits,
        vectors=weighted * workload.timesteps * positions * digits,  # digits follow each other on the same rows
    )


def _pack(design: Design, workload: Workload, columns: Array, hardness: ArrayLike) -> tuple[Array, Float[Array, " layers"] | None]:
    """Groups that share an array, and the arrays (or bands of them) all groups take; None without grouped layers.

    Groups share no inputs, so several lie on the diagonal of one array, as many as fit along both sides.
    """
    groups = workload.static("groups")
    # the general form gives the same here; most networks have no groups and a smaller program without it
    if all(layer.groups == 1 or not layer.has_weights for layer in workload):
        return jnp.ones_like(groups), None
    fit = jnp.minimum(quotient(design.rows, workload.static("fan_in")), quotient(design.columns, columns))
    # a smooth floor: a block that fits in part does not fit
    blocks = -smooth_ceil(-jnp.clip(fit, 1, groups), hardness)
    return blocks, pieces(groups, blocks, hardness)
