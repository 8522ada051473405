"""The quickstart's bars, checked on a real result folder: `python -m tests.check_quickstart FOLDER`."""

import sys
from pathlib import Path

import pandas as pd


def main(folder: Path) -> None:
    front = pd.read_csv(folder / "pareto.csv").sort_values("energy_pj")
    designs = pd.read_csv(folder / "designs.csv")
    settings = [
        c for c in designs.columns if c.startswith(("rows", "columns", "adc_bits", "timesteps", "weight_bits", "programming_sigma"))
    ]
    distinct = len(front.drop_duplicates(settings))
    best, cheapest = front.error_mean.min(), front.iloc[0]
    span = front.energy_pj.max() / front.energy_pj.min()
    bars = [
        (f"distinct non-dominated designs: {distinct}, at least 6", distinct >= 6),
        (f"most accurate: {best:.2%} test error, at most 4 %", best <= 0.04),
        (f"energy span of the front: {span:.1f}x, at least 5x", span >= 5),
        (f"cheapest: {cheapest.error_mean:.1%} test error, at most 25 %", cheapest.error_mean <= 0.25),
        (f"simulated chips: {designs.chips.min()}, at least 16", designs.chips.min() >= 16),
    ]
    for text, met in bars:
        print("ok  " if met else "MISS", text)
    if not all(met for _, met in bars):
        raise SystemExit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
