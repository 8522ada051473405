"""A measured design that can be run again: its network, its chip, what it costs and why."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, final

import pandas as pd
from flax import nnx

from codesign.cost import Cost
from codesign.data.dataset import Dataset
from codesign.evaluation.evaluate import Design
from codesign.hardware.base import AbstractHardware
from codesign.network.operation import Operation
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload
from search.errors import UserError
from search.problem.problem import Problem, as_values
from search.results.studies import shown
from search.results.studies.network import TrainedNetwork
from search.results.studies.point import point_of
from search.results.view import View
from search.study.journal import unpacked
from search.study.store.tables import reading


class Source(NamedTuple):
    """Where a design comes from: its study, asked only for what is wanted.

    Attributes:
        folder: the result folder.
        view: objectives and parameters.
        problem: what was searched.
        breakdown, layers: tables of the design.
    """

    folder: Path
    view: View
    problem: Callable[[], Problem]
    breakdown: Callable[[], pd.DataFrame]
    layers: Callable[[], pd.DataFrame]


@final
class MeasuredDesign:
    """One row of a study's designs, with its weights; `study.design("d08")` makes it.

    Args:
        source: where it comes from.
        row: of the study's designs.

    Attributes:
        row: everything that was measured of it.
    """

    def __init__(self, source: Source, row: "pd.Series[Any]") -> None:
        self._source, self.row = source, row

    @property
    def name(self) -> str:
        """Such as `d08`."""
        return str(self.row.design)

    @property
    def error(self) -> float:
        """Share of wrong answers on test data, mean over the simulated chips."""
        return float(self.row.error_mean)

    @property
    def settings(self) -> dict[str, str]:
        """What was searched, for people; one value for each layer becomes `3 / 4 / 5`."""
        return self._source.view.settings(self.row)

    @property
    def line(self) -> str:
        """What it errs and costs, in a line."""
        return shown.line(self.row, self._source.view)

    @cached_property
    def breakdown(self) -> pd.DataFrame:
        """Energy [pJ] by layer and component, latency [ns] by layer, area [um2] by component."""
        return self._source.breakdown()

    @cached_property
    def layers(self) -> pd.DataFrame:
        """A row for each layer: what it is, how it is run, its rates, what it costs."""
        return self._source.layers()

    @property
    def chips(self) -> pd.DataFrame:
        """Test error on each simulated chip: columns `chip`, `error`.

        Raises:
            UserError: the study was made by a version that stored their mean only.
        """
        errors = self.row.get("chip_errors")
        if errors is None:
            raise UserError(f"{self._source.folder} holds the mean over {int(self.row.chips)} chips only (of an earlier version)")
        return pd.DataFrame({"chip": range(len(errors)), "error": list(errors)})

    @property
    def ages(self) -> pd.DataFrame:
        """Test error when fresh, and an hour, a day and a month after programming: `age`, `seconds`, `error`, `error_std`.

        A chip that does not age has one row. Where the study recalibrated its aged chips, `error_recalibrated` says what that gave.
        """
        rows = [("fresh", 0.0, self.row.error_mean, self.row.error_std, None)]
        for age, column, seconds in (("an hour", "error_1h", 3600.0), ("a day", "error_1d", 86400.0), ("a month", "error_30d", 2592000.0)):
            if column in self.row and pd.notna(self.row[column]):
                again = self.row.get(f"{column}_recalibrated")
                rows.append((age, seconds, self.row[column], self.row.get(f"{column}_std"), again))
        table = pd.DataFrame(rows, columns=["age", "seconds", "error", "error_std", "error_recalibrated"])
        return table.dropna(axis="columns", how="all")

    @property
    def problem(self) -> Problem:
        """What its study searched: data, network, space and prices."""
        return self._source.problem()

    @cached_property
    def design(self) -> Design:
        """Weights, operation and chip, as the library's functions take them.

        Raises:
            UserError: the weights are missing from the folder, or damaged.
        """
        with reading(self._source.folder) as tables:
            # d07 has its weights in design_07; a network just built says which shapes to read
            content = tables.checkpoints(str(self.row.unit)).get(f"design_{self.name[1:]}")
        if content is None:
            raise UserError(f"{self._source.folder}: the weights of design {self.name!r} are missing from its checkpoints, or damaged")
        state = unpacked(self.name, content, self.problem.build(0))
        row = {str(column): value for column, value in self.row.items()}
        return self.problem.place(state, as_values(self.problem.space, point_of(self.problem, row)))

    @cached_property
    def network(self) -> TrainedNetwork:
        """The trained network on its chip: call it with samples."""
        return TrainedNetwork(self.problem, self.design)

    @property
    def chip(self) -> AbstractHardware:
        """The chip, with its hardened parameters."""
        return self.design.hardware

    @property
    def operation(self) -> Operation:
        """How the network is run: time steps, bits, gates."""
        return self.design.operation

    @property
    def technology(self) -> Technology:
        """The prices that it was measured at."""
        return self.problem.technology

    @property
    def dataset(self) -> Dataset:
        """The data of the study, in three splits."""
        return self.problem.dataset

    @cached_property
    def workload(self) -> Workload:
        """Shapes, and the rates measured on test data: what the chip was priced for."""
        return self.network.workload({str(column): value for column, value in self.row.items()})

    @cached_property
    def cost(self) -> Cost:
        """The exact cost of one inference, computed again from the workload."""
        return self.chip.cost(self.workload, self.technology)

    @property
    def graph(self) -> "nnx.GraphDef[Any]":
        """Static structure of the network, for the library's functions."""
        return self.problem.graph

    def __repr__(self) -> str:
        """Name, what it errs and costs, and what was searched."""
        settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.settings.items())
        return f"Design {self.name}: {self.line}\n  {settings}"

    def _repr_html_(self) -> str:
        return shown.design_html(f"{self.name}: {self.line}", self.settings, self.breakdown)
