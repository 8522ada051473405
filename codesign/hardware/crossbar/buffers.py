"""Where maps wait between layers: tile buffers first, the other tiles' next, a memory beside the chip last.

A tile buffers the lines of the input map that its rows need for one line of outputs, twice, so that one half fills while the other is
read. Windows that slide by less than their width keep what they share in the input registers, which shift (PUMA's input shuffling,
ASPLOS 2019). What a tile has no room for is fetched again from other tiles' buffers for every line of windows; maps that all buffers
together cannot hold are written to, and read from, the memory beside the chip. The network begins and ends there.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.crossbar.activity import Activity
from codesign.hardware.crossbar.mapping import Design, Mapping
from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.parts.memory import sram_pj_per_bit
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

_BITS_PER_KB = 8192


class Maps(NamedTuple):
    """Bits of maps that move in one inference, `[layers]` each.

    Attributes:
        arriving: over the network: the input map, again what the tiles could not keep, and a skip path's map.
        stored: written to tile buffers: by every tile that works on the map, and the last map.
        read: from tile buffers.
        shifted: moved from register to register.
        off_chip: to and from the memory beside the chip.
        overflow: bits alive in one step over what all buffers hold.
    """

    arriving: Array
    stored: Array
    read: Array
    shifted: Array
    off_chip: Array
    overflow: Array


def count_maps(design: Design, mapping: Mapping, work: Activity, workload: Workload, share: Array, hardness: ArrayLike) -> Maps:
    """Traffic of one inference; `share` says which layers are here (`AbstractPartialHardware.partial_cost`)."""
    steps, static = workload.timesteps, workload.static
    # a map of one step; an output is as wide and as dense as the next input, and nothing says how wide the last one is
    entering = work.input_bits / steps
    coded = entering / static("neurons_in")
    leaving = static("neurons_out") * jnp.concatenate([coded[1:], coded[-1:]])
    first, last = jnp.zeros_like(coded).at[0].set(1), jnp.zeros_like(coded).at[-1].set(1)
    skipped = static("residual_inputs") * coded * steps
    again = work.input_bits * jnp.maximum(static("kernel_height") / static("stride") - 1, 0) * _missing(design, mapping, workload, coded)
    # tiles with other columns of the same layer hold copies of its input; duplicates work on other positions
    holders = jnp.maximum(mapping.tiles / (mapping.copies * pieces(mapping.row_tiles, design.arrays_per_tile, hardness)), 1)
    capacity = jnp.sum(share * mapping.tiles * design.buffer_kb) / 2 * _BITS_PER_KB
    alive = entering + leaving
    beyond = jnp.maximum(alive - capacity, 0)
    return Maps(
        arriving=work.input_bits + again + skipped + last * leaving * steps,
        stored=work.input_bits * holders + again + last * leaving * steps,
        read=work.fetched_bits + again + skipped + last * leaving * steps,
        shifted=work.shifted_bits * mapping.column_tiles,
        off_chip=first * work.input_bits + last * leaving * steps + 2 * beyond * steps,
        overflow=jnp.max(share * alive) / jnp.maximum(capacity, 1),
    )


def _missing(design: Design, mapping: Mapping, workload: Workload, coded: Array) -> Float[Array, " layers"]:
    """Share of the lines that a tile needs and has no room for."""
    static = workload.static
    # a tile takes row tiles of the same columns first, so a small one needs a part of the channels only
    rows = jnp.minimum(design.arrays_per_tile / mapping.row_tiles, 1)
    lines = static("kernel_height") * static("width_in") * static("channels_in") * coded * rows
    return 1 - jnp.minimum(design.buffer_kb / 2 * _BITS_PER_KB / jnp.maximum(lines, 1), 1)


def buffers_pj(design: Design, maps: Maps, t: Technology) -> Array:
    """Tile buffers written and read, and registers that shift."""
    return (maps.stored + maps.read) * sram_pj_per_bit(design.buffer_kb, t) + maps.shifted * t["register_per_bit_pj"]


def off_chip_pj(maps: Maps, t: Technology) -> Array:
    """Memory beside the chip, with the background power of as much bandwidth as is used."""
    # mW over Gbit/s = pJ a bit
    return maps.off_chip * (t["offchip_pj_per_bit"] + t["offchip_background_mw_per_gbit_per_s"])
