"""`study.plot`: every figure of a study by name."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, final

import pandas as pd

from search.errors import UserError
from search.results import prices, recommend
from search.results.figures import breakdown, compare, course, front, layers, parallel, sensitivity, spread
from search.results.figures.figure import Figure
from search.results.groups import Group
from search.results.view import View
from search.study.store.tables import reading

MOST: Final = 12  # designs beside each other in one figure


class Drawable(Protocol):
    """What figures ask of a study; `search.results.studies.study.Study` is one."""

    folder: Path

    @property
    def designs(self) -> pd.DataFrame:
        """A row for each measured design."""

    @property
    def history(self) -> pd.DataFrame:
        """Relaxed values by step and member."""

    @property
    def groups(self) -> Sequence[Group]:
        """Units that can be compared, together."""

    @property
    def view(self) -> View:
        """Objectives, of the only group."""

    def split(self, name: str) -> "Mapping[Any, Drawable]":
        """Its units by what was varied."""

    def breakdown(self, design: Any = None, unit: str | None = None) -> pd.DataFrame:
        """Energy by layer and component."""

    def layers(self, design: Any, unit: str | None = None) -> pd.DataFrame:
        """A row for each layer."""

    def fact(self, key: str, unit: str) -> Any:
        """What a unit holds under a name."""


@final
class Plot:
    """Figures of a study; each is a plotly figure with `.save("x.html")`, `.save("x.png")` or `.save("x.svg")`.

    Designs are named as in `study.designs` (`"d08"`), or passed as a row of it; None is the balanced one, which the report says to build.

    Args:
        study: that is drawn. Units that cannot be compared are in no figure together: choose some with `.where(...)`.
    """

    def __init__(self, study: Drawable) -> None:
        self._study = study

    def front(self) -> Figure:
        """Every measured design: objectives against the cost, and which designs no other one beats.

        Raises:
            UserError: nothing is measured yet.
        """
        return front.front(self._study.view, self._designs())

    def parallel(self) -> Figure:
        """Parallel coordinates: a line for each design, across its parameters and objectives."""
        return parallel.parallel(self._study.view, self._designs())

    def parameters(self) -> Figure:
        """How each searched parameter goes with each objective, over the measured designs: Spearman's rank correlation."""
        return sensitivity.parameters(self._study.view, self._designs())

    def breakdown(self, design: "str | pd.Series[Any] | None" = None, unit: str | None = None) -> Figure:
        """Energy of one inference by layer, stacked by component.

        Args:
            design: a name or a row; None for the balanced one.
            unit: the design's, where several have one of that name.

        Raises:
            UserError: no such design.
        """
        chosen = self._balanced() if design is None else design
        table = self._study.breakdown(chosen, unit)
        return self._titled(breakdown.breakdown(table), chosen)

    def layers(self, design: "str | pd.Series[Any] | None" = None, unit: str | None = None) -> Figure:
        """Energy, rates and bits of each layer; arguments as for `breakdown`."""
        chosen = self._balanced() if design is None else design
        return self._titled(layers.layers(self._study.layers(chosen, unit)), chosen)

    def chips(self) -> Figure:
        """Test errors on each simulated chip, of the designs of the front from the cheapest to the dearest."""
        return spread.chips(self._front())

    def ageing(self) -> Figure:
        """Test errors when fresh, and an hour, a day and a month after programming, of designs of the front.

        Raises:
            UserError: no design was aged.
        """
        aged = self._front()
        columns = [column for column in spread.AGES if column in aged]
        if len(columns) < 2 or not aged[columns].notna().all(axis=1).any():
            raise UserError(
                "no design was aged: crossbars in technologies that drift are, where the config has `search.aged_chips` above 0"
            )
        return spread.ageing(aged)

    def history(self) -> Figure:
        """The course of the search: hypervolume, loss and cost by step; relaxed values on training batches, no results.

        Raises:
            UserError: the searcher has no course step by step, or the study has several units.
        """
        table = self._study.history
        if table.empty:
            raise UserError("no course of a search is stored: only searches by gradients have one")
        if table.unit.nunique() > 1:
            raise UserError(f"a course is of one unit, and these are {table.unit.nunique()}: choose one with .where(...)")
        return course.history(self._study.view, table)

    def gap(self) -> Figure:
        """What the relaxed model claimed of each member, against what its hardened design measured.

        Raises:
            UserError: nothing was claimed of any design.
        """
        claimed = self._study.view.claimed(self._designs())
        if claimed.empty:
            raise UserError("no relaxed model claimed anything of these designs: only searches by gradients have one")
        return course.gap(self._study.view.objectives, claimed)

    def sensitivity(self) -> Figure:
        """The constants of the technology that could change which design is best, strongest on top.

        Raises:
            UserError: the study drew no prices.
        """
        chosen = self._balanced()
        constants = self._constants(chosen)
        if constants.empty:
            raise UserError("prices were not drawn in this study (of an earlier version): run it again")
        return sensitivity.sensitivity(constants)

    def compare(self, other: "Drawable | None" = None, by: str | None = None) -> Figure:
        """Fronts against each other: this study's and another's, or those of the units of a sweep.

        Args:
            other: a study of the same objectives; None for this study's units.
            by: what a sweep varied, such as `seed`: a front for each of its values, over all units that have it.

        Raises:
            UserError: the studies have different objectives, or nothing of that name was varied.
        """
        view = self._study.view
        if by is not None:
            return compare.compare(view, {f"{by} {value}": study.designs for value, study in self._study.split(by).items()})
        if other is None:
            group = self._study.groups[0]
            return compare.compare(view, group.fronts())
        if other.view.columns != view.columns:
            raise UserError(f"cannot compare {', '.join(view.columns)} with {', '.join(other.view.columns)}: objectives must be the same")
        names = [self._study.folder.name, other.folder.name]
        # two folders may have the same name in different places
        names = [str(study.folder) for study in (self._study, other)] if len(set(names)) == 1 else names
        return compare.compare(view, dict(zip(names, (self._designs(), other.designs), strict=True)))

    def _designs(self) -> pd.DataFrame:
        if self._study.designs.empty:
            raise UserError(f"{self._study.folder} holds no measured design yet")
        return self._study.designs

    def _front(self) -> pd.DataFrame:
        """Designs of the front in the order of their cost; of very many, some from end to end."""
        designs, view = self._designs(), self._study.view
        ordered = view.ordered(designs[designs.on_front] if designs.on_front.any() else designs)
        step = -(-len(ordered) // MOST)
        return ordered.iloc[::step]

    def _balanced(self) -> "pd.Series[Any]":
        designs, view = self._designs(), self._study.view
        chosen = recommend.choose(designs, view)
        # a study without a feasible design can be looked at too
        return recommend.nearest(designs) if chosen is None else chosen

    def _constants(self, chosen: "pd.Series[Any]") -> pd.DataFrame:
        unit = str(chosen.unit)
        with reading(self._study.folder) as tables:
            drawn = tables.drawn(unit)
        designs = self._study.designs
        own = designs[designs.unit == unit]
        return prices.influential(own, drawn, self._study.fact("constants", unit) or {}, str(chosen.design))

    def _titled(self, figure: Figure, chosen: "str | pd.Series[Any]") -> Figure:
        name = chosen if isinstance(chosen, str) else str(chosen.design)
        title = {"text": html.escape(f"design {name}"), "x": 0.01, "y": 0.99, "yanchor": "top", "yref": "container", "font": {"size": 15}}
        # between the title and the panels the legend has its own lines
        return figure.update_layout(title=title, margin={"t": 92}, height=figure.layout.height + 40)
