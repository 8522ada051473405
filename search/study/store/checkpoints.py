"""Arrays on disk, one file for each, with a checksum: a damaged one is told apart from a whole one, and counts as missing."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from search.sealed import opened, sealed
from search.study.store.files import tidy, write_bytes

SUFFIX: Final = ".eqx"


class Checkpoints(Mapping[str, bytes]):
    """The arrays of one unit by name, read when asked for.

    Args:
        folder: of the unit; made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> bytes:
        """The content of a whole file.

        Raises:
            KeyError: missing or damaged.
        """
        content = self._read(name)
        if content is None:
            raise KeyError(name)
        return content

    def __iter__(self) -> Iterator[str]:
        """Names of whole files."""
        return (name for name in self._names() if self._read(name) is not None)

    def __len__(self) -> int:
        """Number of whole files."""
        return sum(1 for _ in self)

    def save(self, name: str, content: bytes) -> None:
        """Write or replace."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(self._path(name), sealed(content))

    def damaged(self) -> list[str]:
        """Names of files that are not what was written."""
        return [name for name in self._names() if self._read(name) is None]

    def tidy(self) -> None:
        """Delete what a killed process left half-written."""
        if self.folder.is_dir():
            tidy(self.folder)

    def forget(self) -> None:
        """Delete all."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob(f"*{SUFFIX}"))

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _read(self, name: str) -> bytes | None:
        try:
            return opened(self._path(name).read_bytes())
        except OSError:
            return None
