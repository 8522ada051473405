"""From the store to what people read: tables, figures, report; made again at any time."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from search.errors import UserError, nearest
from search.problem.config import Config
from search.results import prices, recommend
from search.results.view import View
from search.study.store.files import write_text
from search.study.store.store import Store
from search.study.store.tables import Tables, reading


def publish(store: Store) -> Path:
    """All exports from the store of a study of one unit: CSV files, figures, report.

    Returns:
        The report's path.
    """
    # matplotlib and plotly only where something is drawn: printing designs does without them
    from search.results import plots, report

    tables = store.tables
    stored = tables.units()[0]
    unit = stored.unit
    config = Config.model_validate(dict(unit.config))
    view = View.stored(tables, unit)
    drawn = tables.drawn(unit.name)
    designs = prices.with_prices(view, view.with_front(tables.designs()), drawn)
    shown = recommend.choose(designs, view)
    hung_on = prices.influential(designs, drawn, _fact(tables, "constants"), "" if shown is None else str(shown.design))
    breakdown, history, failed = tables.breakdown(), tables.history(), tables.failed()
    held = {"config_hash": unit.name, "seed": config.seed, **stored.provenance}
    write_text(store.folder / "provenance.json", json.dumps(held, indent=2) + "\n")
    store.export("designs", designs)
    store.export("pareto", view.ordered(designs[designs.on_front]))
    store.export("breakdown", breakdown)
    store.export("history", history)
    store.export("failed", failed)
    store.export("prices", hung_on)
    plots.draw_all(store.folder, view, designs, breakdown, history)
    path = store.folder / "report.html"
    write_text(path, report.render(config, unit.name, view, designs, breakdown, history, failed, hung_on, _fact(tables, "spent")))
    return path


def republish(folder: Path) -> Path:
    """The exports of a result folder, made again.

    Raises:
        UserError: no finished study there.
    """
    with Store(_finished(folder)) as store:
        return publish(store)


def designs_json(folder: Path, design: str | None) -> str:
    """Measured designs of a result folder as JSON.

    Raises:
        UserError: no finished study there, or no such design.
    """
    designs = pd.read_csv(_finished(folder) / "designs.csv")
    if design is not None:
        if design not in set(designs.design):
            raise UserError(f"{folder} has no design {design!r}{nearest(design, list(designs.design))}")
        designs = designs[designs.design == design]
    # pandas' default of 10 digits would round
    return designs.to_json(orient="records", indent=2, double_precision=15)


def summary(folder: Path) -> str:
    """The recommendation, for the terminal."""
    # from the export, as the store is closed by then
    return recommend.sentence(pd.read_csv(folder / "designs.csv"), _view(folder))


def infeasible(folder: Path) -> str | None:
    """Why a finished study found no feasible design, or None where it did."""
    return recommend.infeasible(pd.read_csv(folder / "designs.csv"), _view(folder))


def _fact(tables: Tables, key: str) -> dict[str, Any]:
    """What a study of one unit holds under a name; empty where it holds nothing."""
    return json.loads(next(iter(tables.facts(key).values()), "{}"))


def _view(folder: Path) -> View:
    with reading(folder) as tables:
        return View.stored(tables, tables.units()[0].unit)


def _finished(folder: Path) -> Path:
    if not (folder / "designs.csv").exists():
        raise UserError(f"{folder} holds no finished study (a folder that `codesign run` has written)")
    return folder
