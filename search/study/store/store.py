"""An open result folder: its one writer."""

import errno
import json
import sqlite3
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, final

from search.errors import UserError
from search.study.journal import Held, Journal, Write
from search.study.store.files import LOCK, Lock, tidy, write_text
from search.study.store.schema import prepare
from search.study.store.tables import DATABASE, Tables, readable
from search.study.unit import State, Unit

if TYPE_CHECKING:
    import pandas as pd

# what is a study's own at its start: a folder with nothing else is free
_OWN: Final = (LOCK, "checkpoints", DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm")
_PLACES: Final = {"facts": 3, "history": 5, "hardened": 3, "designs": 3, "drawn": 3, "failed": 4, "breakdown": 5}


@final
class Store:
    """A result folder, locked against a second writer until it is closed.

    Raises:
        UserError: the folder cannot be made or written, is in use, is damaged, or holds something that is not a study.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot write results to {folder}: {error.strerror} (choose another place with --output)") from None
        self._lock = Lock(folder)
        try:
            tidy(folder)
            self._refuse_strangers()
            self._database = self._opened()
        except BaseException:
            self._lock.release()
            raise
        self.tables = Tables(folder, self._database)

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the database and let go of the folder."""
        self._database.close()
        self._lock.release()

    def abandon(self) -> None:
        """Let go of the folder from another thread, when the process is about to end: the database is whole after any write."""
        self._lock.release()

    def put(self, key: str, value: str) -> None:
        """Set a value of the whole study."""
        with self._database:
            self._database.execute("insert or replace into study values (?, ?)", (key, value))

    def add_units(self, units: Iterable[Unit]) -> None:
        """Units that are to be run; those that are there already stay as they are, with a new place and label."""
        # parameters keep their order, of which a seed's draws depend
        rows = [(u.name, i, json.dumps(u.label), json.dumps(u.config), str(State.WAITING)) for i, u in enumerate(units)]
        with self._database:
            self._database.executemany(
                "insert into units values (?, ?, ?, ?, ?, 0, '', '{}') on conflict (unit) do update"
                " set number = excluded.number, label = excluded.label",
                rows,
            )

    def begin(self, unit: Unit) -> None:
        """A unit is being run."""
        with self._database:
            self._database.execute(
                "update units set state = ?, attempts = attempts + 1, reason = '' where unit = ?", (str(State.RUNNING), unit.name)
            )

    def end(self, unit: Unit, state: State, reason: str = "", provenance: Mapping[str, Any] | None = None) -> None:
        """A unit has ended, one way or another."""
        with self._database:
            self._database.execute(
                "update units set state = ?, reason = ?, provenance = ? where unit = ?",
                (str(state), reason, json.dumps(provenance or {}), unit.name),
            )

    def forget(self, name: str) -> None:
        """Take a unit back that was refused before it began, so that its folder is free for the mended one."""
        with self._database:
            self._database.execute("delete from units where unit = ?", (name,))

    def write(self, unit: Unit, write: Write) -> None:
        """What a unit tells: its arrays, then its rows in one transaction.

        Raises:
            FileNotFoundError: the database was deleted.
        """
        # SQLite goes on writing to a file that has been deleted under it
        if not (path := self.folder / DATABASE).exists():
            raise FileNotFoundError(errno.ENOENT, "was deleted while it was written", str(path))
        arrays = self.tables.checkpoints(unit.name)
        for name, content in write.arrays:
            arrays.save(name, content)
        with self._database:
            for table, values in write.rows:
                marks = ", ".join("?" * _PLACES[table])
                self._database.execute(f"insert or replace into {table} values ({marks})", (unit.name, *values))

    def held(self, unit: Unit) -> Held:
        """What is there of a unit, for who continues it; damaged arrays are left out."""
        arrays = self.tables.checkpoints(unit.name)
        arrays.tidy()

        def select(columns: str, table: str) -> list[tuple[Any, ...]]:
            return self._database.execute(f"select {columns} from {table} where unit = ?", (unit.name,)).fetchall()

        return Held(
            dict(select("key, value", "facts")),
            {member: json.loads(row) for member, row in select("member, row", "hardened")},
            {member: (stage, reason) for member, stage, reason in select("member, stage, reason", "failed")},
            {name: json.loads(row) for name, row in select("design, row", "designs")},
            arrays,
        )

    def journal(self, unit: Unit) -> Journal:
        """A unit's own view, for who runs it in this process."""
        return Journal(self.held(unit), partial(self.write, unit))

    def export(self, name: str, table: "pd.DataFrame") -> None:
        """A table as `NAME.csv`, numbers in full precision."""
        write_text(self.folder / f"{name}.csv", as_csv(table))

    def _refuse_strangers(self) -> None:
        names = sorted(p.name for p in self.folder.iterdir() if p.name not in _OWN)
        path = self.folder / DATABASE
        if not path.exists() and names:
            raise UserError(f"{self.folder} is not empty and holds no study: {names[0]} (choose another place with --output)")
        # SQLite takes an empty file for a new database
        if path.exists() and path.stat().st_size == 0 and names:
            raise UserError(
                f"{path} is damaged (empty); whole beside it: {', '.join(names)}; run the study again in another folder with --output"
            )

    def _opened(self) -> sqlite3.Connection:
        path = self.folder / DATABASE
        database = sqlite3.connect(path)
        with readable(path):
            # readers go on while it is written; where a file system cannot do that, SQLite stays with its older way
            database.execute("pragma journal_mode = wal")
            # a pulled plug may cost the last second, never more and never the file: every write before it is whole
            database.execute("pragma synchronous = normal")
            prepare(database, path)
            problem = database.execute("pragma quick_check(1)").fetchone()[0]
            if problem != "ok":
                raise sqlite3.DatabaseError(" ".join(problem.split()))
        return database


def as_csv(table: "pd.DataFrame") -> str:
    """A table as CSV; text that a spreadsheet would take for a formula is marked as text."""
    import pyarrow as pa
    from pyarrow import csv

    from search.study.store.cells import plain

    if not len(table.columns):
        return ""
    content = pa.BufferOutputStream()
    # ten times as fast as pandas, where tables are long; shortest numbers that read back exactly
    csv.write_csv(pa.Table.from_pandas(plain(table), preserve_index=False), content, csv.WriteOptions(quoting_style="needed"))
    return content.getvalue().to_pybytes().decode()
