"""`--set key=value`: single values of a config replaced from the command line."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from search.errors import UserError
from search.problem.reading import files, keys
from search.problem.reading.nodes import Node, Place, put


def overridden(model: type[BaseModel], root: Node, settings: Sequence[str], option: str = "--set ") -> Node:
    """A config with settings applied in order.

    Args:
        model: of the config.
        root: the config.
        settings: `key=value` each: a dotted key, entries of lists by number, and a value in YAML; paths in it are relative to the working
            directory, and a null takes the key away.
        option: what mistakes are told of, before the setting.

    Raises:
        UserError: not `key=value`, a key that does not exist (with the nearest), or a value that is no YAML.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        shown = setting if len(setting) <= 80 else f"{setting[:60]}..."
        place = Place(f"{option}{' '.join(shown.split())}", 0, Path.cwd())
        if not equals or not key.strip():
            raise UserError(f"{place}: expected KEY=VALUE, such as search.population=4")
        value = files.value(text, place)
        try:
            root = put(root, keys.find(model, root, key.strip(), value), value)
        except keys.WrongKeyError as error:
            raise UserError(f"{place}: {error}") from None
    return root
