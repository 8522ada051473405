"""Config files: found, of a bearable size, and joined with the bases that they extend."""

import difflib
from pathlib import Path
from typing import Final

from search.errors import UserError
from search.problem.reading.document import compose
from search.problem.reading.nodes import Node, Place, merged

MOST_BYTES: Final = 1_000_000  # some hundred times the longest config


def load(path: Path) -> Node | None:
    """What a file holds, its bases merged in; None for an empty one.

    `extends: base.yaml` names a base, relative to the file. Mappings merge key by key, lists and everything else are replaced, and a null
    takes a key of the base away.

    Raises:
        UserError: a file that is missing or no YAML, or bases that go in a circle; one line `file:line: path: what`.
    """
    return _load(path, (), f"{path}:1: file: ")


def _load(path: Path, chain: tuple[Path, ...], asked: str) -> Node | None:
    text = _text(path, asked)
    folder = path.parent.absolute()
    root = compose(text, lambda line: Place(str(path), line, folder))
    if root is None or not isinstance(root.value, dict) or "extends" not in root.value:
        return root
    keys = dict(root.value)
    base = keys.pop("extends")
    where = f"{base.place}: extends"
    if not isinstance(base.value, str) or not base.value:
        raise UserError(f"{where}: must be the path of a config, relative to this one")
    other = path.parent / base.value
    chain = (*chain, path)
    if other.resolve() in [one.resolve() for one in chain]:
        raise UserError(f"{where}: goes in a circle: {' -> '.join(map(str, (*chain, other)))}")
    found = _load(other, chain, f"{where}: {other} ")
    if found is None or not isinstance(found.value, dict):
        raise UserError(f"{where}: {other} holds no mapping of keys to values")
    return merged(found, Node(keys, root.place))


def _text(path: Path, asked: str) -> str:
    try:
        if path.is_dir():
            raise UserError(f"{asked}is a folder, not a config file")
        if not path.exists():
            raise UserError(f"{asked}does not exist{_near(path)}")
        # a pipe or a device has no end
        if not path.is_file():
            raise UserError(f"{asked}is not a file")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise UserError(f"{asked}has {size} bytes, a config at most {MOST_BYTES}")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{asked}is not text (a config is UTF-8 YAML)") from None
    # a name with a null character is a ValueError
    except (OSError, ValueError) as failed:
        raise UserError(f"{asked}cannot be read: {getattr(failed, 'strerror', None) or failed}") from None


def _near(path: Path) -> str:
    folder = path.parent if path.parent.is_dir() else Path(".")
    near = difflib.get_close_matches(path.name, [p.name for p in folder.glob("[!.]*.y*ml")], 1, 0.3)
    return f" (did you mean {str(folder / near[0])!r}?)" if near else ""


def value(text: str, place: Place) -> Node:
    """The value of `--set key=value`.

    Raises:
        UserError: no YAML, or beyond the limits.
    """
    found = compose(text, lambda line: place, "value")
    return Node(None if found is None else found.value, place)
