"""The command: processes that go through the cases, started again after one that died; a table of how cases ended."""

import argparse
import collections
import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console
from rich.table import Table

PATIENCE_S: Final = 120.0  # of wall time without a line: a hang that no signal ends
BAD: Final = ("traceback", "hang", "memory", "death")


def main() -> None:
    """See `python -m benchmarks fuzz --help`; exit code 1 where anything is found."""
    parser = argparse.ArgumentParser(prog="benchmarks fuzz", description=__doc__)
    parser.add_argument("--configs", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="first case, to go through one again")
    parser.add_argument("--kept", default=None, help="folder for what was found")
    given = parser.parse_args()
    kept = given.kept or tempfile.mkdtemp(prefix="fuzz-")
    ended = {kind: list(_verdicts(kind, given.seed, given.start, count, kept)) for kind, count in vars(given).items() if kind in _KINDS}
    _show(ended, kept)
    if any(each["outcome"] in BAD for verdicts in ended.values() for each in verdicts):
        raise SystemExit(1)


_KINDS: Final = ("configs", "files")


def _verdicts(kind: str, seed: int, start: int, count: int, kept: str) -> Iterator[dict[str, Any]]:
    following = start
    while following < start + count:
        command = [sys.executable, "-m", "benchmarks.fuzz.worker", kind, *map(str, (seed, following, start + count)), kept]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in _lines(process):
            verdict = json.loads(line)
            following = verdict["case"] + 1
            yield verdict
        if following < start + count:
            yield {"case": following, "outcome": "death", "detail": f"the process ended with {process.wait()}", "seconds": 0.0}
            following += 1


def _lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    """Lines of a process, which is ended when it says nothing for too long."""
    lines: queue.Queue[str | None] = queue.Queue()
    assert process.stdout is not None
    output = process.stdout

    def pump() -> None:
        for line in output:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=pump, daemon=True).start()
    try:
        while (line := lines.get(timeout=PATIENCE_S)) is not None:
            yield line
    except queue.Empty:
        process.kill()


def _show(ended: dict[str, list[dict[str, Any]]], kept: str) -> None:
    console, table = Console(), Table(title="mutated inputs")
    for head in ("inputs", "cases", "accepted", "refused", *BAD, "slowest [s]", "processor time [s]"):
        table.add_column(head, justify="right", no_wrap=True)
    for kind, verdicts in ended.items():
        counts = collections.Counter(each["outcome"] for each in verdicts)
        seconds = [each["seconds"] for each in verdicts] or [0.0]
        row = [len(verdicts), *(counts[outcome] for outcome in ("accepted", "refused", *BAD)), f"{max(seconds):.1f}", f"{sum(seconds):.0f}"]
        table.add_row(kind, *map(str, row))
    console.print(table)
    for kind, verdicts in ended.items():
        # alike are those that end alike: digits differ from case to case
        alike: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
        for each in verdicts:
            if each["outcome"] in BAD:
                ending = (each["detail"].strip().splitlines() or [""])[-1]
                alike["".join("#" if letter.isdigit() else letter for letter in ending)[:100]].append(each)
        for found in sorted(alike.values(), key=len, reverse=True):
            cases = ", ".join(str(each["case"]) for each in found[:8])
            console.print(f"{kind}: {len(found)} x {found[0]['outcome']} (cases {cases}; kept in {kept})", markup=False)
            console.print(found[0]["detail"][-1500:], markup=False)
