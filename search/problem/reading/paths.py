"""Paths in configs: relative to the file that they stand in, absolute once they are read; data of your own by their content."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from search.errors import UserError, nearest
from search.problem.reading.nodes import Node, inner, put

_FILES: Final = (".npz", ".csv", ".tsv")


def made_absolute(root: Node) -> Node:
    """A config whose paths mean the same from everywhere."""
    for where, is_path in _PATHS.items():
        node: Node | None = root
        for part in where:
            node = inner(node, part) if node is not None else None
        if node is not None and isinstance(node.value, str) and node.value and is_path(node.value, node.place.folder):
            # no links followed: `..` is meant as it is written
            place = os.path.normpath(node.place.folder / Path(node.value).expanduser())
            root = put(root, where, Node(place, node.place))
    return root


def _always(text: str, folder: Path) -> bool:
    return "\0" not in text


def _is_data(name: str, folder: Path) -> bool:
    """Whether the name of data is a path, as `codesign.data.registry.load` understands it."""
    if "\0" in name:
        return False
    if Path(name).suffix.lower() in _FILES or Path(name).name != name:
        return True
    if not (folder / name).exists():
        return False
    from codesign.data import registry  # slow to import, and seldom needed

    # the name of a data set comes before a folder that is called the same
    return name.partition(":")[0] not in registry.available()


_PATHS: Final = {
    ("data", "name"): _is_data,
    ("output",): _always,
    ("modules",): _always,
    ("network", "start", "file"): _always,
}


def fingerprint(name: str) -> str:
    """What data are: their name, or the digest of a file's or a folder's content, wherever it lies."""
    if not os.path.isabs(name):
        return name
    path = Path(name)
    try:
        files = sorted(_files(path))
        parts = [f"{file.relative_to(path)} {_digest(str(file), file.stat().st_size, file.stat().st_mtime_ns)}" for file in files]
    # not there, or not readable: told when the data are read
    except OSError:
        return name
    return hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else name


def stored(file: str, design: str | None) -> Path:
    """The file that holds the weights of a stored design.

    Args:
        file: the file itself, or a result folder.
        design: of a result folder, such as `d03`.

    Raises:
        UserError: none, or several; the message begins with the key, `network.start.file` or `.design`.
    """
    path = Path(file)
    if not path.is_dir():
        if not path.is_file():
            raise UserError(f"network.start.file: {path} does not exist")
        if design is not None:
            raise UserError("network.start.design: is for a result folder; this file is one design's already")
        return path
    designs = sorted(path.glob("checkpoints/*/design_*.eqx"))
    known = sorted({f"d{one.stem.removeprefix('design_')}" for one in designs})
    if not known:
        raise UserError(f"network.start.file: {path} is no result folder with designs")
    if design not in known:
        raise UserError(f"network.start.design: must name one of {', '.join(known)}{nearest(design or '', known)}")
    found = [one for one in designs if one.stem == f"design_{design[1:]}"]
    if len(found) > 1:
        raise UserError(f"network.start.file: {len(found)} units have a design {design}; name its file, such as {found[0]}")
    return found[0]


def stored_fingerprint(file: str, design: str | None) -> str:
    """What a stored network is: the digest of its file, wherever it lies."""
    try:
        return fingerprint(str(stored(file, design)))
    # not there: told when it is read
    except UserError:
        return file


def module_fingerprints(folder: Path, names: Sequence[str]) -> list[str]:
    """What modules `package.module:Class` that lie in a folder are; those that are installed have versions, and no place here."""
    tops = sorted({name.partition(":")[0].partition(".")[0] for name in names})
    places = [folder / part for top in tops for part in (f"{top}.py", top) if (folder / part).exists()]
    return [fingerprint(str(place)) for place in places]


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    # what Python writes beside modules is no content
    yield from (file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc")


@lru_cache(maxsize=100_000)
def _digest(file: str, size: int, modified_ns: int) -> str:
    # size and time are in the key, so that a file that has changed is read again
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
