"""Prices of actions: every number carries its unit, node, bits and source, and the loader refuses one that does not.

A shipped file holds one family (`digital`, `rram`, `pcm`, ...) with each constant at the node where it was measured. `load("rram_28nm")`
takes every constant that declares how it scales to 28 nm and that node's supply; its source then says so. A file may `include` a shipped
family and add to it or replace constants.
"""

import difflib
import math
import re
import tomllib
from pathlib import Path
from typing import Any, Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.technology.scaling import area_factor, check_node, energy_factor, wire_factor

_FOLDER: Final = Path(__file__).parents[1] / "technologies"
_REQUIRED: Final = ("value", "unit", "node_nm", "bits", "source")
_OPTIONAL: Final = ("note", "scaling", "supply_v")
_SCALINGS: Final = ("none", "energy", "area", "wire")
_NODE_NAME: Final = re.compile(r"(?P<family>\w+)_(?P<node>\d+(\.\d+)?)nm")


class Quantity(NamedTuple):
    """A sourced constant. `node_nm` and `bits` are 0 where the quantity does not depend on them.

    `scaling` says how it goes to another node, by `scaling.py`: `none` (a device, a capacitance per length), `energy` or `area`
    (digital circuits), `wire` (a resistance per length); `supply_v` is the supply it was measured at, 0 where that is the technology's own.
    """

    name: str
    value: float
    unit: str
    node_nm: float
    bits: float
    source: str
    scaling: str = "none"
    supply_v: float = 0.0

    def at(self, node_nm: float, supply_v: float) -> "Quantity":
        """This constant at another node and supply, with the scaling written into its source."""
        # a supply of 0 is the technology's own: then only the node changes
        from_v = self.supply_v or supply_v
        if self.scaling == "none" or (self.node_nm == node_nm and from_v == supply_v):
            return self
        if self.scaling == "energy":
            factor = energy_factor(self.node_nm, node_nm, from_v, supply_v)
            how = f"{self.node_nm:g} to {node_nm:g} nm, {from_v:g} to {supply_v:g} V, by Stillmaker-Baas 2017"
        elif self.scaling == "area":
            factor, how = area_factor(self.node_nm, node_nm), f"{self.node_nm:g} to {node_nm:g} nm by Stillmaker-Baas 2017"
        else:
            factor, how = wire_factor(self.node_nm, node_nm), f"{self.node_nm:g} to {node_nm:g} nm by NeuroSim's wires"
        source = f"{self.source}; scaled from {how}"
        return self._replace(value=self.value * factor, node_nm=node_nm, supply_v=supply_v, source=source)


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
        # float32 also where x64 is on: prices share the dtype of workloads
        values = {quantity.name: jnp.asarray(quantity.value, jnp.float32) for quantity in quantities}
        return cls(name, float(node_nm), float(supply_v), quantities, values)

    def __getitem__(self, name: str) -> Float[Array, ""]:
        """A constant's value in its canonical unit.

        Raises:
            KeyError: unknown name; the message gives the nearest one.
        """
        if name not in self.values:
            # a cutoff of 0 always finds a nearest name, unless there are none
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

    The file has `name`, `node_nm`, `supply_v` and tables `[quantities.NAME]` with `value`, `unit`, `node_nm`, `bits`, `source` and
    optionally `scaling` (`none`, `energy`, `area`, `wire`), `supply_v` and `note`; `include = "digital"` starts from a shipped family.
    Constants that scale are taken to the file's node.

    Raises:
        TechnologyError: unreadable file, missing key, value that is not a finite number, or empty source; names file and key.
    """
    document = _document(path)
    for key in ("name", "node_nm", "supply_v"):
        if key not in document:
            raise TechnologyError(f"{path}: missing key {key!r}")
    return _build(path, document, document["name"], document["node_nm"], document["supply_v"])


def _document(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TechnologyError(f"{path}: {error}") from error
    if not isinstance(document.get("quantities"), dict):
        raise TechnologyError(f"{path}: missing key 'quantities'")
    return document


def _build(path: Path, document: dict[str, Any], name: Any, node_nm: Any, supply_v: Any) -> Technology:
    for key, value in (("node_nm", node_nm), ("supply_v", supply_v)):
        # True is an int in Python, and TOML has booleans
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise TechnologyError(f"{path}: {key} must be a positive number, got {value!r}")
    if not isinstance(name, str) or not name.strip():
        raise TechnologyError(f"{path}: name must be a non-empty text, got {name!r}")
    try:
        check_node(node_nm)
    except ValueError as error:
        raise TechnologyError(f"{path}: node_nm: {error}") from error
    measured = _measured(path, document)
    return Technology.of(name, node_nm, supply_v, tuple(quantity.at(node_nm, supply_v) for quantity in measured.values()))


def _measured(path: Path, document: dict[str, Any]) -> dict[str, Quantity]:
    """The constants of a file over those of the family it includes, as measured."""
    included: dict[str, Quantity] = {}
    if "include" in document:
        base = _FOLDER / f"{document['include']}.toml"
        if not base.exists():
            families = sorted(other.stem for other in _FOLDER.glob("*.toml"))
            raise TechnologyError(f"{path}: include: unknown family {document['include']!r}; use one of {', '.join(families)}")
        # as measured, not as scaled there: every constant goes from its own node to the file's in one step
        included = _measured(base, _document(base))
    return included | {key: _quantity(path, key, entry) for key, entry in document["quantities"].items()}


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
    unknown = set(entry) - set(_REQUIRED) - set(_OPTIONAL)
    if unknown:
        raise TechnologyError(f"{where}: unknown key {sorted(unknown)[0]!r}")
    scaling, supply = entry.get("scaling", "none"), entry.get("supply_v", 0.0)
    if scaling not in _SCALINGS:
        raise TechnologyError(f"{where}: scaling must be one of {', '.join(_SCALINGS)}, got {scaling!r}")
    if isinstance(supply, bool) or not isinstance(supply, int | float) or not 0 <= supply < math.inf:
        raise TechnologyError(f"{where}: supply_v must be a positive number, got {supply!r}")
    # a node of 0 stands for "does not depend on it", which is no node to scale from
    if scaling != "none":
        try:
            check_node(entry["node_nm"])
        except ValueError as error:
            raise TechnologyError(f"{where}: {error}") from error
    return Quantity(
        name, float(entry["value"]), entry["unit"], float(entry["node_nm"]), float(entry["bits"]), entry["source"], scaling, float(supply)
    )


def _nodes(path: Path) -> dict[str, float]:
    """Nodes a family file can be loaded at, and their supplies [V]; empty for a file of a single node."""
    return _document(path).get("nodes", {})


def available() -> list[str]:
    """Names that `load` knows."""
    names = []
    for path in _FOLDER.glob("*.toml"):
        nodes = _nodes(path)
        names += [f"{path.stem}_{node}nm" for node in nodes] if nodes else [path.stem]
    return sorted(names)


def load(name: str) -> Technology:
    """A shipped technology by name (`rram_28nm`), or the user's own by path to a `.toml` file.

    Raises:
        TechnologyError: unknown name (the message gives the nearest), or a bad file.
    """
    if name.endswith(".toml"):
        return read(Path(name))
    # first, since loihi_14nm is a file of its own and no family at a node
    exact = _FOLDER / f"{name}.toml"
    if exact.exists() and not _nodes(exact):
        return read(exact)
    match = _NODE_NAME.fullmatch(name)
    family = _FOLDER / f"{match['family']}.toml" if match else exact
    nodes = _nodes(family) if family.exists() else {}
    # only nodes with a supply of their own: energy cannot be scaled without one
    if match and match["node"] in nodes:
        return _build(family, _document(family), name, float(match["node"]), nodes[match["node"]])
    if match and nodes:
        node = min(nodes, key=lambda known: abs(float(known) - float(match["node"])))
        near = f"{match['family']}_{node}nm"
    else:
        near = next(iter(difflib.get_close_matches(name, available(), 1, 0)), "a path to a .toml file")
    raise TechnologyError(f"unknown technology {name!r} (did you mean {near!r}?)")
