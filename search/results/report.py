"""The report: one HTML file that opens offline, from the store's tables."""

import html
from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from codesign.units import show
from search.designs import claim
from search.objectives.constraint import spell
from search.objectives.registry import AbstractObjective
from search.problem.config import Config
from search.results.page import page, table
from search.results.plots import scale_of
from search.results.recommend import choose, nearest, sentence
from search.results.view import View


def render(
    config: Config,
    unit: str,
    view: View,
    designs: pd.DataFrame,
    breakdown: pd.DataFrame,
    history: pd.DataFrame,
    failed: pd.DataFrame,
    hung_on: pd.DataFrame,
    spent: Mapping[str, Any],
) -> str:
    """The whole page of one unit, by its name."""
    chosen = choose(designs, view)
    # a study without a feasible design has a report too
    shown = chosen if chosen is not None else nearest(designs)
    # the first chart brings plotly's script along, for all: the page opens offline
    charts = "".join(
        _pareto_chart(view, objective, designs).to_html(full_html=False, include_plotlyjs=first, config={"displaylogo": False})
        for objective, first in zip(view.against, [True] + [False] * len(view.against), strict=False)
    )
    body = f"""<p class="note">{subtitle(config, unit)}</p>
<p class="build">{html.escape(sentence(designs, view))}</p>
<h2>The front</h2>
<p>Every point is a legal, hardened design, measured with the exact cost model on the test data and {int(designs.chips.max())} simulated
noisy chips. Bars: one standard deviation over the chips. The recommended design is one of the front, chosen by validation data.</p>
{charts}
<div class="wide">{_designs_table(view, designs[designs.on_front | (designs.design == shown.design)], shown.design)}</div>
<h2>Where the energy of {html.escape(str(shown.design))} goes</h2>
<div class="wide">{_breakdown_table(breakdown[breakdown.design == shown.design])}</div>
{_prices_section(designs, hung_on, str(shown.design))}
{_gap_section(view, designs, spent)}
{_failed_section(failed)}
{_history_section(history)}"""
    return page(config.name, body)


def subtitle(config: Config, digits: str) -> str:
    """What was searched, for the head of the page; every value may be of the user's own."""
    chip = f"{config.hardware.kind} in {config.hardware.technology_text}"
    return html.escape(f"{config.data.name} · {config.network.kind} · {chip} · seed {config.seed} · config {digits}")


def gap_note(view: View, designs: pd.DataFrame, spent: Mapping[str, Any]) -> str:
    """Median and worst gap, feasibility after rounding and in the end, and what the search cost."""
    gaps = claim.all_spelt(list(view.objectives), view.claimed(designs))
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


def _pareto_chart(view: View, objective: AbstractObjective, designs: pd.DataFrame) -> go.Figure:
    figure = go.Figure()
    x, y = scale_of(view.cost), scale_of(objective)
    ordered = view.ordered(designs)
    for name, part, colour in (("dominated", ordered[~ordered.on_front], "#aaa"), ("front", ordered[ordered.on_front], "#1f77b4")):
        # plotly reads marks in texts of its own, and options have names of their makers
        texts = [
            "<br>".join([f"<b>{html.escape(str(d.design))}</b>", *(html.escape(f"{k}: {v}") for k, v in view.settings(d).items())])
            for _, d in part.iterrows()
        ]
        # in per cent, the unit of an error's axis; only errors are known chip by chip
        spread = {"type": "data", "array": (part.error_std * 100).tolist()} if objective.name == "error" else None
        figure.add_scatter(
            x=(part[view.cost.column] * x.factor).tolist(),
            y=(part[objective.column] * y.factor).tolist(),
            error_y=spread,
            mode="lines+markers" if name == "front" and len(view.objectives) == 2 else "markers",
            line={"shape": "hv"},  # a staircase: between two designs only the one on the left is to be had
            marker={"color": colour, "size": 9},
            name=name,
            hovertext=texts,
        )
    figure.update_layout(template="plotly_white", height=430, margin={"t": 20, "b": 40})
    figure.update_xaxes(type="log" if x.logarithmic else "linear", title=html.escape(x.label))
    figure.update_yaxes(type="log" if y.logarithmic else "linear", title=html.escape(f"{y.label}, test"))
    return figure


def _history_section(history: pd.DataFrame) -> str:
    """The course of a search by gradients; others have none step by step."""
    if history.empty:
        return ""
    figure = go.Figure()
    # the hypervolume is the same in the rows of all members
    by_step = history.groupby("step").agg(volume=("relaxed_hypervolume", "mean"), loss=("loss", "mean"))
    figure.add_scatter(x=by_step.index.tolist(), y=by_step.volume.tolist(), name="hypervolume (relaxed, training)")
    figure.add_scatter(x=by_step.index.tolist(), y=by_step.loss.tolist(), name="mean training loss [nat]")
    figure.update_layout(template="plotly_white", height=300, margin={"t": 20, "b": 40}, xaxis_title="step")
    chart = figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False})
    return f"""<h2>The course of the search</h2>
{chart}
<p class="note">Relaxed values on training batches; they show the course only and are no results.</p>"""


def _designs_table(view: View, part: pd.DataFrame, chosen: str) -> str:
    front = view.ordered(part)
    others = [o for o in view.objectives if o.name not in ("error", "energy", "latency", "area")]
    head = ["design", "test error", *(o.name.replace("_", " ") for o in others), "energy", "latency", "area"]
    head += [n.replace("_", " ") for n in view.parameters]
    rows = [
        [
            d.design,
            f"{d.error_mean:.2%} ± {d.error_std:.2%}",
            *(spell(o, d[o.column]) for o in others),
            show(d.energy_pj, "pJ"),
            show(d.latency_ns, "ns"),
            show(d.area_um2, "um2"),
            *view.settings(d).values(),
        ]
        for _, d in front.iterrows()
    ]
    return table(head, rows, chosen)


def _breakdown_table(part: pd.DataFrame) -> str:
    energy = part[part.energy_pj.notna()].pivot_table(index="component", columns="layer", values="energy_pj", aggfunc="sum", sort=False)
    energy["all layers"] = energy.sum(axis=1)
    total = energy["all layers"].sum()
    area = part[part.area_um2.notna()].set_index("component").area_um2
    rows = [
        [str(component), *(show(v, "pJ") for v in values), f"{values['all layers'] / total:.1%}", show(area.get(component, 0.0), "um2")]
        for component, values in energy.iterrows()
    ]
    rows.append(["total", *(show(v, "pJ") for v in energy.sum()), "100 %", show(area.sum(), "um2")])
    latency = part[part.latency_ns.notna()].set_index("layer").latency_ns
    # the column of all layers is no layer and gets the sum
    rows.append(["latency", *(show(latency.get(c, latency.sum()), "ns") for c in energy.columns), "", ""])
    return table(["component", *energy.columns, "share", "area"], rows)


def _gap_section(view: View, designs: pd.DataFrame, spent: Mapping[str, Any]) -> str:
    """What the relaxed model claimed and what was measured; of designs that nothing was claimed of, only how many are feasible."""
    note, own = html.escape(gap_note(view, designs, spent)), view.claimed(designs)
    if own.empty:
        return f"<p>{note}</p>"
    return f"""<h2>Relaxed against hardened</h2>
<p>{note} Rounded: the best legal corner, before polish and fine-tuning.</p>
<div class="wide">{_gap_table(view, own)}</div>"""


def _gap_table(view: View, own: pd.DataFrame) -> str:
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


def _prices_section(designs: pd.DataFrame, hung_on: pd.DataFrame, chosen: str) -> str:
    """How sure the joules and the verdict are."""
    if hung_on.empty or "front_probability" not in designs:
        return ""
    own = designs[designs.design == chosen].iloc[0]
    rows = [
        [c.constant, f"{c.value:.3g} {c.unit}", f"{c.low:.3g} to {c.high:.3g}", f"{c.elasticity:+.2f}", f"{c['shift']:.1f} %", c.source]
        for _, c in hung_on.iterrows()
    ]
    head = ["constant", "value", "80 % interval", "d ln energy / d ln constant", "moves designs apart by", "source"]
    return f"""<h2>How sure the prices are</h2>
<p>Every constant was drawn 256 times from its interval, the same draws for all designs. {html.escape(chosen)} takes
{show(own.energy_pj_p10, "pJ")} to {show(own.energy_pj_p90, "pJ")} (80 %), and is on the front in
{own.front_probability:.0%} of the draws. The constants that could change the verdict most, and by how much one standard deviation moves
two designs of the front against each other:</p>
<div class="wide">{table(head, rows)}</div>"""


def _failed_section(failed: pd.DataFrame) -> str:
    if failed.empty:
        return ""
    rows = [[str(f.member), str(f.stage), str(f.reason)] for _, f in failed.iterrows()]
    listed = table(["member", "stage", "reason"], rows)
    return f"<h2>Failed members</h2><p>Given up after a restart; they touched no other member.</p>{listed}"
