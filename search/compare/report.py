"""A comparison for people: tables as CSV, figures, a report in Markdown and as a page, a table for the terminal."""

from pathlib import Path

import pandas as pd
from rich.table import Table

from search.compare.tables import Scale, claims, comparison, fronts, history, summary
from search.designs.claim import all_spelt
from search.problem.config import Config
from search.study.store.files import write_text

EXPLANATION = """\
Every searcher had the same budget, counted in training samples x simulated time steps; a sample that is only looked at (validation,
scoring with shared weights, polish) counts a third, as a forward pass is about a third of a training step. The final measurement is not
counted. Seeds are paired: the same simulated chips measure the designs of all searchers. Designs were chosen by validation data, then
measured on test data. Hypervolume is the share of the box from the best (error 0, a thousandth of the reference cost) to the reference
point; the gap is to the front of all designs of all searchers. p-values: two-sided Wilcoxon, adjusted by Holm; intervals: bootstrap of
the median, 95 %.
"""

GAPS = "Median (worst) gap between what the relaxed model claimed of a member and its hardened, fine-tuned design, both on validation data:"


def publish(folder: Path, config: Config, results: list[dict], first: str) -> pd.DataFrame:
    """All exports of a comparison; returns the summary."""
    # matplotlib and plotly are imported only where something is drawn
    from search.compare import page
    from search.compare import plots as plots_compare

    scale = Scale(config, results)
    table, front, course = comparison(scale, results), fronts(scale, results), history(scale, results)
    found, claimed = summary(table, first), claims(scale, results)
    for name, frame in (("comparison", table), ("front", front), ("history", course), ("summary", found), ("claims", claimed)):
        write_text(folder / f"{name}.csv", frame.to_csv(index=False))
    figures = plots_compare.draw_all(folder, scale, table, front, course)
    write_text(folder / "report.md", markdown(config, scale, found, first, figures, gaps(scale, claimed)))
    page.write(folder, config, _head(first), _cells(found), f"{EXPLANATION.strip()} Reference point: {scale.reference_point()}.")
    return found


def gaps(scale: Scale, claimed: pd.DataFrame) -> list[str]:
    """A line for each search with a relaxed model: how far hardened designs are from what it claimed."""
    return [
        f"- {name}, budget {share:g}: {all_spelt(scale.objectives, own)}; {own.rounded_feasible.mean():.0%} feasible after rounding"
        for (name, share), own in claimed.groupby(["searcher", "share"])
    ]


def markdown(config: Config, scale: Scale, found: pd.DataFrame, first: str, figures: list[str], gaps: list[str]) -> str:
    """The report."""
    head = _head(first)
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(cells) + " |" for cells in _cells(found)]
    images = [f"![{name}](figures/{name}.png)" for name in figures]
    title = f"# {config.name}: searchers compared"
    where = f"Reference point: {scale.reference_point()}. Config {config.hash()}."
    relaxed = [f"{GAPS}\n\n" + "\n".join(gaps)] if gaps else []
    return "\n\n".join([title, EXPLANATION.strip(), where, "\n".join(lines), *relaxed, *images]) + "\n"


def _head(first: str) -> list[str]:
    return ["budget", "searcher", "seeds", "hypervolume (95 %)", "gap", "IGD+", f"{first} minus it", "p (Holm)", "effect", "seconds"]


def terminal(found: pd.DataFrame, first: str, name: str) -> Table:
    """The same table for the terminal."""
    table = Table(title=f"{name}: hypervolume of hardened, test-measured designs")
    for head in _head(first):
        table.add_column(head, justify="left" if head == "searcher" else "right")
    for cells in _cells(found):
        table.add_row(*cells)
    return table


def _cells(found: pd.DataFrame) -> list[list[str]]:
    rows = []
    for _, row in found.iterrows():
        # the first searcher is not compared with itself, nor any where only one has run
        paired = "difference" in row and pd.notna(row.difference)
        versus = [f"{row.difference:+.4f}", f"{row.p_holm:.3g}", f"{row.rank_biserial:+.2f}"] if paired else ["", "", ""]
        volume = f"{row['median']:.4f} ({row.low:.4f} to {row.high:.4f})"
        distance = [f"{row.gap:.1%}", f"{row.igd_plus:.4f}"]
        rows.append([f"{row.share:g}", row.searcher, f"{row.seeds:g}", volume, *distance, *versus, f"{row.seconds:.0f}"])
    return rows
