"""A config that comes from Python: a file or a mapping, and values that replace its own."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from search.errors import UserError
from search.problem import config as configs
from search.problem.reading.nodes import Node, Place, nodes_of
from search.problem.reading.overrides import overridden

Source = str | Path | Mapping[str, Any]
"""A config file, or what one would hold."""


def document(config: Source, overrides: Mapping[str, Any]) -> tuple[Path, Node]:
    """What a config says, before its values are checked, and the path that mistakes are told of.

    Args:
        config: a file, or a mapping, whose paths are relative to the working directory.
        overrides: values by key: `seed=1`, `search={"population": 4}` (merged key by key), `**{"search.population": 4}`.

    Raises:
        UserError: no config, or an override of a key that does not exist.
    """
    settings = [f"{key}={json.dumps(value, default=_plain)}" for key, value in _flat(overrides)]
    if isinstance(config, str | Path):
        return Path(config), configs.document(Path(config), settings, "")
    if not isinstance(config, Mapping):
        raise UserError(f"a config is the path of a file or a mapping of its keys, not {type(config).__name__} ({config!r})")
    path = Path("config")
    # through JSON: tuples become lists, and what no file could hold is refused
    values = json.loads(json.dumps(dict(config), default=_plain))
    return path, overridden(configs.Config, nodes_of(values, Place(str(path), 0, Path.cwd())), settings, "")


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    # numbers and arrays of numpy and JAX
    if hasattr(value, "tolist"):
        return value.tolist()
    raise UserError(f"a config holds texts, numbers, lists and mappings, not {type(value).__name__} ({value!r})")
