"""On-chip memory by CACTI 7.0: energy, leakage, area and cycle time by capacity, for one process node and one kind of cell.

Between the tabulated sizes (powers of two) a monotone cubic in the logarithms of both, between the tabulated nodes a line in the logarithm
of the node. Below 22 nm energy and area go on as digital circuits do, at CACTI's supply of 22 nm; leakage and cycle time are held there.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.technology.scaling import area_factor, energy_factor
from codesign.technology.sram_table import QUANTITIES, WORD_BITS, tables

# name here -> CACTI's name of the transistors, what they are for
CELLS: Final[Mapping[str, str]] = MappingProxyType({"hp": "itrs-hp", "lop": "itrs-lop", "lstp": "itrs-lstp"})
CELL_USE: Final[Mapping[str, str]] = MappingProxyType(
    {"hp": "high performance, leaks most", "lop": "low operating power", "lstp": "low standby power, slowest"}
)
# leakage of logic per area [mW/um2]: off current of CACTI 7 at 320 K times its supply (tech_params) times the transistor width that
# NeuroSim's inverter has per area (0.193, 0.279, 0.367, 0.495 um/um2)
LOGIC_LEAKAGE: Final[Mapping[str, Mapping[float, float]]] = MappingProxyType(
    {
        "hp": {65.0: 5.66e-5, 45.0: 1.06e-4, 32.0: 5.25e-5, 22.0: 5.04e-5},
        # at 28 nm SATA's synthesised accumulate unit over its area: CACTI's own current jumps 14 times from 45 to 32 nm
        "lop": {65.0: 1.31e-6, 45.0: 1.21e-6, 28.0: 1.55e-6},
        "lstp": {65.0: 5.48e-9, 45.0: 8.03e-9, 32.0: 1.89e-8, 22.0: 3.84e-8},
    }
)
SMALLEST_KB: Final = 0.0625
"""Capacity below which memories are charged as this one [KB]; 64 bytes, a sixteenth of the table's smallest."""
FACTORS: Final = ("energy", "leakage", "area", "cycle", "logic_leakage")
"""What is uncertain about memories, each with one factor for all capacities."""
_FACTOR_OF: Final[Mapping[str, str]] = MappingProxyType({name: name for name in ("leakage", "area", "cycle")})  # all others are energies
_SMALLEST_NM: Final = 22.0
_SUPPLY_V: Final = 0.8  # CACTI's of high-performance transistors at 22 nm; only its ratio between nodes is used


class Sram(eqx.Module):
    """Prices of memories at one node with one kind of cell, and the leakage of logic made of the same transistors.

    Attributes:
        cell: `hp`, `lop`, `lstp`, or several names where a search weighs them.
        pieces: each quantity's natural logarithm from a capacity of 1, 2, 4, ... 2048 KB to the next, a cubic of log2 of the ratio: its
            power of 0 first.
        ends: slopes below 1 KB and above 4 MB.
        log_logic_leakage: natural logarithm of the leakage of logic [mW/um2].
        log_factors: what each of `FACTORS` is multiplied by, as a logarithm: 0 but in draws of uncertain prices and in their gradients.
    """

    cell: str = eqx.field(static=True)
    pieces: Float[Array, "quantities pieces 4"]
    ends: Float[Array, "quantities 2"]
    log_logic_leakage: Float[Array, ""]
    log_factors: Float[Array, " factors"]

    def logic_leakage_mw_per_um2(self) -> Float[Array, ""]:
        """Leakage of logic around the memories [mW/um2]."""
        return jnp.exp(self.log_logic_leakage + self.log_factors[FACTORS.index("logic_leakage")])

    def access_pj_per_bit(self, capacity_kb: ArrayLike) -> Float[Array, "..."]:
        """Energy to read or write a bit, the mean of both, in words of 64 bits [pJ]."""
        return self._at("access", capacity_kb)

    def read_pj(self, capacity_kb: ArrayLike, word_bits: ArrayLike) -> Float[Array, "..."]:
        """Energy to read a word [pJ]; a line in its width, through those of 32 and 64 bits."""
        return self._word("read", capacity_kb, word_bits)

    def write_pj(self, capacity_kb: ArrayLike, word_bits: ArrayLike) -> Float[Array, "..."]:
        """Energy to write a word [pJ], as `read_pj`."""
        return self._word("write", capacity_kb, word_bits)

    def leakage_mw(self, capacity_kb: ArrayLike) -> Float[Array, "..."]:
        """Leakage power of a memory [mW]; nothing for a memory of nothing."""
        return self._extensive("leakage", capacity_kb)

    def area_um2(self, capacity_kb: ArrayLike) -> Float[Array, "..."]:
        """Area of a memory [um2], as `leakage_mw`."""
        return self._extensive("area", capacity_kb)

    def cycle_ns(self, capacity_kb: ArrayLike, word_bits: ArrayLike = WORD_BITS[1]) -> Float[Array, "..."]:
        """Shortest time between two accesses [ns]; between words of 32 and 64 bits a line, beyond them held."""
        narrow, wide = (self._at(f"cycle_{bits}", capacity_kb) for bits in WORD_BITS)
        # CACTI organises the two widths differently: no trend to go on with
        share = jnp.clip((jnp.asarray(word_bits) - WORD_BITS[0]) / (WORD_BITS[1] - WORD_BITS[0]), 0, 1)
        return narrow + share * (wide - narrow)

    def _word(self, action: str, capacity_kb: ArrayLike, word_bits: ArrayLike) -> Array:
        narrow, wide = (self._at(f"{action}_{bits}", capacity_kb) for bits in WORD_BITS)
        per_bit = (wide - narrow) / (WORD_BITS[1] - WORD_BITS[0])
        # below 8 bits the line may end: some cells have words whose energy is nearly all in their bits
        return jnp.maximum(narrow + per_bit * (jnp.asarray(word_bits) - WORD_BITS[0]), narrow * jnp.asarray(word_bits) / WORD_BITS[0] / 2)

    def _extensive(self, name: str, capacity_kb: ArrayLike) -> Array:
        # per KB: smaller and larger memories than the table's are in proportion to its ends
        capacity = jnp.asarray(capacity_kb)
        inside = jnp.clip(capacity, 1, 2.0 ** self.pieces.shape[1])
        return capacity * self._at(name, inside)

    def _at(self, name: str, capacity_kb: ArrayLike) -> Array:
        row = QUANTITIES.index(name)
        pieces, ends = self.pieces[row], self.ends[row]
        place = jnp.log2(jnp.maximum(jnp.asarray(capacity_kb, pieces.dtype), SMALLEST_KB))
        inside = jnp.clip(place, 0, pieces.shape[0])
        left = jnp.minimum(inside.astype(jnp.int32), pieces.shape[0] - 1)
        # in bounds by the line above; a check of them would cost more than the look-up
        cubic, along = pieces.at[left].get(mode="promise_in_bounds"), inside - left
        log_value = cubic[..., 0] + along * (cubic[..., 1] + along * (cubic[..., 2] + along * cubic[..., 3]))
        outside = (place - inside) * jnp.where(place < 0, ends[0], ends[1])
        return jnp.exp(log_value + outside + self.log_factors[FACTORS.index(_FACTOR_OF.get(name.partition("_")[0], "energy"))])


def sram(cell: str, node_nm: float) -> Sram:
    """The memory of a process node.

    Args:
        cell: one of `CELLS`.
        node_nm: process node [nm], up to CACTI's 90.

    Raises:
        ValueError: an unknown cell, or a node above 90 nm.
    """
    if cell not in CELLS:
        raise ValueError(f"unknown memory cell {cell!r}; use one of {', '.join(CELLS)}")
    nodes, values, slopes = tables(CELLS[cell])
    if node_nm > nodes[-1]:
        raise ValueError(f"node {node_nm:g} nm lies above the memory table ({nodes[0]:g} to {nodes[-1]:g} nm)")
    points = LOGIC_LEAKAGE[cell]
    # held beyond its ends
    logic = np.interp(np.log(node_nm), np.log(sorted(points)), np.log([points[node] for node in sorted(points)]))
    pieces = _pieces(*_between(nodes, values, slopes, node_nm))
    return Sram(cell, *(jnp.asarray(part, jnp.float32) for part in (*pieces, logic, np.zeros(len(FACTORS)))))


def mixture(memories: tuple[Sram, ...], shares: Float[Array, " options"]) -> Sram:
    """One memory for a soft choice among several, exact where one share is 1.

    Mixed in logarithms: cells differ by four orders of magnitude in leakage, and a sum would follow the leakiest until the very end.
    """
    leaves = ("pieces", "ends", "log_logic_leakage", "log_factors")
    mixed = (sum(shares[i] * getattr(memory, name) for i, memory in enumerate(memories)) for name in leaves)
    return Sram("|".join(memory.cell for memory in memories), *(jnp.asarray(leaf) for leaf in mixed))


def _pieces(values: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hermite's cubics between values and slopes at whole numbers, and the slopes at the ends."""
    rise, left, right = np.diff(values, axis=1), slopes[:, :-1], slopes[:, 1:]
    ends = slopes[:, [0, -1]]
    # CACTI's cycle falls where it changes a memory's organisation: no trend to go on with beyond the table
    cycles = [QUANTITIES.index(f"cycle_{bits}") for bits in WORD_BITS]
    ends[cycles, 1] = np.maximum(ends[cycles, 1], 0)
    return np.stack([values[:, :-1], left, 3 * rise - 2 * left - right, left + right - 2 * rise], axis=2), ends


def _between(nodes: np.ndarray, values: np.ndarray, slopes: np.ndarray, node_nm: float) -> tuple[np.ndarray, np.ndarray]:
    inside = max(node_nm, _SMALLEST_NM)
    above = int(np.clip(np.searchsorted(nodes, inside), 1, len(nodes) - 1))
    share = np.log(inside / nodes[above - 1]) / np.log(nodes[above] / nodes[above - 1])
    value, slope = ((1 - share) * part[above - 1] + share * part[above] for part in (values, slopes))
    shrunk = {"leakage": 1.0, "cycle_32": 1.0, "cycle_64": 1.0, "area": area_factor(_SMALLEST_NM, node_nm) if node_nm < inside else 1.0}
    energy = energy_factor(_SMALLEST_NM, node_nm, _SUPPLY_V, _SUPPLY_V) if node_nm < inside else 1.0
    return value + np.log([[shrunk.get(name, energy)] for name in QUANTITIES]), slope
