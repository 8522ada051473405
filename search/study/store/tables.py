"""What a result folder holds, as tables; from an open store, or read only, while a run goes on elsewhere too."""

import io
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from search.errors import UserError
from search.study.store.checkpoints import Checkpoints
from search.study.store.schema import VERSION
from search.study.unit import State, Unit

# pandas is imported where it is used: folders are refused before anything slow
if TYPE_CHECKING:
    import pandas as pd

DATABASE: Final = "study.db"


class StoredUnit(NamedTuple):
    """A unit and what became of it.

    Attributes:
        attempts: how often it was begun.
        reason: why it failed or was lost.
        provenance: versions, machine, seconds, memory; empty until it has ended.
    """

    unit: Unit
    state: State
    attempts: int
    reason: str
    provenance: dict[str, Any]


@final
class Tables:
    """Everything that is stored, across units; every table begins with a column `unit`.

    Args:
        folder: the result folder.
        database: its open `study.db`.
    """

    def __init__(self, folder: Path, database: sqlite3.Connection) -> None:
        self.folder, self._database = folder, database

    def get(self, key: str) -> str | None:
        """A value of the whole study."""
        row = self._database.execute("select value from study where key = ?", (key,)).fetchone()
        return row[0] if row else None

    def units(self) -> list[StoredUnit]:
        """All units, in the order they were asked for."""
        found = self._database.execute("select unit, label, config, state, attempts, reason, provenance from units order by number, unit")
        return [
            StoredUnit(Unit(name, json.loads(label), json.loads(config)), State(state), attempts, reason, json.loads(provenance))
            for name, label, config, state, attempts, reason, provenance in found
        ]

    def facts(self, key: str) -> dict[str, str]:
        """A value of every unit that has it, by unit."""
        return dict(self._database.execute("select unit, value from facts where key = ? order by unit", (key,)))

    def designs(self, unit: str | None = None) -> "pd.DataFrame":
        """Measured designs, one row each; of one unit, or of all."""
        return self._rows("select unit, row from designs", "order by unit, design", unit)

    def breakdown(self, unit: str | None = None, design: str | None = None) -> "pd.DataFrame":
        """Energy, latency and area of designs by layer and component; of all designs, of those of a unit, or of one of them."""
        import pandas as pd

        # as inserted: layers and components keep the order of the cost model
        where, values = _of(unit)
        if design is not None:
            where, values = f"{where} and design = ?", (*values, design)
        found = self._database.execute(f"select unit, design, row from breakdown {where} order by rowid", values)
        return pd.DataFrame([{"unit": u, "design": design, **json.loads(row)} for u, design, row in found])

    def history(self, unit: str | None = None) -> "pd.DataFrame":
        """The course of searches."""
        import pandas as pd

        where, values = _of(unit)
        found = self._database.execute(f"select unit, step, stage, member, row from history {where} order by unit, step, member", values)
        return pd.DataFrame([{"unit": u, "step": s, "stage": stage, "member": m, **json.loads(row)} for u, s, stage, m, row in found])

    def hardened(self, unit: str | None = None) -> "pd.DataFrame":
        """Hardened members: their points, and what was claimed of them."""
        return self._rows("select unit, row from hardened", "order by unit, member", unit)

    def failed(self, unit: str | None = None) -> "pd.DataFrame":
        """Members that were given up, each with its stage and reason."""
        import pandas as pd

        where, values = _of(unit)
        found = self._database.execute(f"select unit, member, stage, reason from failed {where} order by unit, member", values).fetchall()
        return pd.DataFrame(found, columns=["unit", "member", "stage", "reason"])

    def drawn(self, unit: str) -> dict[str, dict[str, Any]]:
        """Designs of a unit under draws of their prices, by name; see `search.unit.measured.prices`."""
        found = self._database.execute("select design, row from drawn where unit = ? order by design", (unit,))
        return {design: json.loads(row) for design, row in found}

    def checkpoints(self, unit: str) -> Checkpoints:
        """The arrays of a unit."""
        return Checkpoints(self.folder / "checkpoints" / unit)

    def _rows(self, select: str, order: str, unit: str | None) -> "pd.DataFrame":
        where, values = _of(unit)
        names = list[str]()

        def rows() -> Iterator[str]:
            for name, row in self._database.execute(f"{select} {where} {order}", values):
                names.append(sys.intern(name))
                yield row

        table = frame(rows())
        table.insert(0, "unit", names)
        return table


def frame(rows: Iterable[str]) -> "pd.DataFrame":
    """Rows of JSON as a table; columns in the order they are first met.

    Arrow reads a hundred thousand rows in a second; a list of dictionaries takes pandas eight times as long and four times the memory.
    """
    import pandas as pd
    import pyarrow as pa
    from pyarrow import json as arrow

    # row by row: the text of a hundred thousand is held once
    text = io.BytesIO()
    text.writelines(f"{row}\n".encode() for row in rows)
    if not text.tell():
        return pd.DataFrame()
    # as one block: types are settled over all rows
    options = arrow.ReadOptions(use_threads=False, block_size=text.tell() + 1)
    table = arrow.read_json(pa.py_buffer(text.getbuffer()), options)
    # integers stay integers where some rows have none
    gaps = [field.name for field in table.schema if pa.types.is_integer(field.type) and table[field.name].null_count]
    return table.to_pandas().astype(dict.fromkeys(gaps, "Int64"))


@contextmanager
def reading(folder: Path) -> Iterator[Tables]:
    """The tables of a result folder, which is neither locked nor changed.

    Raises:
        UserError: no study there, or a damaged one.
    """
    path = folder / DATABASE
    if not path.exists():
        raise UserError(f"{folder} holds no study (a folder that `codesign run`, `sweep` or `compare` has written)")
    with readable(path), closing(_open(path)) as database:
        version = database.execute("pragma user_version").fetchone()[0]
        if version != VERSION:
            raise UserError(f"{path} has tables of version {version}, not {VERSION}; `codesign report {folder}` brings them up to date")
        yield Tables(folder, database)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Says in one line what is damaged.

    Raises:
        UserError: SQLite cannot make sense of the file.
    """
    try:
        yield
    # its subclass for a full disk or a locked file is the business of others
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        saved = ", ".join(sorted(p.name for p in path.parent.glob("*.csv"))) or "nothing"
        raise UserError(
            f"{path} is damaged ({error}); whole beside it: {saved}; run the study again in another folder with --output"
        ) from None


def _open(path: Path) -> sqlite3.Connection:
    # for reading alone SQLite still wants its files of shared memory, which a folder that cannot be written refuses
    last = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{last}", uri=True)


def _of(unit: str | None) -> tuple[str, tuple[str, ...]]:
    return ("", ()) if unit is None else ("where unit = ?", (unit,))


def as_row(stored: StoredUnit) -> Mapping[str, Any]:
    """A unit as a row of `units.csv`."""
    costs = {name: stored.provenance.get(name) for name in ("wall_s", "processor_s", "peak_gb", "host")}
    row = {"unit": stored.unit.name, **stored.unit.label, "state": str(stored.state), "attempts": stored.attempts, **costs}
    return row | {"reason": stored.reason.partition("\n")[0]}
