"""The gap between a search's crossbar and one with solved wires and devices of every slice, on measured fronts.

Run with `python -m benchmarks exact_wires [SEEDS]`: the quickstart's network on arrays of one size, all of the front on four chips. A
quarter of an hour a seed on an idle core; the exact solver takes half a second for an array of 256 x 256.
"""

import sys
import tempfile
from typing import Any, Final

import pandas as pd

import search

SETUPS: Final = {"64 x 64, 45 nm": ("rram_45nm", 64), "256 x 256, 22 nm": ("rram_22nm", 256)}
PARAMETERS: Final = {
    "adc_bits": {"kind": "integer", "low": 3, "high": 8},
    "timesteps": {"kind": "integer", "low": 1, "high": 8},
    "weight_bits": {"kind": "integer", "low": 2, "high": 6, "per_layer": True},
    "programming_sigma": {"kind": "continuous", "low": 0.02, "high": 0.2, "log": True, "per_layer": True},
}
SEARCH: Final = {
    "population": 6,
    "warmup_steps": 250,
    "anneal_steps": 150,
    "preference_low": 0.002,
    "preference_high": 3,
    "designs": 12,
    "chips": 8,
    "aged_chips": 0,
    "exact_chips": 4,
    "exact_solves": 1e6,
}


def config(technology: str, size: int, seed: int) -> dict[str, Any]:
    """The quickstart's network and search on arrays of one size."""
    return {
        "name": f"exact-wires-{size}",
        "seed": seed,
        "data": {"name": "digits", "validation_share": 0.15},
        "network": {"kind": "mlp", "hidden": [128, 64], "longest": 8},
        "hardware": {"kind": "crossbar", "technology": technology, "fixed": {"cell_bits": 1, "rows": size, "columns": size}},
        "parameters": PARAMETERS,
        "objectives": ["error", "energy"],
        "constraints": {"error": 0.25},
        "search": SEARCH,
    }


def main() -> None:
    """Print a line for each setup and seed, and the front behind it."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    lines = []
    for name, (technology, size) in SETUPS.items():
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                front = search.run(config(technology, size, seed), f"{folder}/out", "plain").front
            print(front[["design", "error_mean", "error_exact", "exact_gap", "exact_gap_se", "exact_wires"]].to_string(index=False))
            lines.append({"arrays": name, "seed": seed} | summarised(front))
    print(pd.DataFrame(lines).to_string(index=False))


def summarised(front: pd.DataFrame) -> dict[str, Any]:
    """Errors of the best design, and gaps in points over the front."""
    best, gaps = front.loc[front.error_mean.idxmin()], 100 * front.exact_gap.dropna()
    return {
        "designs": len(gaps),
        "best error [%]": round(100 * best.error_mean, 2),
        "on solved wires [%]": round(100 * best.error_exact, 2),
        "mean gap": round(gaps.mean(), 2),
        "lowest": round(gaps.min(), 2),
        "highest": round(gaps.max(), 2),
    }


if __name__ == "__main__":
    main()
