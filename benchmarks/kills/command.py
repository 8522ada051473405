"""Kills at random moments, of drivers and of workers: what is resumed must end with the designs of an undisturbed run.

Run with `python -m benchmarks kills --kills 100 --engine local|ray --seed 0`. Studies of twelve units and of one take turns; each is killed
and resumed until it is done. It is asserted, after every end of a driver, that the store is whole, that nothing written before is gone, and
that no unit that was done is done again; after a clean one that nothing is left beside the store; and that no worker outlives its driver.
"""

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pandas as pd
from rich.progress import track

from benchmarks.kills.driver import DESIGNS, STEPS, units
from search.study.store.store import Store
from search.study.unit import State

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
HANG_SECONDS = 300.0
OUTLIVE_SECONDS = 30.0  # that workers may need to notice that their driver is gone


class Study:
    """One folder, its driver when it runs, and what was there when it was last looked at.

    Args:
        folder: for all of it.
        count: units.
        engine: of `benchmarks/kills/driver.py`.
    """

    def __init__(self, folder: Path, count: int, engine: str) -> None:
        self.folder, self.notes, self.count, self._engine = folder / "study", folder / "notes", count, engine
        (self.notes / "processes").mkdir(parents=True)
        self._done, self._written, self._begun = set[str](), set[tuple[str, str]](), 0

    def start(self) -> subprocess.Popen[bytes]:
        """A driver, which begins or resumes."""
        log = open(self.notes / "log", "ab")  # noqa: SIM115 - the driver's
        code = "import sys; from pathlib import Path; from benchmarks.kills.driver import main; a = sys.argv; "
        code += "main(Path(a[1]), Path(a[2]), int(a[3]), a[4])"
        # not as __main__, whose classes workers would not find
        command = [sys.executable, "-c", code, str(self.folder), str(self.notes), str(self.count), self._engine]
        return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def workers(self) -> list[int]:
        """Processes that do or did units and are there."""
        return [int(path.name) for path in (self.notes / "processes").iterdir() if alive(int(path.name))]

    def look(self, code: int) -> bool:
        """See that the store is whole after a driver has ended, and nothing lost or done twice; whether all units are done."""
        if not (self.folder / "study.db").exists():
            return False
        # stopped in haste, the database is not closed
        kinds = {0: (".tmp", ".lock", "-wal", "-shm"), 130: (".tmp", ".lock", "-wal", "-shm"), 131: (".tmp", ".lock")}.get(code, ())
        left = sorted(path.name for path in self.folder.rglob("*") if path.name.endswith(kinds))
        assert not left, f"left behind by exit code {code}: {left}"
        begun = (self.notes / "begun").read_text().split() if (self.notes / "begun").exists() else []
        again = self._done & set(begun[self._begun :])
        assert not again, f"done twice: {again}"
        with Store(self.folder) as store:
            tables = store.tables
            self._done = {u.unit.name for u in tables.units() if u.state == State.DONE}
            damaged = {name: found for unit in units(self.count) if (found := tables.checkpoints(name := unit.name).damaged())}
            assert not damaged, f"half-written: {damaged}"
            written = designs_of(tables.designs())
            assert self._written <= written, f"lost: {self._written - written}"
            parts = tables.breakdown()
            assert Counter(zip(parts.get("unit", []), parts.get("design", []), strict=True)) == dict.fromkeys(written, 2), "half a design"
        self._written, self._begun = written, len(begun)
        return len(self._done) == self.count

    def check(self, expected: pd.DataFrame) -> None:
        """See that a study that is done has what it should."""
        with Store(self.folder) as store:
            pd.testing.assert_frame_equal(store.tables.designs(), expected)
            assert len(store.tables.designs()) == DESIGNS * self.count
            assert len(store.tables.history()) == STEPS * self.count
        assert sorted(path.name for path in self.folder.iterdir()) == ["checkpoints", "study.db"]
        end = time.monotonic() + OUTLIVE_SECONDS
        while self.workers():
            assert time.monotonic() < end, f"workers outlive their driver: {self.workers()}"
            time.sleep(0.2)


def designs_of(table: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(table.get("unit", []), table.get("design", []), strict=True))


def alive(process: int) -> bool:
    try:
        # one that has ended and is not yet waited for has no command line
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks kills")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--engine", choices=("local", "ray"), default="local")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = kill(Path(folder), options.kills, options.engine, options.seed)
    print(f"{options.kills} kills on {options.engine}: designs equal, 0 lost, 0 doubled, 0 half-written, nothing left behind")
    print(", ".join(f"{what} {count}" for what, count in sorted(counts.items())))


def kill(folder: Path, kills: int, engine: str, seed: int) -> Counter[str]:
    """Kill so often, and count what happened."""
    draw, counts = random.Random(seed), Counter[str]()
    # a study of one unit runs in the driver itself
    engines = {12: engine, 1: "inline" if engine == "local" else engine}
    expected, seconds = {}, {}
    for count, name in engines.items():
        study, began = Study(folder / f"undisturbed {count}", count, name), time.monotonic()
        assert study.start().wait(HANG_SECONDS) == 0, (study.notes / "log").read_text()
        # a driver's time from its start to the end, of which a kill takes a random moment
        seconds[count] = time.monotonic() - began
        with Store(study.folder) as store:
            expected[count] = store.tables.designs()
    progress = iter(track(range(kills), f"kills on {engine}"))
    number = 0
    while sum(counts[s.name] for s in SIGNALS) < kills:
        count = 1 if number % 4 == 3 else 12
        study = Study(folder / str(number), count, engines[count])
        number += 1
        while not one_run(study, kills, seconds[count], draw, counts, progress):
            pass
        study.check(expected[count])
        counts["studies"] += 1
    return counts


def one_run(study: Study, kills: int, seconds: float, draw: random.Random, counts: Counter[str], progress: object) -> bool:
    """Start or resume a study, kill its workers, perhaps its driver, and look at what is left; whether it is done."""
    process, since = study.start(), time.monotonic()
    while process.poll() is None:
        wait(process, draw.uniform(0, seconds / 2))
        assert time.monotonic() - since < HANG_SECONDS, "hangs:\n" + (study.notes / "log").read_text()
        if process.poll() is not None or sum(counts[s.name] for s in SIGNALS) >= kills:
            continue
        number, victim = draw.choice(SIGNALS), process.pid
        # a unit may run in the driver itself
        if draw.random() < 0.5 and (process.pid not in (workers := study.workers())):
            if not workers:
                continue
            victim = draw.choice(workers)
        try:
            os.kill(victim, number)
        except ProcessLookupError:
            continue
        counts[number.name] += 1
        counts["of drivers" if victim == process.pid else "of workers"] += 1
        next(progress, None)  # type: ignore[call-overload]
    counts[f"drivers that ended with {process.returncode}"] += 1
    try:
        return study.look(process.returncode)
    except (AssertionError, sqlite3.Error) as error:
        raise AssertionError(f"after exit code {process.returncode}: {error}\n" + (study.notes / "log").read_text()[-3000:]) from error


def wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Until it ends, or so long."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
