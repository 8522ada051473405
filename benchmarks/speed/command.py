"""Training and inference steps against snnTorch, SpikingJelly and spyx, and the co-design step against the plain one; one core.

`python -m benchmarks speed [PEERS]` makes an environment for the peers in the folder PEERS (default: a temporary one, about 2 GB,
minutes), or uses the one that is there. All frameworks wait in processes of their own on the same core, and are asked in turn.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

WORKER: Final = Path(__file__).with_name("worker.py")
# the plain torch wheel of 2.13.0 on the package index is the CPU build
PACKAGES: Final = ("torch==2.13.0", "snntorch==1.0.0", "spikingjelly==2.0.0", "spyx==1.0.0")
PEERS: Final = ("snntorch", "spikingjelly", "spyx")
ROUNDS: Final = 7
BARS: Final = {"mlp": 0.8, "cnn": 0.7}


def peer_python(folder: Path) -> str:
    """The interpreter of the peers' environment, which is made when it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return str(python)


class Framework:
    """A process that times its steps on request."""

    def __init__(self, python: str, name: str, task: str) -> None:
        self.name, self.best = name, {"train": float("inf"), "infer": float("inf")}
        self._process = subprocess.Popen(
            [python, str(WORKER), name, task], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._answer()

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: the worker ended with code {self._process.wait()}; run {WORKER.name} by hand to see why")
        return dict(json.loads(line))

    def measure(self) -> None:
        """One round; the best of all rounds is kept."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = self._answer()
        self.best = {what: min(self.best[what], answer[what]) for what in self.best}

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def measure(python: str, task: str) -> dict[str, dict[str, float]]:
    """Best times of every framework in ms."""
    frameworks = [Framework(python, peer, task) for peer in PEERS]
    frameworks += [Framework(sys.executable, name, task) for name in ("codesign", "codesign step")]
    for _ in range(ROUNDS):
        for framework in frameworks:
            framework.measure()
    for framework in frameworks:
        framework.close()
    return {framework.name: framework.best for framework in frameworks}


def main() -> None:
    """Print both tasks."""
    with tempfile.TemporaryDirectory() as temporary:
        python = peer_python(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary))
        for task, bar in BARS.items():
            times = measure(python, task)
            table = Table(title=f"{task}: best of {ROUNDS} rounds, one core [ms]")
            for head in ("", "training", "inference"):
                table.add_column(head, justify="left" if not head else "right")
            for name, best in times.items():
                table.add_row(name, f"{best['train']:.1f}", f"{best['infer']:.1f}")
            fastest = {what: min(times[peer][what] for peer in PEERS) for what in ("train", "infer")}
            ours = times["codesign"]
            table.add_row("ratio to the fastest peer", *(f"{ours[what] / fastest[what]:.2f}" for what in fastest))
            table.add_row("bar", f"{bar:.2f}", "1.00")
            table.add_row("co-design step / plain step (bar 2)", f"{times['codesign step']['train'] / ours['train']:.2f}", "")
            Console().print(table)
