"""Circuits of the SATA inference tool at 28 nm: power, leakage and area of the parts of a processing element, and its CACTI memories.

Source: the tables of RuokaiYin/SATA_Sim (commit d447058), inference-energy-cal: synthesis results by width (28 nm, 400 MHz), and
CACTI 7 run by its memory stage. Between tabulated widths and sizes the values are interpolated on logarithmic scales (ours; the tool
has the tabulated ones only).
"""

from typing import Final, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float
from numpy.typing import NDArray

from codesign.numerics import straight_through

WIDTHS: Final = (2, 4, 8, 16, 32)
# by width: dynamic power [mW], leakage [uW], area [um2]
KERNELS: Final = {
    "register": (
        (0.003191, 0.00637, 0.01249, 0.02511, 0.04975),
        (0.00542, 0.0102, 0.0201, 0.0402, 0.0802),
        (9.24, 17.47, 34.27, 68.04, 135.07),
    ),
    "adder": (
        (0.00247, 0.00873, 0.01689, 0.0367, 0.0758),
        (0.00307, 0.0086, 0.017, 0.035, 0.0708),
        (4.704, 13.776, 22.176, 45.024, 90.72),
    ),
    "and": (
        (0.000597, 0.001181, 0.00235, 0.00474, 0.00949),
        (0.0012, 0.00241, 0.00481, 0.00962, 0.0192),
        (1.68, 3.36, 6.72, 13.44, 26.88),
    ),
    "comparator": (
        (0.001323, 0.00364, 0.00908, 0.01955, 0.0425),
        (0.00156, 0.00398, 0.00876, 0.0182, 0.0371),
        (2.856, 7.056, 15.456, 32.424, 66.36),
    ),
    "multiplier": (
        (0.001551, 0.01218, 0.0821, 0.511, 2.786),
        (0.00196, 0.0129, 0.0613, 0.279, 1.166),
        (3.528, 23.016, 101.472, 441.504, 1797.264),
    ),
}

# CACTI 7, 28 nm, 32-byte access: size [kB], read and write energy per access [nJ], leakage of one bank [mW]
CACTI: Final = (
    (4, 0.00478182, 0.00526987, 1.18099),
    (8, 0.00665794, 0.00703328, 1.81265),
    (16, 0.00813069, 0.00896176, 3.29585),
    (32, 0.0110295, 0.012772, 6.25862),
    (64, 0.0164977, 0.0161184, 10.9411),
    (72, 0.0174811, 0.0170693, 12.2542),
    (144, 0.0286315, 0.0282197, 24.9086),
    (288, 0.038504, 0.0333277, 45.5658),
)
DRAM_READ_NJ: Final = 0.468762

UNITS: Final = ("mac", "activation", "scratchpad")


class Element(NamedTuple):
    """One processing element by unit (`UNITS`): `[3]` each.

    Attributes:
        gated_mw: power that is spent per operation only.
        ungated_mw: power that is spent every cycle.
        leak_mw: leakage.
        area_um2: silicon.
    """

    gated_mw: Float[Array, " units"]
    ungated_mw: Float[Array, " units"]
    leak_mw: Float[Array, " units"]
    area_um2: Float[Array, " units"]


_SCALE: Final = np.asarray([1, 1e-3, 1])  # leakage is tabulated in uW


def _kernel(name: str, width_bits: int) -> NDArray[np.float64]:
    """Dynamic power [mW], leakage [mW] and area [um2] of a circuit of a tabulated width."""
    return np.asarray(KERNELS[name])[:, WIDTHS.index(width_bits)] * _SCALE


def _scaled_kernel(name: str, width_bits: ArrayLike) -> Float[Array, "3"]:
    """The same for any width between the tabulated ones."""
    # powers and areas go as a power of the width, roughly: straight lines in logarithms
    table = np.log(np.asarray(KERNELS[name]))
    # held at the ends: nothing was synthesised beyond
    width = jnp.log(jnp.clip(jnp.asarray(width_bits), WIDTHS[0], WIDTHS[-1]))
    at = jnp.log(jnp.asarray(WIDTHS, width.dtype))
    # cast: tables are float64 and would lift float32 widths where x64 is on
    return jnp.asarray(_SCALE, width.dtype) * jnp.exp(jnp.stack([jnp.interp(width, at, row.astype(width.dtype)) for row in table]))


def _registers(count_bytes: int) -> NDArray[np.float64]:
    return count_bytes * _kernel("register", 8)


def _element(units: list[tuple[ArrayLike, ArrayLike]]) -> Element:
    gated, ungated = (jnp.stack([jnp.asarray(unit[i]) for unit in units]) for i in (0, 1))
    # leaks and takes area whether gated or not
    leak, area_um2 = (gated + ungated)[:, 1], (gated + ungated)[:, 2]
    # mm2 to six decimals are whole um2
    return Element(_rounded(gated[:, 0], 6), _rounded(ungated[:, 0], 6), _rounded(leak, 6), _rounded(area_um2, 0))


def _rounded(value: Array, decimals: int) -> Array:
    """The tool keeps six decimals of mW and mm2."""
    # widths keep the slope that rounding would take from them
    return straight_through(jnp.round(value, decimals), value)


def spiking_element(width_bits: ArrayLike) -> Element:
    """AND gate and adder of the given width, 16-bit accumulator; LIF unit; 9 B spike, 9 B weight and 8 B partial-sum scratchpads."""
    mac = (_kernel("register", 16), _scaled_kernel("and", width_bits) + _scaled_kernel("adder", width_bits))
    lif = (_kernel("register", 4) + _kernel("register", 8), _kernel("comparator", 16) + _kernel("adder", 16))
    # 9 B of weights are gated; 9 B of spikes and 8 B of partial sums are not
    return _element([mac, lif, (_registers(9), _registers(9 + 8))])


def multiplying_element(width_bits: ArrayLike) -> Element:
    """The tool's Eyeriss-like element: multiplier and adder of the given width, ReLU; 72, 288 and 64 B scratchpads."""
    waiting = _scaled_kernel("adder", width_bits) + 2 * _kernel("register", 8) + _kernel("register", 16)
    mac = (_scaled_kernel("multiplier", width_bits) + _kernel("register", 16), waiting)
    relu = (np.zeros(3), _kernel("comparator", 16))
    return _element([mac, relu, (_registers(288), _registers(72 + 64))])


class Memory(NamedTuple):
    """An SRAM: energy per access [nJ], leakage of one bank [mW]."""

    read_nj: ArrayLike
    write_nj: ArrayLike
    leak_mw: ArrayLike


def sram(size_kb: ArrayLike) -> Memory:
    """CACTI's SRAM of a size, interpolated in logarithms between the sizes that the tool ran; held at the ends."""
    table = np.log(np.asarray(CACTI))
    size = jnp.log(jnp.asarray(size_kb))
    return Memory(*(jnp.exp(jnp.interp(size, table[:, 0].astype(size.dtype), column.astype(size.dtype))) for column in table.T[1:]))
