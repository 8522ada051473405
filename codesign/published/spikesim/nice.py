"""SpikeSim NICE: what wires, finite off-resistance and read-out do to a convolution on crossbars, as the tool computes it.

Model of the non-ideality engine of SpikeSim (arXiv 2210.12899; public tool, commit c2627bc, read and run). Each column of an array
holds, for one output channel and one kernel position, a group of X input channels; unused rows are padded with zero weights. A stored
weight u is `q` or, where q < 0, `q + 2^offset_bits`; the cell of u conducts the sum over its bits of 2^i / R0 (bit set) or 1 / R_off
(bit clear). Inactive rows are grounded. A bit line is a ladder: node i joins its cell and, through a wire segment r, the next node;
the last node reaches the virtual ground through one more segment:

    G_i (V_i - U_i) + (U_{i-1} - 2 U_i + U_{i+1}) / r = 0,   U_n = 0,   I = U_{n-1} / r      (no U_{-1} term at row 0)

Read-out: y = (2^adc_bits - 1) / I_fs * sum I - 2^offset_bits conv(spikes, [q < 0]).

Defects kept: r is 0 and there is no device variation in the tool as released; nothing rounds or clips, so the ADC adds no error; the
full-scale current belongs to R0 = 19.139 kohm and does not follow another R0 (a gain error).

The ladder is solved by elimination from the far end: seen from node i, the rows above are a conductance Y in parallel with the cell,
and a segment turns Y into Y / (1 + r Y). Every current is thus linear in the row voltages, with an effective conductance per cell; all
terms are positive, so the solution is exact in float32 as well and has no singularity at r = 0.
"""

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

BASE_RESISTANCE_OHM: Final = 19139.0
OFF_RESISTANCE_OHM: Final = 1e8  # per clear bit
OFF_RESISTANCE_BINARY_OHM: Final = 2e5  # of the single bit of 1-bit weights
READ_VOLTAGE_V: Final = 0.1
FULL_SCALE_A: Final = {4: 7.837400073149083e-05, 8: 1.3323580124351578e-03}


class Electrics(NamedTuple):
    """Electrical constants of an array; `off_resistance_ohm` is per clear bit, `wire_resistance_ohm` per segment."""

    base_resistance_ohm: ArrayLike
    off_resistance_ohm: ArrayLike
    wire_resistance_ohm: ArrayLike
    read_voltage_v: ArrayLike
    full_scale_a: ArrayLike
    adc_bits: ArrayLike


def quantise(weight: Float[Array, "..."], bits: int) -> Float[Array, "..."]:
    """Integer weights from real ones in [-1, 1]: q = round(w' 2^(b-1)), w' the value on the grid of 2^b levels."""
    # an even number of levels has none at 0: at 4 bits a weight of 0 becomes 1, and one of 1 becomes 8, as in the tool
    levels = 2**bits - 1
    grid = 2 * (jnp.round((weight + 1) / 2 * levels) / levels - 0.5)
    return jnp.round(grid * 2 ** (bits - 1))


def stored(weight: Float[Array, "..."], offset_bits: int) -> Float[Array, "..."]:
    """The unsigned value in the array: q, or q + 2^offset_bits where q is negative."""
    return jnp.where(weight < 0, weight + 2**offset_bits, weight)


def cell_conductance(value: Float[Array, "..."], bits: int, electrics: Electrics) -> Float[Array, "..."]:
    """Conductance of a cell that stores `value` in `bits` bits [S]."""
    powers = 2.0 ** jnp.arange(bits)
    # values are floats: bits by division, no shifts
    is_set = jnp.floor(value[..., None] / powers) % 2
    on, off = powers / jnp.asarray(electrics.base_resistance_ohm), 1 / jnp.asarray(electrics.off_resistance_ohm)
    return jnp.sum(jnp.where(is_set == 1, on, off), axis=-1)


def effective_conductance(conductance: Float[Array, "... rows"], wire_resistance_ohm: ArrayLike) -> Float[Array, "... rows"]:
    """Output current of a bit line per volt on each row [S]: the ladder solved for all inputs at once.

    Row 0 is the far end; the last row is next to the virtual ground.
    """
    resistance = jnp.asarray(wire_resistance_ohm, conductance.dtype)
    rows = jnp.moveaxis(conductance, -1, 0)

    def towards_ground(above: Array, cell: Array) -> tuple[Array, Array]:
        here = above + cell
        passed = 1 / (1 + resistance * here)
        return here * passed, passed

    _, passed = jax.lax.scan(towards_ground, jnp.zeros_like(rows[0]), rows)
    # a current passes its own segment and all after it: products from the ground backwards
    reach = jnp.cumprod(passed[::-1], axis=0)[::-1]
    return jnp.moveaxis(jnp.asarray(rows * reach), 0, -1)


def _grouped(weight: Float[Array, "out in kh kw"], rows: int) -> Float[Array, "out kh kw groups rows"]:
    channels = weight.shape[1]
    groups = -(-channels // rows)
    # padded cells are off, not absent: with wires they load the line
    padded = jnp.pad(weight, ((0, 0), (0, groups * rows - channels), (0, 0), (0, 0)))
    split = padded.reshape(weight.shape[0], groups, rows, *weight.shape[2:])
    # rows last: the ladder is solved along the last axis
    return jnp.transpose(split, (0, 3, 4, 1, 2))


def layer_conductance(value: Float[Array, "out in kh kw"], rows: int, bits: int, electrics: Electrics) -> Float[Array, "out in kh kw"]:
    """Effective conductance of every stored weight of a layer, cut into columns of `rows` input channels [S]."""
    columns = cell_conductance(_grouped(value, rows), bits, electrics)
    solved = effective_conductance(columns, electrics.wire_resistance_ohm)
    out, height, width, groups, _ = solved.shape
    joined = jnp.transpose(solved, (0, 3, 4, 1, 2)).reshape(out, groups * rows, height, width)
    return joined[:, : value.shape[1]]


def _convolve(spikes: Array, kernel: Array, stride: int, padding: int) -> Array:
    batch = spikes[None] if spikes.ndim == 3 else spikes
    # an accelerator would round the factors by default (bfloat16, TF32), and codes would be off
    result = jax.lax.conv_general_dilated(
        batch, kernel.astype(batch.dtype), (stride, stride), ((padding, padding), (padding, padding)), precision="highest"
    )
    return result[0] if spikes.ndim == 3 else result


def column_codes(
    spikes: Float[Array, "*batch in h w"],
    value: Float[Array, "out in kh kw"],
    rows: int,
    bits: int,
    electrics: Electrics,
    stride: int = 1,
    padding: int = 1,
) -> Float[Array, "*batch out ho wo"]:
    """Read-outs of all columns of an output summed [LSB], before the offset of negative weights is taken away."""
    conductance = layer_conductance(value, rows, bits, electrics)
    current_share = conductance * (electrics.read_voltage_v / jnp.asarray(electrics.full_scale_a))
    return (jnp.exp2(electrics.adc_bits) - 1) * _convolve(spikes, current_share, stride, padding)


def layer_output(
    spikes: Float[Array, "*batch in h w"],
    weight: Float[Array, "out in kh kw"],
    rows: int,
    bits: int,
    electrics: Electrics,
    offset_bits: int,
    stride: int = 1,
    padding: int = 1,
) -> Float[Array, "*batch out ho wo"]:
    """The layer's output as the tool reads it [LSB].

    Args:
        spikes: 0 or 1 per input.
        weight: integer weights q.
        rows: rows of an array, X.
        bits: weight bits.
        electrics: see `Electrics`.
        offset_bits: negative weights are stored as q + 2^offset_bits; `bits - 1` by default of the tool's mapping.
        stride: of the convolution, the same in both directions.
        padding: zeros around the map.
    """
    codes = column_codes(spikes, stored(weight, offset_bits), rows, bits, electrics, stride, padding)
    negative = _convolve(spikes, (weight < 0).astype(spikes.dtype), stride, padding)
    return jnp.asarray(codes - 2**offset_bits * negative)
