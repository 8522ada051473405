"""Wire resistance of one cell, from the process node and the cell's size.

Resistance per length, wire width and cell sizes are those of NeuroSim (DNN+NeuroSim V1.x, `Param.cpp` and its wire
resistivity): sizes are counted in widths of the metal wire, which is wider than the node's name. NeuroSim has them for 22 to 65 nm;
beyond, both go on as powers of the node with the outermost exponents, as in `technology.scaling.wire_factor`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.analog.checks import require_at_least, require_at_most
from codesign.technology.scaling import WIRE_RESISTANCE, WIRE_WIDTH_UM

_NODE_NM: Final = tuple(sorted(WIRE_WIDTH_UM))
# those of `technology.scaling`, whose wires go on alike
_SMALLEST_NM: Final = 7.0
_LARGEST_NM: Final = 130.0

# cell extent in wire widths: (along the word line, along the bit line)
CELLS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType({"crosspoint": (2.0, 2.0), "1T1R": (12.0, 4.0), "SRAM": (28.0, 10.0)})


def wire_resistance(node_nm: ArrayLike, cell: str) -> tuple[Array, Array]:
    """Resistance of one word-line and one bit-line segment [ohm], log-log between the tabulated nodes and beyond them.

    Args:
        node_nm: process node, 7 to 130 nm.
        cell: "crosspoint", "1T1R" or "SRAM".

    Raises:
        ValueError: unknown cell, or (outside `jit`) a node outside this range.
    """
    if cell not in CELLS:
        raise ValueError(f"cell {cell!r} is not one of {sorted(CELLS)}")
    require_at_least("node_nm", node_nm, _SMALLEST_NM)
    require_at_most("node_nm", node_nm, _LARGEST_NM)
    # per wire width of length, as cells are counted in wire widths
    per_width = jnp.log(jnp.asarray([WIRE_RESISTANCE[node] * WIRE_WIDTH_UM[node] for node in _NODE_NM]))
    node, nodes = jnp.log(jnp.asarray(node_nm, per_width.dtype)), jnp.log(jnp.asarray(_NODE_NM))
    ohm = jnp.exp(jnp.interp(node, nodes, per_width, left="extrapolate", right="extrapolate"))
    along_word, along_bit = CELLS[cell]
    return ohm * along_word, ohm * along_bit
