"""The quickstart's bars over seeds: wall time with compilation, peak memory, front, errors, gap.

Run with `python -m benchmarks quickstart`.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

CONFIG = Path(__file__).parents[1] / "configs" / "quickstart.yaml"
SEEDS = (0, 1, 2)


def main() -> None:
    table = Table(title="quickstart (bars: 3 min, 4 GB, 6 designs, 4 %, 5x, 25 %)")
    for head in ("seed", "wall [s]", "peak memory [GB]", "front", "best error", "energy span", "cheapest error", "gap energy", "gap error"):
        table.add_column(head, justify="right")
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "quickstart.yaml"
            config.write_text(CONFIG.read_text().replace("seed: 0", f"seed: {seed}"))
            began = time.monotonic()
            subprocess.run([sys.executable, "-m", "search.commands.cli", "run", str(config), "--output", f"{folder}/out"], check=True)
            wall = time.monotonic() - began
            front = pd.read_csv(f"{folder}/out/pareto.csv").sort_values("energy_pj")
            designs = pd.read_csv(f"{folder}/out/designs.csv")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6  # the largest child so far
        own = designs[designs.origin == "member"]
        table.add_row(
            str(seed),
            f"{wall:.0f}",
            f"{peak:.2f}",
            str(len(front)),
            f"{front.error_mean.min():.2%}",
            f"{front.energy_pj.max() / front.energy_pj.min():.1f}x",
            f"{front.error_mean.iloc[0]:.1%}",
            f"{own.gap_energy.median() - 1:+.1%}",
            f"{own.gap_error.median() * 100:+.2f} points",
        )
    Console().print(table)
