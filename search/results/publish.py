"""From the store to what people read: tables, figures, report; made again at any time."""

import json
from pathlib import Path

import pandas as pd

from search.errors import UserError, nearest
from search.problem import config as configs
from search.problem.config import Config
from search.results import prices, recommend
from search.results.cells import plain
from search.results.view import View
from search.study.store import Store, write_text


def publish(store: Store, config: Config) -> Path:
    """All exports from a store: CSV files, figures, report.

    Returns:
        The report's path.
    """
    # matplotlib and plotly only where something is drawn: printing designs does without them
    from search.results import plots, report

    view = View.of(config)
    drawn = store.drawn()
    designs = prices.with_prices(view, view.with_front(store.designs()), drawn)
    shown = recommend.choose(designs, view)
    hung_on = prices.influential(designs, drawn, json.loads(store.get("constants") or "{}"), "" if shown is None else str(shown.design))
    breakdown, history, failed = store.breakdown(), store.history(), store.failed()
    store.export("designs", plain(designs))
    store.export("pareto", plain(view.ordered(designs[designs.on_front])))
    store.export("breakdown", plain(breakdown))
    store.export("history", plain(history))
    store.export("failed", plain(failed))
    store.export("prices", plain(hung_on))
    plots.draw_all(store.folder, view, designs, breakdown, history)
    path = store.folder / "report.html"
    write_text(path, report.render(config, view, designs, breakdown, history, failed, hung_on, store.spent()))
    return path


def republish(folder: Path) -> Path:
    """The exports of a result folder, made again.

    Raises:
        UserError: no finished study there.
    """
    config = configs.read(_finished(folder) / "config.yaml").config
    with Store(folder) as store:
        return publish(store, config)


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


def _view(folder: Path) -> View:
    return View.of(configs.read(folder / "config.yaml").config)


def _finished(folder: Path) -> Path:
    if not (folder / "designs.csv").exists():
        raise UserError(f"{folder} holds no finished study (a folder that `codesign run` has written)")
    return folder
