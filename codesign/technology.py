"""Prices of actions: every number carries its unit, node, bits and source, and the loader refuses one that does not."""

import difflib
import math
import tomllib
from pathlib import Path
from typing import Any, Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

_FOLDER: Final = Path(__file__).parent / "technologies"
_REQUIRED: Final = ("value", "unit", "node_nm", "bits", "source")


class Quantity(NamedTuple):
    """A sourced constant. `node_nm` and `bits` are 0 where the quantity does not depend on them."""

    name: str
    value: float
    unit: str
    node_nm: float
    bits: float
    source: str


class TechnologyError(ValueError):
    """A technology file that cannot be used; the message names file and key."""


class Technology(eqx.Module):
    """Named constants as float32 array leaves (so costs differentiate with respect to them), with their provenance beside.

    Attributes:
        name: for people.
        node_nm: process node [nm].
        supply_v: supply voltage [V].
        quantities: provenance of every constant (static).
        values: the constants by name.
    """

    name: str = eqx.field(static=True)
    node_nm: float = eqx.field(static=True)
    supply_v: float = eqx.field(static=True)
    quantities: tuple[Quantity, ...] = eqx.field(static=True)
    values: dict[str, Float[Array, ""]]

    @classmethod
    def of(cls, name: str, node_nm: float, supply_v: float, quantities: tuple[Quantity, ...]) -> "Technology":
        """A technology from its quantities."""
        values = {quantity.name: jnp.asarray(quantity.value, jnp.float32) for quantity in quantities}
        return cls(name, float(node_nm), float(supply_v), quantities, values)

    def __getitem__(self, name: str) -> Float[Array, ""]:
        """A constant's value in its canonical unit.

        Raises:
            KeyError: unknown name; the message gives the nearest one.
        """
        if name not in self.values:
            near = difflib.get_close_matches(name, self.values, 1, 0)
            raise KeyError(f"technology {self.name!r} has no {name!r}; nearest is {near[0] if near else None!r}")
        return self.values[name]

    def quantity(self, name: str) -> Quantity:
        """Provenance of a constant.

        Raises:
            KeyError: unknown name; the message gives the nearest one.
        """
        self[name]  # the error for an unknown name
        return next(quantity for quantity in self.quantities if quantity.name == name)


def read(path: Path) -> Technology:
    """A technology from a TOML file.

    The file has `name`, `node_nm`, `supply_v` and tables `[quantities.NAME]` with `value`, `unit`, `node_nm`, `bits`, `source`.

    Raises:
        TechnologyError: unreadable file, missing key, value that is not a finite number, or empty source; names file and key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TechnologyError(f"{path}: {error}") from error
    for key in ("name", "node_nm", "supply_v", "quantities"):
        if key not in document:
            raise TechnologyError(f"{path}: missing key {key!r}")
    quantities = tuple(_quantity(path, name, entry) for name, entry in document["quantities"].items())
    return Technology.of(document["name"], document["node_nm"], document["supply_v"], quantities)


def _quantity(path: Path, name: str, entry: dict[str, Any]) -> Quantity:
    where = f"{path}: quantities.{name}"
    if not isinstance(entry, dict):
        raise TechnologyError(f"{where}: expected a table with {', '.join(_REQUIRED)}")
    for key in _REQUIRED:
        if key not in entry:
            raise TechnologyError(f"{where}: missing {key!r}")
    for key in ("value", "node_nm", "bits"):
        if isinstance(entry[key], bool) or not isinstance(entry[key], int | float) or not math.isfinite(entry[key]):
            raise TechnologyError(f"{where}: {key} must be a finite number, got {entry[key]!r}")
    for key in ("unit", "source"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise TechnologyError(f"{where}: {key} must be a non-empty text, got {entry[key]!r}")
    unknown = set(entry) - set(_REQUIRED) - {"note"}
    if unknown:
        raise TechnologyError(f"{where}: unknown key {sorted(unknown)[0]!r}")
    return Quantity(name, float(entry["value"]), entry["unit"], float(entry["node_nm"]), float(entry["bits"]), entry["source"])


def available() -> list[str]:
    """Names that `load` knows."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load(name: str) -> Technology:
    """A shipped technology by name, or the user's own by path to a `.toml` file.

    Raises:
        TechnologyError: unknown name (the message gives the nearest), or a bad file.
    """
    if name.endswith(".toml"):
        return read(Path(name))
    path = _FOLDER / f"{name}.toml"
    if not path.exists():
        near = difflib.get_close_matches(name, available(), 1, 0)
        raise TechnologyError(f"unknown technology {name!r} (did you mean {near[0] if near else 'a path to a .toml file'!r}?)")
    return read(path)
