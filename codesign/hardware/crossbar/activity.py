"""What happens on crossbars in one inference: actions counted from mapping and measured activity, before any price."""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.crossbar.mapping import Design, Mapping
from codesign.hardware.parts.activity import MOST
from codesign.numerics import safe_divide, smooth_minimum
from codesign.workloads.workload import Workload


class Activity(NamedTuple):
    """Action counts of one inference, `[layers]` each.

    Attributes:
        conversions: converted columns or column pairs; columns of tiles without an active row are skipped.
        row_drives: rows driven, each over the whole width of an array.
        cell_reads: used cells under a driven row.
        idle_cell_reads: cells of other groups under a driven row; they hold no weight.
        input_bits: the coded input map, all steps: the smaller of a bitmap and address events.
        fetched_bits: the same after unfolding into vectors, less what a window shares with the one before it.
        shifted_bits: what it shares.
        additions, products: digital operations of pooling and attention.
    """

    conversions: Array
    row_drives: Array
    cell_reads: Array
    idle_cell_reads: Array
    input_bits: Array
    fetched_bits: Array
    shifted_bits: Array
    additions: Array
    products: Array


def digit_density(bits: ArrayLike, digit_bits: ArrayLike) -> Float[Array, "..."]:
    """Share of non-zero `digit_bits`-bit digits in a non-zero number uniform over its `bits` bits.

    `2^b (1 - 2^-d) / (2^b - 1)`: 1 for a binary spike, 2/3 for 2 bits sent bit by bit, 1/2 for many.
    """
    # a digit wider than its number is never all zeros, where the expression exceeds 1
    levels = 2 ** jnp.asarray(bits)
    return jnp.minimum(levels * (1 - 2.0 ** -jnp.asarray(digit_bits)) / (levels - 1), 1)


def idle_probability(active_share: ArrayLike, rows: ArrayLike) -> Float[Array, "..."]:
    """Probability `(1 - share)^rows` that no row is driven when rows are independent; at share 1 to 1e-6, with finite gradients."""
    # as in `share_with_any`: log1p(-1) is -inf, with a slope to match
    return jnp.exp(jnp.asarray(rows) * jnp.log1p(-jnp.clip(active_share, 0, MOST)))


def count(design: Design, mapping: Mapping, workload: Workload, hardness: ArrayLike) -> Activity:
    """Actions of one inference."""
    rate, bits, steps = jnp.clip(workload.input_rate, 0, 1), workload.activation_bits, workload.timesteps
    groups, fan_in = workload.static("groups"), workload.static("fan_in")
    # over whole digits: a number that fills its last one only partly is sent in full
    row_share = rate * digit_density(mapping.digits * design.driver_bits, design.driver_bits)
    # a row tile without a driven row is converted nowhere; column tiles share its rows and so its fate
    busy_tiles = mapping.row_tiles * (1 - idle_probability(row_share, mapping.active_rows))
    read_columns = mapping.vectors * groups * mapping.output_columns
    driven = mapping.vectors * groups * fan_in * row_share
    cells = driven * mapping.output_columns

    neurons_in = workload.static("neurons_in")
    # bits of one element: a bitmap has all of them, events bring payload and address of the non-zero ones
    coded = smooth_minimum(bits, rate * (bits + jnp.log2(neurons_in + 1)), hardness)
    unfolded = steps * workload.static("positions") * fan_in * groups
    # columns of a window that the one before it did not have; a line's first window is not treated apart
    fresh = jnp.minimum(workload.static("stride") / workload.static("kernel_width"), 1)
    is_pool = jnp.asarray([layer.kind == "pool" for layer in workload], rate.dtype)
    is_attention = jnp.asarray([layer.kind == "attention" for layer in workload], rate.dtype)
    # one operand streams and is skipped at zeros; the other is taken as dense
    products = is_attention * workload.static("macs") * steps * rate
    return Activity(
        conversions=read_columns * busy_tiles * design.encoding.conversions_per_column,
        row_drives=driven * mapping.column_tiles,  # each column tile has row wires of its own
        cell_reads=cells,
        idle_cell_reads=cells * (mapping.blocks - 1),  # a row crosses all groups
        input_bits=steps * neurons_in * coded,
        fetched_bits=unfolded * coded * fresh,
        shifted_bits=unfolded * coded * (1 - fresh),
        additions=is_pool * unfolded * rate + products,
        products=products,
    )


def fetched_per_read(mapping: Mapping, work: Activity, workload: Workload) -> Float[Array, " layers"]:
    """Bits that one array receives for one input vector."""
    vectors = workload.timesteps * workload.static("positions") * workload.static("groups") * mapping.row_tiles
    return safe_divide(work.fetched_bits, vectors)
