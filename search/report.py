"""The report: one HTML file that opens offline, from the store's tables."""

import html

import pandas as pd
import plotly.graph_objects as go

from codesign.units import show
from search.config import Config
from search.recommend import choose, sentence, settings_of

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1060px; margin: 2em auto; padding: 0 1em; color: #1b1b1b; }
h1 { margin-bottom: 0; } .build { background: #eef5ee; border-left: 4px solid #3a7d44; padding: .8em 1em; font-size: 1.1em; }
table { border-collapse: collapse; font-size: .86em; } td, th { padding: .25em .7em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; } .wide { overflow-x: auto; } .note { color: #555; font-size: .9em; }
tr.chosen td { background: #eef5ee; font-weight: 600; }
"""


def render(config: Config, designs: pd.DataFrame, breakdown: pd.DataFrame, history: pd.DataFrame) -> str:
    """The whole page."""
    chosen = choose(designs)
    shown = chosen if chosen is not None else designs.sort_values("error_mean").iloc[0]
    own = designs[designs.origin == "member"]
    gap_note = (
        f"Median gap between what the relaxed model claimed and what the hardened chip measured: "
        f"{(own.gap_energy.median() - 1) * 100:+.1f} % energy, {own.gap_error.median() * 100:+.2f} points of error "
        f"(worst {(own.gap_energy.max() - 1) * 100:+.1f} %, {own.gap_error.max() * 100:+.2f} points). "
        f"{designs.feasible.mean():.0%} of the measured designs meet the constraints."
        if len(own) and own.gap_energy.notna().any()
        else ""
    )
    chart = _pareto_chart(designs).to_html(full_html=False, include_plotlyjs=True, config={"displaylogo": False})
    history_chart = _history_chart(history).to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False})
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(config.name)} - codesign</title><style>{_STYLE}</style></head><body>
<h1>{html.escape(config.name)}</h1>
<p class="note">{html.escape(config.data.name)} · {config.network.kind} · {config.hardware.kind} in
{html.escape(config.hardware.technology)} · seed {config.seed} · config {config.hash()}</p>
<p class="build">{html.escape(sentence(designs))}</p>
<h2>The front</h2>
<p>Every point is a legal, hardened design, measured with the exact cost model on the test data and {int(designs.chips.max())} simulated
noisy chips. Bars: one standard deviation over the chips. The recommended design is chosen by validation data alone.</p>
{chart}
<div class="wide">{_designs_table(designs[designs.on_front | (designs.design == shown.design)], shown.design)}</div>
<h2>Where the energy of {html.escape(str(shown.design))} goes</h2>
<div class="wide">{_breakdown_table(breakdown[breakdown.design == shown.design])}</div>
<h2>Relaxed against hardened</h2>
<p>{gap_note} Rounded: the best legal corner, before polish and fine-tuning.</p>
<div class="wide">{_gap_table(own)}</div>
<h2>The course of the search</h2>
{history_chart}
<p class="note">Relaxed values on training batches; they show the course only and are no results.</p>
</body></html>
"""


def _pareto_chart(designs: pd.DataFrame) -> go.Figure:
    figure = go.Figure()
    ordered = designs.sort_values("energy_pj")
    for name, part, colour in (("dominated", ordered[~ordered.on_front], "#aaa"), ("front", ordered[ordered.on_front], "#1f77b4")):
        texts = ["<br>".join([f"<b>{d.design}</b>", *(f"{k}: {v}" for k, v in settings_of(d).items())]) for _, d in part.iterrows()]
        figure.add_scatter(
            x=(part.energy_pj / 1e3).tolist(),
            y=(part.error_mean * 100).tolist(),
            error_y={"type": "data", "array": (part.error_std * 100).tolist()},
            mode="lines+markers" if name == "front" else "markers",
            line={"shape": "hv"},
            marker={"color": colour, "size": 9},
            name=name,
            hovertext=texts,
        )
    figure.update_layout(template="plotly_white", height=430, margin={"t": 20, "b": 40}, yaxis_title="test error [%]")
    figure.update_xaxes(type="log", title="energy per inference [nJ]")
    return figure


def _history_chart(history: pd.DataFrame) -> go.Figure:
    figure = go.Figure()
    by_step = history.groupby("step").agg(volume=("relaxed_hypervolume", "mean"), loss=("loss", "mean"))
    figure.add_scatter(x=by_step.index.tolist(), y=by_step.volume.tolist(), name="hypervolume (relaxed, training)")
    figure.add_scatter(x=by_step.index.tolist(), y=by_step.loss.tolist(), name="mean training loss [nat]")
    figure.update_layout(template="plotly_white", height=300, margin={"t": 20, "b": 40}, xaxis_title="step")
    return figure


def _designs_table(part: pd.DataFrame, chosen: str) -> str:
    front = part.sort_values("energy_pj")
    names = list(settings_of(front.iloc[0])) if len(front) else []
    head = ["design", "test error", "energy", "latency", "area", *(n.replace("_", " ") for n in names)]
    rows = [
        [
            d.design,
            f"{d.error_mean:.2%} ± {d.error_std:.2%}",
            show(d.energy_pj, "pJ"),
            show(d.latency_ns, "ns"),
            show(d.area_um2, "um2"),
            *settings_of(d).values(),
        ]
        for _, d in front.iterrows()
    ]
    return _table(head, rows, chosen)


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
    rows.append(["latency", *(show(latency.get(c, latency.sum()), "ns") for c in energy.columns), "", ""])
    return _table(["component", *energy.columns, "share", "area"], rows)


def _gap_table(own: pd.DataFrame) -> str:
    head = [
        "design",
        "relaxed energy",
        "rounded",
        "measured",
        "ratio",
        "relaxed error (validation)",
        "rounded (validation)",
        "measured (test)",
    ]
    rows = [
        [
            d.design,
            show(d.relaxed_energy_pj, "pJ"),
            show(d.rounded_energy_pj, "pJ"),
            show(d.energy_pj, "pJ"),
            f"{d.gap_energy:.3f}",
            f"{d.relaxed_error:.2%}",
            f"{d.rounded_error:.2%}",
            f"{d.error_mean:.2%}",
        ]
        for _, d in own.iterrows()
    ]
    return _table(head, rows)


def _table(head: list[str], rows: list[list[str]], chosen: str | None = None) -> str:
    body = "".join(
        f"<tr{' class=chosen' if chosen is not None and row[0] == chosen else ''}>"
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{''.join(f'<th>{html.escape(str(cell))}</th>' for cell in head)}</tr>{body}</table>"
