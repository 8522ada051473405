"""From the store to what people read: tables, figures, report; made again at any time."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from search.errors import UserError, nearest
from search.problem.config import Config
from search.results import prices, recommend
from search.results.groups import groups_of
from search.results.view import View
from search.study.store.files import write_text
from search.study.store.store import Store
from search.study.store.tables import DATABASE, Tables, reading
from search.study.unit import State


def publish(store: Store) -> Path:
    """All exports from the store of a study of one unit: CSV files, figures, report.

    Returns:
        The report's path.
    """
    # matplotlib and plotly only where something is drawn: printing designs does without them
    from search.results import plots
    from search.results.page import study

    tables = store.tables
    stored = tables.units()[0]
    unit = stored.unit
    config = Config.model_validate(dict(unit.config))
    view = View.stored(tables, unit)
    designs, drawn = designs_of(tables), tables.drawn(unit.name)
    shown = recommend.choose(designs, view)
    hung_on = prices.influential(designs, drawn, _fact(tables, "constants"), "" if shown is None else str(shown.design))
    breakdown, history, failed = tables.breakdown(), tables.history(), tables.failed()
    held = {"config_hash": unit.name, "seed": config.seed, **stored.provenance}
    write_text(store.folder / "provenance.json", json.dumps(held, indent=2) + "\n")
    store.export("designs", designs)
    store.export("pareto", view.ordered(designs[designs.on_front]))
    store.export("breakdown", breakdown)
    # an empty table without columns would be a file that nobody can read
    for name, table in (("history", history), ("failed", failed)):
        if len(table):
            store.export(name, table)
    store.export("prices", hung_on)
    plots.draw_all(store.folder, view, designs, breakdown, history)
    path = store.folder / "report.html"
    write_text(path, study.render(tables, groups_of(tables), config.name))
    return path


def designs_of(tables: Tables) -> pd.DataFrame:
    """Measured designs of a study of one unit with all that its exports say of them.

    Raises:
        UserError: there are none yet.
    """
    unit, designs = tables.units()[0].unit, tables.designs()
    if designs.empty:
        raise UserError(f"{tables.folder} holds no finished study (a folder that `codesign run` has written)")
    view = View.stored(tables, unit)
    return prices.with_prices(view, view.with_front(designs), tables.drawn(unit.name))


def republish(folder: Path) -> Path:
    """The exports of a result folder, of one unit or of a sweep, made again.

    Raises:
        UserError: no study there, an unfinished one, or a comparison.
    """
    # plotly only where something is drawn
    from search.results import sweep

    if not (folder / DATABASE).exists():
        raise UserError(f"{folder} holds no study (a folder that `codesign run` or `sweep` has written)")
    with Store(folder) as store:
        kind = store.tables.get("kind")
        if kind == "compare":
            raise UserError(f"{folder} holds a comparison: the same `codesign compare` makes its tables again, and runs what is missing")
        if kind == "sweep":
            return sweep.publish(store)
        if not any(stored.state == State.DONE for stored in store.tables.units()):
            raise UserError(f"{folder} holds no finished study (continue it with `codesign run CONFIG --resume`)")
        return publish(store)


def designs_json(folder: Path, design: str | None) -> str:
    """Measured designs of a result folder as JSON, those of all units of a sweep; from the store, whatever became of the tables beside it.

    Raises:
        UserError: no finished study there, or no such design.
    """
    from search.results import sweep

    with reading(folder) as tables:
        designs = designs_of(tables) if tables.get("kind") == "run" else sweep.designs_of(tables)
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
