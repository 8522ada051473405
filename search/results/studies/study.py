"""A result folder in Python: `search.load(folder)`."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import pandas as pd

from search.errors import UserError, nearest
from search.results import recommend
from search.results.groups import Group, groups_of, labelled
from search.results.studies import shown
from search.results.studies.layers import layers_of
from search.results.studies.typed import typed
from search.results.view import View
from search.study.store.tables import Tables, reading

# figures import plotly, designs import JAX: only where they are asked for
if TYPE_CHECKING:
    from search.problem.problem import Problem
    from search.results.figures.plot import Plot
    from search.results.studies.design import MeasuredDesign


def load(folder: str | Path) -> "Study":
    """What a result folder holds, finished or not; it is neither locked nor changed, and may be of a run that goes on.

    Args:
        folder: that `codesign run`, `sweep` or `compare` has written.

    Raises:
        UserError: no study there, or a damaged one.
    """
    # what is not there is told now, and not by the first table
    with reading(Path(folder)):
        return Study(Path(folder))


@final
class Study:
    """A study: one unit, or the many of a sweep or a comparison.

    Every table is a pandas DataFrame, read when it is first asked for; energies in pJ, times in ns, areas in um2, errors as shares of 1.

    Args:
        folder: the result folder.
        only: names of units that are looked at; None for all.
    """

    def __init__(self, folder: Path, only: Collection[str] | None = None) -> None:
        self.folder, self._only = folder, only
        self._problems = dict[str, "Problem"]()

    # tables

    @cached_property
    def units(self) -> pd.DataFrame:
        """A row for each unit: what was varied, its state, how many designs it has, the one that it would build, what it cost."""
        found = [group.rows() for group in self.groups]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["unit", "state"])

    @cached_property
    def designs(self) -> pd.DataFrame:
        """A row for each measured design, as `designs.csv` has it; `on_front` among all units that can be compared."""
        return typed(labelled(self.groups), [dict(stored.unit.config) for group in self.groups for stored in group.units])

    @property
    def front(self) -> pd.DataFrame:
        """The designs that no other one beats, best in cost first."""
        if self.designs.empty:
            return self.designs
        column = self.groups[0].view.cost.column
        return self.designs[self.designs.on_front].sort_values(column, ignore_index=True)

    @cached_property
    def history(self) -> pd.DataFrame:
        """The course of searches by gradients: relaxed values of each member by step."""
        with self._reading() as tables:
            return self._own(tables.history())

    @cached_property
    def hardened(self) -> pd.DataFrame:
        """Hardened members: their points, and what was claimed of them."""
        with self._reading() as tables:
            return self._own(tables.hardened())

    @cached_property
    def failed(self) -> pd.DataFrame:
        """Members that were given up, each with its stage and reason."""
        with self._reading() as tables:
            return self._own(tables.failed())

    def breakdown(self, design: "str | pd.Series[Any] | None" = None, unit: str | None = None) -> pd.DataFrame:
        """Energy [pJ] by layer and component, latency [ns] by layer, area [um2] by component; each column sums to the design's total.

        Args:
            design: a name, or a row of `designs`; None for all.
            unit: the design's, where several have one of that name.

        Raises:
            UserError: no such design.
        """
        with self._reading() as tables:
            if design is None:
                return self._own(tables.breakdown())
            row = self._row(design, unit)
            table = tables.breakdown(str(row.unit))
        return table[table.design == row.design].drop(columns=["unit", "design"]).reset_index(drop=True)

    def layers(self, design: "str | pd.Series[Any]", unit: str | None = None) -> pd.DataFrame:
        """What each layer of a design is, how it is run, its rates, and what it costs: a row for each layer.

        Raises:
            UserError: no such design.
        """
        row = self._row(design, unit)
        with self._reading() as tables:
            return layers_of(row, self.breakdown(row), self.fact("layers", str(row.unit), tables))

    # designs

    def design(self, name: "str | pd.Series[Any]", unit: str | None = None) -> "MeasuredDesign":
        """One design, whose network can be called and whose chip can be priced.

        Args:
            name: such as `d08`, or a row of `designs`.
            unit: the design's, where several have one of that name.

        Raises:
            UserError: no such design, or its name is that of several.
        """
        from search.results.studies.design import MeasuredDesign, Source

        row = self._row(name, unit)
        which = str(row.unit)
        group = next(group for group in self.groups if which in {stored.unit.name for stored in group.units})
        source = Source(self.folder, group.view, partial(self.problem, which), partial(self.breakdown, row), partial(self.layers, row))
        return MeasuredDesign(source, row)

    def best(self, error: float) -> "MeasuredDesign":
        """The cheapest design of the front that errs at most so often on test data.

        Args:
            error: highest share of wrong answers, such as 0.03.

        Raises:
            UserError: no feasible design is that good; the message says how good the best is. Or no share.
        """
        if not 0 <= error <= 1:
            raise UserError(f"error is a share from 0 to 1, such as 0.03 for 3 %, got {error:g}")
        row = recommend.within(self.designs, self.view, error)
        if row is None:
            least = self.designs.error_mean[self.designs.feasible].min() if len(self.designs) else float("nan")
            raise UserError(f"no feasible design errs at most {error:.2%} on test data: the best errs {least:.2%}")
        return self.design(row)

    def cheapest(self) -> "MeasuredDesign":
        """The design of the measured front with the least cost."""
        return self._picked("cheapest")

    def balanced(self) -> "MeasuredDesign":
        """The design that the report says to build: the cheapest whose answers are about as good as the best."""
        return self._picked("balanced")

    def most_accurate(self) -> "MeasuredDesign":
        """The design with the best answers; of those that cannot be told apart the cheapest."""
        return self._picked("most accurate")

    # filters

    def where(self, **labels: Any) -> "Study":
        """The units whose labels fit.

        Args:
            **labels: values of what the sweep varied: by the whole key (`**{"search.seed": 1}`) or by its last part (`seed=1`);
                a value, a list of values, or a function that says whether a value fits.

        Raises:
            UserError: nothing of that name was varied, or no unit fits.
        """
        kept = set(self.units.unit)
        for name, wish in labels.items():
            column = self.units[self._label(name)]
            fits = column.map(wish) if callable(wish) else column.isin(wish if isinstance(wish, list | tuple | set) else [wish])
            kept &= set(self.units.unit[fits.astype(bool)])
        if not kept:
            there = "; ".join(f"{name}: {', '.join(map(repr, self.units[self._label(name)].unique()[:12].tolist()))}" for name in labels)
            raise UserError(
                f"{self.folder}: no unit has {', '.join(f'{name} {wish!r}' for name, wish in labels.items())} (there are {there})"
            )
        return Study(self.folder, frozenset(kept))

    def split(self, name: str) -> "dict[Any, Study]":
        """The units by what the sweep varied: a study for each value, in the order of the values' first units.

        Args:
            name: what was varied, as for `where`.

        Raises:
            UserError: nothing of that name was varied.
        """
        return {value: self.where(**{name: value}) for value in self.units[self._label(name)].unique().tolist()}

    @property
    def labels(self) -> pd.DataFrame:
        """What the sweep varied, by unit; no columns where nothing was."""
        keys = dict.fromkeys(key for group in self.groups for stored in group.units for key in stored.unit.label)
        return self.units.set_index("unit")[list(keys)]

    # what figures and pages draw from

    @cached_property
    def groups(self) -> list[Group]:
        """Units that can be compared with each other, together."""
        with self._reading() as tables:
            return groups_of(tables, self._only)

    @property
    def view(self) -> View:
        """Objectives, bounds and parameters.

        Raises:
            UserError: the units are about different data, objectives or bounds.
        """
        if len(self.groups) != 1:
            about = "; ".join(group.title for group in self.groups)
            raise UserError(f"{self.folder} holds units that cannot be compared ({about}): choose some with .where({self._example()})")
        return self.groups[0].view

    def problem(self, unit: str) -> "Problem":
        """What a unit searched: its data, network, space and prices; built when it is first asked for, and kept.

        Raises:
            UserError: its data are not where they were.
        """
        from search.problem import build
        from search.problem import config as configs

        if unit not in self._problems:
            config = next(dict(stored.unit.config) for group in self.groups for stored in group.units if stored.unit.name == unit)
            self._problems[unit] = build.build(configs.from_values(config, self.folder / "config.yaml"))
        return self._problems[unit]

    @property
    def plot(self) -> "Plot":
        """Figures: `study.plot.front()`, `.breakdown("d08")`, `.history()`, ..."""
        from search.results.figures.plot import Plot

        return Plot(self)

    def fact(self, key: str, unit: str, tables: Tables | None = None) -> Any:
        """What a unit holds under a name; None where it holds nothing, as those of earlier versions do."""
        import json

        if tables is None:
            with self._reading() as opened:
                return self.fact(key, unit, opened)
        text = tables.facts(key).get(unit)
        return None if text is None else json.loads(text)

    def __repr__(self) -> str:
        """What it is about, in a few lines."""
        return shown.study_text(self.folder, self.groups)

    def _repr_html_(self) -> str:
        return shown.study_html(self.folder, self.groups)

    def _picked(self, which: str) -> "MeasuredDesign":
        if self.designs.empty:
            raise UserError(f"{self.folder} holds no measured design yet")
        pick = recommend.picks(self.designs, self.view).get(which)
        if pick is None:
            raise UserError(f"{self.folder}: no design to build: {recommend.infeasible(self.designs, self.view)}")
        return self.design(pick.row)

    def _row(self, design: "str | pd.Series[Any]", unit: str | None) -> "pd.Series[Any]":
        if not isinstance(design, str):
            return design
        if self.designs.empty:
            raise UserError(f"{self.folder} holds no measured design yet")
        found = self.designs[self.designs.design == design]
        if found.empty:
            raise UserError(f"{self.folder} has no design {design!r}{nearest(design, list(self.designs.design.unique()))}")
        if unit is not None:
            found = found[found.unit.str.startswith(unit)]
        if len(found) != 1:
            which = ", ".join(found.unit) or "none"
            raise UserError(f"{design!r} is a design of {len(found)} units ({which}): name one with unit=..., or pass a row of .designs")
        return found.iloc[0]

    def _label(self, name: str) -> str:
        keys = list(self.labels.columns)
        fits = [key for key in keys if name in (key, key.rpartition(".")[2])]
        if len(fits) != 1:
            known = f"varied: {', '.join(keys)}" if keys else "nothing was varied"
            raise UserError(f"{name!r} names {'nothing' if not fits else 'several things'} that this study varied ({known})")
        return fits[0]

    def _example(self) -> str:
        key = next(iter(self.labels.columns), "")
        return f'**{{"{key}": {self.labels[key].iloc[0]!r}}}' if key else "..."

    def _own(self, table: pd.DataFrame) -> pd.DataFrame:
        return table if self._only is None or table.empty else table[table.unit.isin(self._only)].reset_index(drop=True)

    @contextmanager
    def _reading(self) -> Iterator[Tables]:
        with reading(self.folder) as tables:
            yield tables
