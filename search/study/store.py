"""The result folder: one SQLite file is the truth, everything else in it is an export that can be made again.

Every write is atomic (a transaction, or a temporary file that is renamed), so a killed process, a full disk or a pulled plug loses
at most the step that was being written.
"""

import fcntl
import io
import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from search.errors import UserError

# pandas, JAX and Equinox are imported where they are used: a store is opened, and may be refused, before anything slow
if TYPE_CHECKING:
    import pandas as pd

# rows are JSON, as their columns depend on the study; keys let a resumed study write a row again without a second one
_SCHEMA = """
create table if not exists meta (key text primary key, value text not null);
create table if not exists history (step integer, member integer, stage text, row text not null, primary key (step, member));
create table if not exists hardened (member integer primary key, row text not null);
create table if not exists designs (design text primary key, row text not null);
create table if not exists drawn (design text primary key, row text not null);
create table if not exists failed (member integer primary key, stage text not null, reason text not null);
create table if not exists breakdown (design text, layer text, component text, row text not null,
                                      primary key (design, layer, component));
"""


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
        temporary.unlink(missing_ok=True)


class Store:
    """An open result folder, locked against a second writer.

    Raises:
        UserError: the folder cannot be made or written, is in use, or holds something that is not a study.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "checkpoints").mkdir(exist_ok=True)
            self._lock = open(folder / ".lock", "a+")  # noqa: SIM115 - held until the store is closed
        except OSError as error:
            raise UserError(f"cannot write results to {folder}: {error.strerror} (choose another place with --output)") from None
        try:
            # a lock of the system, not the file's being there: it ends with the process, however that ends
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise UserError(f"{folder} is in use by another run (wait for it, or choose another place with --output)") from None
        # the first two are made above, so a folder with nothing else is free
        strangers = [p.name for p in folder.iterdir() if p.name not in (".lock", "checkpoints", "study.db")]
        if strangers and not (folder / "study.db").exists():
            self._lock.close()
            raise UserError(f"{folder} is not empty and holds no study: {strangers[0]} (choose another place with --output)")
        self._database = sqlite3.connect(folder / "study.db")
        self._database.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the database and let go of the lock."""
        self._database.close()
        self._lock.close()

    def refuse_unless_free(self, config_hash: str, *, resume: bool) -> None:
        """See that the folder is free for a study, or holds it and may be continued.

        Raises:
            UserError: it holds another study, or this one and `resume` was not asked for.
        """
        held = self.get("config_hash")
        if held is not None and held != config_hash:
            raise UserError(
                f"{self.folder} holds another study (another config, or written by an earlier version); choose another place with --output"
            )
        if held is not None and not resume:
            state = "a finished" if self.get("state") == "done" else "an unfinished"
            raise UserError(
                f"{self.folder} holds {state} study of this config; continue with --resume, or choose another place with --output"
            )

    def get(self, key: str) -> str | None:
        """A study-wide value."""
        row = self._database.execute("select value from meta where key = ?", (key,)).fetchone()
        return row[0] if row else None

    def put(self, key: str, value: str) -> None:
        """Set a study-wide value."""
        with self._database:
            self._database.execute("insert or replace into meta values (?, ?)", (key, value))

    def add_history(self, step: int, stage: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """One row per member at a step; the same step again replaces it."""
        with self._database:
            self._database.executemany(
                "insert or replace into history values (?, ?, ?, ?)",
                [(step, i, stage, json.dumps(row)) for i, row in enumerate(rows)],
            )

    def add_hardened(self, member: int, row: Mapping[str, Any]) -> None:
        """A member that is hardened and fine-tuned; its weights are in `checkpoints`."""
        with self._database:
            self._database.execute("insert or replace into hardened values (?, ?)", (member, json.dumps(row)))

    def hardened(self) -> dict[int, dict[str, Any]]:
        """Hardened members by number."""
        return {m: json.loads(row) for m, row in self._database.execute("select member, row from hardened order by member")}

    def add_failed(self, member: int, stage: str, reason: str) -> None:
        """A member that was given up; the first reason counts."""
        with self._database:
            self._database.execute("insert or ignore into failed values (?, ?, ?)", (member, stage, reason))

    def failed(self) -> "pd.DataFrame":
        """Members that were given up, each with its stage and reason."""
        import pandas as pd

        found = self._database.execute("select member, stage, reason from failed order by member").fetchall()
        return pd.DataFrame(found, columns=["member", "stage", "reason"])

    def spent(self) -> dict[str, Any]:
        """What the search cost, by name; empty until it is over."""
        return json.loads(self.get("spent") or "{}")

    def add_design(self, design: str, row: Mapping[str, Any], breakdown: "pd.DataFrame") -> None:
        """A measured design and its cost by layer and component."""
        # pandas' JSON, which writes entries that do not apply as null; its default of 10 digits would round
        records = json.loads(breakdown.to_json(orient="records", double_precision=15))
        with self._database:
            self._database.execute("insert or replace into designs values (?, ?)", (design, json.dumps(row)))
            # in one transaction with the row: no design is without its breakdown, or has two
            self._database.execute("delete from breakdown where design = ?", (design,))
            self._database.executemany(
                "insert into breakdown values (?, ?, ?, ?)", [(design, r["layer"], r["component"], json.dumps(r)) for r in records]
            )

    def add_drawn(self, design: str, row: Mapping[str, Any]) -> None:
        """A design under draws of its prices; see `search.study.prices`."""
        with self._database:
            self._database.execute("insert or replace into drawn values (?, ?)", (design, json.dumps(row)))

    def drawn(self) -> dict[str, dict[str, Any]]:
        """Designs under draws of their prices, by name."""
        return {design: json.loads(row) for design, row in self._database.execute("select design, row from drawn order by design")}

    def design_names(self) -> set[str]:
        """Names of the designs measured so far."""
        return {name for (name,) in self._database.execute("select design from designs")}

    def designs(self) -> "pd.DataFrame":
        """All measured designs, one row each."""
        import pandas as pd

        return pd.DataFrame([json.loads(row) for (row,) in self._database.execute("select row from designs order by design")])

    def breakdown(self) -> "pd.DataFrame":
        """Energy, latency and area of all designs by layer and component."""
        import pandas as pd

        # as inserted: layers and components keep the order of the cost model
        found = self._database.execute("select design, row from breakdown order by rowid")
        return pd.DataFrame([{"design": design, **json.loads(row)} for design, row in found])

    def history(self) -> "pd.DataFrame":
        """The course of the search."""
        import pandas as pd

        found = self._database.execute("select step, stage, member, row from history order by step, member")
        return pd.DataFrame([{"step": s, "stage": stage, "member": m, **json.loads(row)} for s, stage, m, row in found])

    def save_arrays(self, name: str, tree: Any) -> None:
        """A pytree of arrays under `checkpoints`, in one step."""
        import equinox as eqx

        buffer = io.BytesIO()
        eqx.tree_serialise_leaves(buffer, tree)
        write_bytes(self.folder / "checkpoints" / f"{name}.eqx", buffer.getvalue())

    def load_arrays(self, name: str, like: Any) -> Any | None:
        """A saved pytree, or None where there is none."""
        import equinox as eqx

        path = self.folder / "checkpoints" / f"{name}.eqx"
        return eqx.tree_deserialise_leaves(path, like) if path.exists() else None

    def export(self, name: str, table: "pd.DataFrame") -> None:
        """A table as `NAME.csv`, numbers in full precision."""
        write_text(self.folder / f"{name}.csv", table.to_csv(index=False))


def provenance(config_hash: str, seed: int) -> dict[str, Any]:
    """What is needed to get the same result again: versions, commit, seed, config hash, machine."""
    import jax

    packages = ("codesign", "jax", "jaxlib", "flax", "optax", "equinox", "numpy", "scikit-learn")
    return {
        "config_hash": config_hash,
        "seed": seed,
        "commit": _commit(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in packages}},
        "machine": {"system": platform.platform(), "cores": os.cpu_count(), "devices": [str(d) for d in jax.devices()]},
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
    }


def _version(package: str) -> str:
    try:
        return version(package)
    # run from its sources, the package itself has no metadata
    except ModuleNotFoundError:
        return "not installed"


def _commit() -> str:
    """The source's git commit, with `+` where files differ from it; `unknown` outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
        commit, changed = (
            # a study does not wait for a git that hangs
            subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
            # without untracked files: notes and result folders do not change what was run
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit + ("+" if changed else "")
