"""Files that are whole or not there, and folders that one process holds."""

import contextlib
import fcntl
import os
import platform
import time
from pathlib import Path

from search.errors import UserError

LOCK = ".lock"
_TEMPORARY = ".*.tmp"


def write_text(path: Path, text: str) -> None:
    """Replace a file's content in one step."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file's content in one step: readers see the old or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            # on the disk before it gets its name: else a crash can leave the name without the content
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        # a folder that is gone took it along
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Delete temporary files that a killed process has left; only for who holds the folder."""
    for stale in folder.glob(_TEMPORARY):
        stale.unlink(missing_ok=True)


class Lock:
    """A folder held until `release`, or until the process ends, however it ends.

    Raises:
        UserError: the folder cannot be written, or another process holds it; the message says which.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        while True:
            try:
                self._file = open(self._path, "a+")  # noqa: SIM115 - held until it is released
            except OSError as error:
                raise UserError(f"cannot write results to {folder}: {error.strerror} (choose another place with --output)") from None
            try:
                # a lock of the system, not the file's being there: it ends with the process
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._file.seek(0)
                holder = self._file.read().strip() or "another run"
                self._file.close()
                raise UserError(f"{folder} is in use by {holder} (wait for it, or choose another place with --output)") from None
            if self._is_current():
                break
            # whoever held it has deleted the file between our opening and locking it: what we have locked is no longer there
            self._file.close()
        self._file.truncate(0)
        self._file.write(f"another run: process {os.getpid()} on {platform.node()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}\n")
        self._file.flush()

    def release(self) -> None:
        """Let go of the folder; nothing is left in it."""
        # deleted while it is held: nobody else's can be hit
        self._path.unlink(missing_ok=True)
        self._file.close()

    def _is_current(self) -> bool:
        try:
            return os.fstat(self._file.fileno()).st_ino == self._path.stat().st_ino
        except FileNotFoundError:
            return False
