"""Tables of `study.db`, their version, and how older ones become today's."""

import sqlite3
from pathlib import Path
from typing import Final

from search.errors import UserError
from search.study.store.checkpoints import SUFFIX, Checkpoints

VERSION: Final = 2

# rows are JSON, as their columns depend on the problem; keys let a resumed unit write a row again without a second one
TABLES: Final = """
create table if not exists study (key text primary key, value text not null);
create table if not exists units (unit text primary key, number integer not null, label text not null, config text not null,
                                  state text not null, attempts integer not null, reason text not null, provenance text not null);
create table if not exists facts (unit text, key text, value text not null, primary key (unit, key)) without rowid;
create table if not exists history (unit text, step integer, member integer, stage text not null, row text not null,
                                    primary key (unit, step, member)) without rowid;
create table if not exists hardened (unit text, member integer, row text not null, primary key (unit, member)) without rowid;
create table if not exists designs (unit text, design text, row text not null, primary key (unit, design)) without rowid;
create table if not exists drawn (unit text, design text, row text not null, primary key (unit, design)) without rowid;
create table if not exists failed (unit text, member integer, stage text not null, reason text not null,
                                   primary key (unit, member)) without rowid;
create table if not exists breakdown (unit text, design text, layer text, component text, row text not null,
                                      primary key (unit, design, layer, component));
"""

# of version 1, in which a folder held one study: table and its columns
_FIRST: Final = {
    "history": "step, member, stage, row",
    "hardened": "member, row",
    "designs": "design, row",
    "drawn": "design, row",
    "failed": "member, stage, reason",
    "breakdown": "design, layer, component, row",
}


def prepare(database: sqlite3.Connection, path: Path) -> None:
    """Make the tables, or bring those of an older version up to date.

    Raises:
        UserError: no study of ours, or one of a later version.
    """
    version = database.execute("pragma user_version").fetchone()[0]
    if version > VERSION:
        raise UserError(f"{path} was written by a later version of codesign (its tables have version {version}, this reads {VERSION})")
    if version == VERSION:
        return
    held = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
    if "meta" in held:
        _from_first(database, path, held)
    elif held:
        raise UserError(f"{path} is no study: its tables are {', '.join(sorted(held))}")
    else:
        database.executescript(TABLES)
    database.execute(f"pragma user_version = {VERSION}")


def _from_first(database: sqlite3.Connection, path: Path, held: set[str]) -> None:
    """Version 1 had one study per folder: its rows become those of the one unit, whose config lies beside as a file."""
    meta = dict(database.execute("select key, value from meta"))
    unit = meta.pop("config_hash", None) or "unknown"
    old = [table for table in _FIRST if table in held]
    with database:
        # Python begins a transaction by itself before rows only, not before tables
        database.execute("begin")
        for table in old:
            database.execute(f"alter table {table} rename to first_{table}")
        for statement in TABLES.split(";"):
            database.execute(statement)
        for table in old:
            columns = _FIRST[table]
            database.execute(f"insert into {table} (unit, {columns}) select ?, {columns} from first_{table} order by rowid", (unit,))
            database.execute(f"drop table first_{table}")
        state = "done" if meta.pop("state", "") == "done" else "waiting"
        database.execute("insert into units values (?, 0, '{}', ?, ?, 1, '', '{}')", (unit, _config(path.parent), state))
        database.executemany("insert into facts values (?, ?, ?)", [(unit, key, value) for key, value in meta.items()])
        database.execute("insert into study values ('kind', 'run')")
        database.execute("drop table meta")
    new = Checkpoints(path.parent / "checkpoints" / unit)
    for file in (path.parent / "checkpoints").glob(f"*{SUFFIX}"):
        new.save(file.stem, file.read_bytes())
        file.unlink()


def _config(folder: Path) -> str:
    """The resolved config of an old folder as JSON."""
    import json

    from ruamel.yaml import YAML

    file = folder / "config.yaml"
    return json.dumps(YAML(typ="safe", pure=True).load(file.read_text())) if file.exists() else "{}"
