"""From the units of a comparison to tables: hypervolume, distance to the best known front, paired statistics."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from search.compare.statistics import cliffs_delta, holm, median_interval, rank_biserial, wilcoxon
from search.designs.claim import Claim
from search.objectives import registry as objective
from search.objectives.pareto import hypervolume, inverted_generational_distance, non_dominated
from search.problem.config import Config

Results = list[dict[str, Any]]


class Scale:
    """Objectives on scales where 0 is best and 1 is worth nothing, the same for all units."""

    def __init__(self, config: Config, results: Results) -> None:
        self.objectives = [objective.find(name) for name in config.objectives]
        self.references: list[float] = results[0]["references"]

    def shares(self, values: Any) -> NDArray[np.float64]:
        """`[designs, objectives]` of reported values."""
        values = np.asarray(values, np.float64).reshape(-1, len(self.objectives))
        columns = [o.share(values[:, i], self.references[i]) for i, o in enumerate(self.objectives)]
        # better than the box is as good as its best; worse than it is left out by the hypervolume itself
        return np.clip(np.stack(columns, axis=1), 0, None)

    def volume(self, values: Any) -> float:
        """Share of the box that designs dominate."""
        return hypervolume(self.shares(values), np.ones(len(self.objectives))) if len(values) else 0.0

    def reference_point(self) -> str:
        """Where nothing is worth anything, for people."""
        pairs = zip(self.objectives, self.references, strict=True)
        worst = [f"{o.name} {r * 10**o.sign:.3g} {o.unit}" if o.logarithmic else f"{o.name} {o.worst:g}" for o, r in pairs]
        return ", ".join(worst)


def _feasible(unit: dict[str, Any]) -> list[list[float]]:
    return [design["objectives"] for design in unit["designs"] if design["feasible"]]


def best_known(scale: Scale, results: Results) -> NDArray[np.float64]:
    """Front of all designs of all units, as shares."""
    everything = scale.shares([values for unit in results for values in _feasible(unit)])
    return everything[non_dominated(everything)]


def comparison(scale: Scale, results: Results) -> pd.DataFrame:
    """One row per unit; all numbers but `found` and times are of designs measured on test data."""
    known = best_known(scale, results)
    # where nothing is feasible all volumes are 0, and all gaps 1
    best = hypervolume(known, np.ones(known.shape[1])) if len(known) else 1.0
    rows = []
    for unit in results:
        values = _feasible(unit)
        volume = scale.volume(values)
        row = {name: unit[name] for name in ("searcher", "seed", "share", "budget", "spent", "seconds", "processor_seconds", "found")}
        row |= {"measured": len(unit["designs"]), "feasible": len(values) / max(len(unit["designs"]), 1), "hypervolume": volume}
        row |= {"hypervolume_gap": 1 - volume / best, "igd_plus": inverted_generational_distance(scale.shares(values), known)}
        for i, o in enumerate(scale.objectives):
            column = [v[i] for v in values]
            row[f"best_{o.column}"] = (min(column) if o.sign > 0 else max(column)) if column else np.nan
        own = claims(scale, [unit])
        row |= {f"gap_{o.name}": own[f"gap_{o.name}"].median() for o in scale.objectives}
        row["rounded_feasible"] = own.rounded_feasible.mean()
        rows.append(row)
    return pd.DataFrame(rows).sort_values(["share", "searcher", "seed"], ignore_index=True)


def claims(scale: Scale, results: Results) -> pd.DataFrame:
    """One row per member of a relaxed search: its objectives relaxed, rounded and hardened, on validation data, and the gap."""
    stages = ("relaxed", "rounded", "hardened")
    names = [f"{stage}_{o.column}" for stage in stages for o in scale.objectives]
    gaps = [f"gap_{o.name}" for o in scale.objectives]
    rows = []
    for unit in results:
        for claim in (Claim(**record) for record in unit.get("claims", [])):
            values = [*claim.relaxed, *claim.rounded, *claim.hardened, *claim.gap(scale.objectives)]
            row = {"searcher": unit["searcher"], "seed": unit["seed"], "share": unit["share"], "rounded_feasible": claim.rounded_feasible}
            rows.append(row | dict(zip(names + gaps, values, strict=True)))
    return pd.DataFrame(rows, columns=["searcher", "seed", "share", "rounded_feasible", *names, *gaps])


def fronts(scale: Scale, results: Results) -> pd.DataFrame:
    """One row per measured design, with `on_front` within its unit."""
    rows = []
    for unit in results:
        values = scale.shares([d["objectives"] for d in unit["designs"]])
        # NaN: on no front, and keeping no other design off it
        values[~np.array([d["feasible"] for d in unit["designs"]], bool)] = np.nan
        for design, on_front in zip(unit["designs"], non_dominated(values), strict=True):
            row = {"searcher": unit["searcher"], "seed": unit["seed"], "share": unit["share"], "on_front": bool(on_front)}
            row |= {o.column: v for o, v in zip(scale.objectives, design["objectives"], strict=True)}
            row |= {f"validation_{o.column}": v for o, v in zip(scale.objectives, design["validation"], strict=True)}
            row |= {"error_std": design["error_std"], "feasible": design["feasible"], "origin": design["origin"]}
            for name, value in design["point"].items():
                row |= {f"{name}[{i}]": v for i, v in enumerate(value)} if isinstance(value, list) else {name: value}
            rows.append(row)
    return pd.DataFrame(rows)


def history(scale: Scale, results: Results, points: int = 40) -> pd.DataFrame:
    """Hypervolume of the legal designs known so far, on validation data, against what was spent."""
    rows = []
    for unit in results:
        # an entry is what was spent, whether feasible, and the objectives
        entries = [entry for entry in unit["course"] if entry[1]]
        # the same points for all units of a budget: curves of seeds are compared point by point
        for spent in np.linspace(0, unit["budget"], points + 1)[1:]:
            values = [entry[2:] for entry in entries if entry[0] <= spent]
            row = {"searcher": unit["searcher"], "seed": unit["seed"], "share": unit["share"], "spent": spent}
            rows.append(row | {"validation_hypervolume": scale.volume(values)})
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame, first: str) -> pd.DataFrame:
    """One row per budget and searcher: median hypervolume with its interval, and how `first` differs from it, paired by seed.

    p-values are Wilcoxon's, adjusted by Holm among the searchers of a budget.
    """
    rows = []
    for share, part in table.groupby("share"):
        wide = part.pivot_table(index="seed", columns="searcher", values="hypervolume")
        others = [name for name in wide.columns if name != first]
        # only seeds that both have finished
        pairs = {name: wide[[first, name]].dropna() for name in others} if first in wide.columns else {}
        p_values = dict(zip(pairs, holm(np.array([wilcoxon(p[first].to_numpy(), p[n].to_numpy()) for n, p in pairs.items()])), strict=True))
        for name in sorted(set(part.searcher)):
            own = part[part.searcher == name]
            volumes = own.hypervolume.to_numpy()
            low, high = median_interval(volumes)
            row = {"share": share, "searcher": name, "seeds": len(own), "median": float(np.median(volumes)), "low": low, "high": high}
            row |= {"gap": float(own.hypervolume_gap.median()), "igd_plus": float(own.igd_plus.median())}
            row |= {"seconds": float(own.seconds.median()), "spent": float(own.spent.median())}
            if name in pairs:
                ours, theirs = pairs[name][first].to_numpy(), pairs[name][name].to_numpy()
                # the median of differences within seeds, not the difference of medians
                row |= {"difference": float(np.median(ours - theirs)), "p_holm": p_values[name]}
                row |= {"rank_biserial": rank_biserial(ours, theirs), "cliffs_delta": cliffs_delta(ours, theirs)}
            rows.append(row)
    return pd.DataFrame(rows).sort_values(["share", "median"], ascending=[True, False], ignore_index=True)
