"""Golden tables: measured by running public tools, read from `$CODESIGN_REFERENCE` where it is set, else from `tests/golden`.

Files are found by listing and recognised by what they contain, so that other files with the same columns are tested as well.
"""

import gzip
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

SHIPPED = Path(__file__).parent / "golden"


def reference(subfolder: str) -> Path:
    """Folder of golden tables: `$CODESIGN_REFERENCE/subfolder` where the variable is set, else `tests/golden/subfolder`."""
    root = os.environ.get("CODESIGN_REFERENCE")
    return (Path(root) if root else SHIPPED) / subfolder


def files(subfolder: str, kind: str) -> list[Path]:
    """Files of a kind (`csv`, `json`) in a folder of golden tables, plain or gzipped, sorted."""
    folder = reference(subfolder)
    return sorted(path for path in folder.rglob("*") if path.name.endswith((f".{kind}", f".{kind}.gz")))


def tables(subfolder: str, columns: Iterable[str]) -> pd.DataFrame:
    """Rows of every CSV file in a folder that has all of `columns`, one below the other, with their file in column `file`.

    Raises:
        FileNotFoundError: no such file.
    """
    needed = set(columns)
    found = []
    for path in files(subfolder, "csv"):
        if needed <= set(pd.read_csv(path, nrows=0).columns):
            found.append(pd.read_csv(path, low_memory=False).assign(file=path.name))
    if not found:
        raise FileNotFoundError(f"no CSV file in {reference(subfolder)} has the columns {', '.join(sorted(needed))}")
    return pd.concat(found, ignore_index=True)


def records(subfolder: str, fields: Iterable[str]) -> list[dict[str, Any]]:
    """Entries of every JSON file in a folder that is a list of objects with all of `fields`, or such an object itself.

    Raises:
        FileNotFoundError: no such file.
    """
    needed = set(fields)
    found: list[dict[str, Any]] = []
    for path in files(subfolder, "json"):
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as stream:
            content = json.load(stream)
        entries = [content] if isinstance(content, dict) else content
        if isinstance(entries, list) and entries and needed <= set(entries[0]):
            found += entries
    if not found:
        raise FileNotFoundError(f"no JSON file in {reference(subfolder)} has entries with {', '.join(sorted(needed))}")
    return found


def numbers(cell: object) -> list[float]:
    """A `;`-separated cell as numbers."""
    return [float(entry) for entry in str(cell).split(";")]
