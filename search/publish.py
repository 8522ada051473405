"""From the store to what people read: tables, figures, report; made again at any time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from search import config as configs
from search import objective
from search.config import Config
from search.errors import UserError, nearest
from search.pareto import non_dominated
from search.recommend import sentence
from search.store import Store, write_text


def publish(store: Store, config: Config) -> Path:
    """All exports from a store: CSV files, figures, report.

    Returns:
        The report's path.
    """
    from search import plots, report

    designs = with_front(store.designs(), [objective.find(name).column for name in config.objectives])
    breakdown, history = store.breakdown(), store.history()
    store.export("designs", designs)
    store.export("pareto", designs[designs.on_front].sort_values("energy_pj"))
    store.export("breakdown", breakdown)
    store.export("history", history)
    plots.draw_all(store.folder, designs, breakdown, history)
    path = store.folder / "report.html"
    write_text(path, report.render(config, designs, breakdown, history))
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
    return designs.to_json(orient="records", indent=2, double_precision=15)


def summary(folder: Path) -> str:
    """The recommendation, for the terminal."""
    return sentence(pd.read_csv(folder / "designs.csv"))


def _finished(folder: Path) -> Path:
    if not (folder / "designs.csv").exists():
        raise UserError(f"{folder} holds no finished study (a folder that `codesign run` has written)")
    return folder


def with_front(designs: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Designs with `on_front`: feasible, and beaten by no other feasible one in the measured objectives' columns."""
    values = designs[list(columns)].to_numpy(np.float64, copy=True)
    values[~designs.feasible.to_numpy(bool)] = np.nan
    return designs.assign(on_front=non_dominated(values))
