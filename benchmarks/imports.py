"""Processor time of imports and of help, as ratios to `import jax`, each in a process of its own.

`python -m benchmarks imports [ROUNDS]`. Everything is asked for in turn; the least of all rounds counts, children's user and system time.
"""

import resource
import subprocess
import sys
from typing import Final

from rich.console import Console
from rich.table import Table

ROUNDS: Final = 7
COMMAND: Final = "import sys\nsys.argv = ['codesign', {}]\nfrom search.commands.cli import main\nmain()"
JAX: Final = "import jax"
# what is run, and its bar as a ratio to `import jax`
CODE: Final = {
    "nothing": ("", None),
    JAX: (JAX, 1.0),
    "import codesign": ("import codesign", 1.2),
    "import codesign, search": ("import codesign, search", 1.2),
    "jax, numpy, flax, equinox, optax": ("import jax, numpy, flax.nnx, equinox, optax", None),
    "a chip and its prices": ("from codesign import presets, technology\nfrom codesign.hardware import Crossbar", None),
    "a network, its chip, their evaluation": (
        "from codesign.evaluation import evaluate_on\nfrom codesign.network import SpikingNetwork",
        None,
    ),
    "codesign --help": (COMMAND.format("'--help'"), 1.0),
    "codesign list objectives": (COMMAND.format("'list', 'objectives'"), None),
}


def processor_s(code: str) -> float:
    """User and system time of a fresh interpreter that runs the code [s]."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    times = {name: float("inf") for name in CODE}
    for _ in range(rounds):
        for name, (code, _) in CODE.items():
            times[name] = min(times[name], processor_s(code))
    table = Table(title=f"processor time, least of {rounds} rounds")
    for head in ("", "time [s]", "/ import jax", "bar"):
        table.add_column(head, justify="left" if not head else "right")
    for name, (_, bar) in CODE.items():
        table.add_row(name, f"{times[name]:.2f}", f"{times[name] / times[JAX]:.2f}", "" if bar is None else f"{bar:.1f}")
    Console().print(table)
