"""What a page says in plain text around its charts: where it comes from, how sure prices are, claims, failures."""

import html
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from codesign.units import show
from search.designs import claim
from search.objectives.constraint import spell
from search.problem.config import Config
from search.results import exactness
from search.results.page.document import figure, section, table
from search.results.view import View

LISTED: Final = 300  # lines that somebody may read; designs.csv has all
RELAXED: Final = """<p>The search itself looks at <em>relaxed</em> designs: whole numbers and choices count as if anything between them
existed, so that a gradient can say where to go. Each was then <em>hardened</em>: set to values that can be built, trained a little more,
and measured again. On the dotted line, a claim was true; below it, the measured design is better than was claimed.</p>"""

PLAIN: Final = """<p>The same data without a search: the network of the recommended design with plain values and fixed bits on the same
chip, and a plain model without any chip. In the charts those with a chip are drawn as stars.</p>"""

SOLVED: Final = """<p>While searching, wires are a closed form and the devices of a weight count as one. Recommended designs, and others of
the front, were measured once more with every device drawn and the circuit of each array solved. The gap is against the search's form of
the same devices, on the same samples, so no luck of a draw is in it; below a point the search's numbers can be taken as they are.</p>"""


def subtitle(config: Config, digits: str) -> str:
    """What was searched, for the head of the page; every value may be of the user's own."""
    chip = f"{config.hardware.kind} in {config.hardware.technology_text}"
    return html.escape(f"{config.data.name} · {config.network.kind} · {chip} · seed {config.seed} · config {digits}")


def solved(designs: pd.DataFrame, view: View) -> str:
    """Designs that were measured with their wires solved; nothing where none was."""
    found = view.ordered(exactness.measured(designs)).head(LISTED)
    if found.empty:
        return ""
    rows = [
        [
            str(d.design),
            f"{d.error_mean:.2%}",
            f"{d.error_exact:.2%} ± {d.error_exact_std:.2%}",
            f"{exactness.points(d.exact_gap)} ± {100 * d.exact_gap_se:.1f}",
            str(d.exact_wires),
            f"{int(d.exact_chips)} chips, {int(d.exact_samples)} samples",
        ]
        for _, d in found.iterrows()
    ]
    at = int(found.exact_gap.abs().to_numpy(np.float64).argmax())
    most = f"<p>Largest gap: {exactness.points(float(found.exact_gap.iloc[at]))} ({html.escape(str(found.design.iloc[at]))}).</p>"
    head = ["design", "test error", "wires solved", "gap", "solver", "measured on"]
    return section("With wires solved", SOLVED + most + table(head, rows))


def baselines(found: Sequence[Mapping[str, Any]] | None, design: "pd.Series[Any]", designs: pd.DataFrame) -> str:
    """Other models on the same data; what could not be done says why.

    Args:
        found: as units store them; None for none.
        design: that is recommended.
        designs: all that were measured beside it.
    """
    if not found:
        return ""
    rows = [_baseline(one) for one in found]
    better = "".join(f"<p><strong>{html.escape(text)}</strong></p>" for text in [*_beaten(found, design), *_unbeaten(found, designs)])
    return section("Against plain models", PLAIN + better + table(["model", "test error", "energy", "latency", "area", "remark"], rows))


def _beaten(found: Sequence[Mapping[str, Any]], design: "pd.Series[Any]") -> list[str]:
    """Baselines that answer better and cost less than the recommended design: what somebody should know before it is built."""
    return [
        f"The {one['name']} beats {design.design}: test error {one['test_error']:.2%} against {design.error_mean:.2%}, "
        f"energy {show(one['energy_pj'], 'pJ')} against {show(design.energy_pj, 'pJ')}."
        for one in found
        if one.get("energy_pj") is not None and one["test_error"] < design.error_mean and one["energy_pj"] < design.energy_pj
    ]


def _unbeaten(found: Sequence[Mapping[str, Any]], designs: pd.DataFrame) -> list[str]:
    """Baselines that would be on the front."""
    priced = [one for one in found if one.get("energy_pj") is not None]
    better = [(designs.error_mean <= one["test_error"]) & (designs.energy_pj <= one["energy_pj"]) for one in priced]
    return [
        f"No design here beats the {one['name']}: it would be on the front." for one, by in zip(priced, better, strict=True) if not by.any()
    ]


def _baseline(one: Mapping[str, Any]) -> list[str]:
    def told(key: str, unit: str) -> str:
        return "" if one.get(key) is None else show(one[key], unit)

    error = one.get("test_error")
    spread = f" ± {one['error_std']:.2%}" if one.get("error_std") else ""
    remark = str(one.get("why") or ("no chip" if one.get("energy_pj") is None else ""))
    costs = [told("energy_pj", "pJ"), told("latency_ns", "ns"), told("area_um2", "um2")]
    return [str(one.get("name", "")), "" if error is None else f"{error:.2%}{spread}", *costs, remark]


def prices(constants: pd.DataFrame, design: "pd.Series[Any]") -> str:
    """How sure the joules and the verdict are.

    Args:
        constants: as `search.results.prices.influential` gives them.
        design: that is recommended.
    """
    if constants.empty or "front_probability" not in design:
        return ""
    rows = [
        [
            c.constant,
            f"{c.value:.3g} {'' if c.unit == '1' else c.unit}",
            f"{c.low:.3g} to {c.high:.3g}",
            f"{c.elasticity:+.2f}",
            f"{c['shift']:.1f} %",
            c.source,
        ]
        for _, c in constants.iterrows()
    ]
    head = ["constant", "value", "80 % interval", "d ln energy / d ln constant", "moves designs apart by", "source"]
    text = f"""<p>Every constant was drawn 256 times from its interval, the same draws for all designs. {html.escape(str(design.design))}
takes {show(design.energy_pj_p10, "pJ")} to {show(design.energy_pj_p90, "pJ")} (80 %), and is on the front in
{design.front_probability:.0%} of the draws. The constants that could change the verdict most, by how much one standard deviation moves
two designs of the front against each other:</p>"""
    chart = figure("sensitivity", "how much each constant moves designs apart; the table below has the numbers")
    return section("How sure the prices are", text + chart + table(head, rows, "sources"))


def claims(view: View, designs: pd.DataFrame, claimed: pd.DataFrame, spent: Mapping[str, Any]) -> str:
    """What the relaxed model claimed and what was measured; of designs that nothing was claimed of, only how many are feasible.

    Args:
        view: objectives.
        designs: measured.
        claimed: those that something was claimed of.
        spent: what the search cost, by name.
    """
    note = html.escape(gap_note(view, designs, claimed, spent))
    if claimed.empty:
        return f'<section><p class="note">{note}</p></section>'
    label = "claims about {} against measurements; the table below has them"
    charts = "".join(figure(f"gap {objective.name}", label.format(objective.name)) for objective in view.objectives)
    listed = f"<details><summary>Claims of each design</summary>{_claims(view, claimed.head(LISTED))}</details>"
    return section("Relaxed against hardened", f'{RELAXED}<p class="note">{note}</p><div class="row">{charts}</div>{listed}')


def gap_note(view: View, designs: pd.DataFrame, claimed: pd.DataFrame, spent: Mapping[str, Any]) -> str:
    """Median and worst gap, feasibility after rounding and in the end, and what the search cost."""
    gaps = claim.all_spelt(list(view.objectives), claimed) if len(claimed) else ""
    note = f"Median (worst) gap between what the relaxed model claimed and what the hardened chip measured: {gaps}. " if gaps else ""
    # a searcher with a budget says only what it spent of that
    if "minibatches" in spent:
        note += (
            f"{spent['feasible_after_rounding']:.0%} of the members met the constraints after rounding; scouting and polish scored "
            f"{spent['polish_evaluations']} designs. The search spent {spent['minibatches']} minibatches "
            f"({spent['training_sample_steps'] / 1e6:.3g} million training samples x time steps). {_skipped_note(spent)}"
        )
    return note + f"{designs.feasible.mean():.0%} of the measured designs meet the constraints."


def _skipped_note(spent: Mapping[str, Any]) -> str:
    """How many updates were lost to values that are not finite; nothing to say where none were."""
    skipped = spent.get("skipped_updates", 0)
    if not skipped:
        return ""
    return f"{skipped} updates were left out because a gradient was not finite ({skipped / spent['updates']:.2%} of all). "


def _claims(view: View, own: pd.DataFrame) -> str:
    head = ["design"]
    for objective in view.objectives:
        name = objective.name.replace("_", " ")
        head += [f"relaxed {name} (validation)", "rounded (validation)", "measured (test)", "ratio" if objective.logarithmic else "gap"]
    rows = []
    for _, d in own.iterrows():
        row = [str(d.design)]
        for o in view.objectives:
            row += [spell(o, d[f"{stage}{o.column}"]) for stage in ("relaxed_", "rounded_", "")]
            row.append(f"{d[f'gap_{o.name}']:.3f}")
        rows.append(row)
    return table(head, rows)


def course(drawn: bool) -> str:
    """The course of a search by gradients; others have none step by step."""
    if not drawn:
        return ""
    text = '<p class="note">Relaxed values on training batches; they show the course only and are no results.</p>'
    return section("The course of the search", figure("history", "hypervolume, loss and cost over the steps of the search") + text)


def failed(found: pd.DataFrame) -> str:
    """Members that were given up."""
    if found.empty:
        return ""
    rows = [[str(f.member), str(f.stage), str(f.reason)] for _, f in found.iterrows()]
    text = "<p>Given up after a restart; they touched no other member.</p>"
    return section("Failed members", text + table(["member", "stage", "reason"], rows))
