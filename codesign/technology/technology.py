"""Prices of actions: sourced constants and the memory of a node, as one pytree that every family asks."""

import difflib
from typing import Literal, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown
from codesign.shown.technologies import technology_sheet
from codesign.technology.quantity import Quantity
from codesign.technology.sram import Sram, mixture, sram

Basis = Literal["first_principles", "calibrated", "mixed"]


class Parts(NamedTuple):
    """What a technology is composed of, by name; see `codesign.technology.catalogue.compose`.

    Attributes:
        process: logic, wires and links.
        memory: cell of all memory on the chip.
        device: memory device of analog arrays.
        offchip: memory beside the chip.
        events: measured events of a many-core chip.
    """

    process: str
    memory: str
    device: str = "none"
    offchip: str = "none"
    events: str = "none"

    def __str__(self) -> str:
        """As in a config: `{process: cmos_28nm, memory: lop, offchip: lpddr4}`."""
        return "{" + ", ".join(f"{slot}: {name}" for slot, name in self._asdict().items() if name != "none") + "}"


class BasisError(ValueError):
    """Prices of different bases asked to be compared."""


class Technology(Shown, eqx.Module):
    """Named constants as float32 array leaves (so costs differentiate with respect to them), with their provenance beside.

    Attributes:
        name: for people.
        node_nm: process node [nm].
        supply_v: supply voltage [V].
        parts: what it is composed of; None for a bare set of constants (a published model's).
        basis: `first_principles` where every price is built from adders, memories and wires, `calibrated` where a chip's measured
            events stand for all of it, `mixed` where both were asked for.
        quantities: provenance of every constant (static).
        values: the constants by name.
        sram: memory on the chip; None for a bare set of constants.
    """

    name: str = eqx.field(static=True)
    node_nm: float = eqx.field(static=True)
    supply_v: float = eqx.field(static=True)
    parts: Parts | None = eqx.field(static=True)
    basis: Basis = eqx.field(static=True)
    quantities: tuple[Quantity, ...] = eqx.field(static=True)
    values: dict[str, Float[Array, ""]]
    sram: Sram | None

    @classmethod
    def of(
        cls,
        name: str,
        node_nm: float,
        supply_v: float,
        quantities: tuple[Quantity, ...],
        parts: Parts | None = None,
        basis: Basis = "first_principles",
    ) -> "Technology":
        """A technology from its quantities; with the memory that `parts` names.

        Raises:
            ValueError: an unknown memory cell, or a node that the memory table does not reach.
        """
        # float32 also where x64 is on: prices share the dtype of workloads
        values = {quantity.name: jnp.asarray(quantity.value, jnp.float32) for quantity in quantities}
        memory = None if parts is None else sram(parts.memory, node_nm)
        return cls(name, float(node_nm), float(supply_v), parts, basis, quantities, values, memory)

    def __getitem__(self, name: str) -> Float[Array, ""]:
        """A constant's value in its canonical unit.

        Raises:
            KeyError: unknown name; the message gives the nearest one.
        """
        if name not in self.values:
            # a cutoff of 0 always finds a nearest name, unless there are none
            near = difflib.get_close_matches(name, self.values, 1, 0)
            closed = self.parts is not None and self.parts.device == "none"
            hint = " (it names no device, which analog arrays need: rram, pcm or sram_8t)" if closed else ""
            raise KeyError(f"technology {self.name!r} has no {name!r}; nearest is {near[0] if near else None!r}{hint}")
        return self.values[name]

    def sheet(self) -> Sheet:
        """Node, parts, and how every constant is known; see `codesign.shown`."""
        parts = {} if self.parts is None else self.parts._asdict()
        return technology_sheet(self.name, self.node_nm, self.supply_v, self.basis, parts, self.quantities)

    @property
    def memory(self) -> Sram:
        """Memory on the chip.

        Raises:
            KeyError: a bare set of constants has none.
        """
        if self.sram is None:
            raise KeyError(f"technology {self.name!r} names no memory cell")
        return self.sram

    def quantity(self, name: str) -> Quantity:
        """Provenance of a constant.

        Raises:
            KeyError: unknown name; the message gives the nearest one.
        """
        self[name]  # the error for an unknown name
        return next(quantity for quantity in self.quantities if quantity.name == name)

    def with_memory(self, cells: tuple[str, ...], shares: Float[Array, " options"]) -> "Technology":
        """The same technology with a (soft) choice of memory cells; itself where none are named.

        Args:
            cells: `hp`, `lop`, `lstp`.
            shares: of each, summing to 1.
        """
        if not cells:
            return self
        chosen = mixture(tuple(sram(cell, self.node_nm) for cell in cells), shares)
        chosen = eqx.tree_at(lambda memory: memory.log_factors, chosen, self.memory.log_factors)
        return eqx.tree_at(lambda technology: technology.sram, self, chosen, is_leaf=lambda leaf: leaf is None)

    def require_first_principles(self, chip: str) -> None:
        """Refuse to price a chip that nobody calibrated with the events of one that was.

        Raises:
            BasisError: names both.
        """
        # static, so this is decided while tracing
        if self.basis == "calibrated":
            raise BasisError(
                f"technology {self.name!r} has the calibrated events of a many-core chip and {chip} is priced from first principles; "
                "say allow_mixed_basis to compare them all the same"
            )
