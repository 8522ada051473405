"""Searchers against each other on the reference problems, at equal budgets: hypervolume of hardened, test-measured designs.

Run with `python -m benchmarks search a --seeds 10` (or b, c, c_perceptron; the last two need N-MNIST); `--budgets 0.5,1` also runs every
search at half the budget. Stopped runs continue with the same command. Options are those of `codesign compare`.
"""

import sys
from pathlib import Path

import pandas as pd
from rich.table import Table

from search.commands import cli
from search.commands.outcome import wide_console

CONFIGS = Path(__file__).parents[1] / "configs"
SEARCHERS = "gradient,supernet_nsga2,tpe,nsga2,random"
# minibatches that searchers with a network per design train each for: the best of those tried
STEPS = {"a": 400, "b": 400, "c": 200, "c_perceptron": 200}


def option(arguments: list[str], name: str, default: str) -> str:
    return arguments[arguments.index(name) + 1] if name in arguments else default


def main() -> None:
    problem, *rest = sys.argv[1:] or ["a"]
    if problem not in STEPS:
        raise SystemExit(f"unknown problem {problem!r} (choose from {', '.join(STEPS)})")
    output = Path(option(rest, "--output", f"results/reference_{problem}-compare"))
    defaults = {
        "--searchers": SEARCHERS,
        "--seeds": "8" if problem.startswith("c") else "10",
        "--workers": "2",
        "--steps-per-design": str(STEPS[problem]),
        "--output": str(output),
    }
    added = [part for name, value in defaults.items() if name not in rest for part in (name, value)]
    sys.argv = ["codesign", "compare", str(CONFIGS / f"reference_{problem}.yaml"), *rest, *added]
    cli.main()
    times(pd.read_csv(output / "comparison.csv"), problem)
    half(pd.read_csv(output / "comparison.csv"))


def times(table: pd.DataFrame, problem: str) -> None:
    """What a unit costs; the first of a searcher in each process compiles."""
    shown = Table(title=f"problem {problem}: one search (budget in training samples x time steps)")
    for head in (
        "searcher",
        "share",
        "budget [sample steps]",
        "spent",
        "wall [s]",
        "processor [s]",
        "designs found",
        "measured",
        "feasible",
    ):
        shown.add_column(head, justify="left" if head == "searcher" else "right")
    for (name, share), own in table.groupby(["searcher", "share"]):
        middle = own.median(numeric_only=True)
        spent = f"{middle.spent / middle.budget:.1%}"
        numbers = [f"{middle.budget:.3g}", spent, f"{middle.seconds:.0f}", f"{middle.processor_seconds:.0f}"]
        shown.add_row(name, f"{share:g}", *numbers, f"{middle.found:.0f}", f"{middle.measured:.0f}", f"{own.feasible.mean():.0%}")
    wide_console().print(shown)


def half(table: pd.DataFrame) -> None:
    """Whether the gradient search reaches the best baseline's final hypervolume with a part of the budget."""
    medians = table.groupby(["share", "searcher"]).hypervolume.median().unstack()
    if "gradient" not in medians or medians.shape[1] < 2:
        return
    best = medians.drop(columns="gradient").loc[medians.index.max()].max()
    for share, row in medians.iterrows():
        print(f"gradient at {share:g} of the budget: {row.gradient:.4f}, best baseline at {medians.index.max():g}: {best:.4f}")


if __name__ == "__main__":
    main()
