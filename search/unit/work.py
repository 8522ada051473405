"""Doing a unit: its config becomes a problem, its searcher finds designs, which are measured."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, final

from search.blackbox.joint import compiled
from search.blackbox.workbench import Training, Workbench
from search.errors import UserError
from search.objectives.described import describe
from search.problem import build
from search.problem import config as configs
from search.problem.attempt import placed
from search.problem.config import Config, ConfigFile
from search.problem.problem import Problem
from search.study.journal import Journal
from search.study.unit import Unit, UnitFailedError
from search.study.work import Show
from search.unit import baselines, budgeted, facts
from search.unit.found import Session, keys_of, seed_of
from search.unit.measured.measure import Measurement
from search.unit.measured.prices import constants
from search.unit.staged import Staged
from search.unit.start import begun

# settings of a search that its problem and its compiled programs do not depend on
_APART: Final = ("kind", "seed", "budget", "designs", "chips", "exact_chips", "exact_solves", "baselines")


@final
class UnitWork:
    """Does units; see `search.study.work.Work`. Units of one problem that follow each other share what is compiled.

    Args:
        files: configs that units came from, by unit: mistakes are told with their lines.
    """

    def __init__(self, files: Mapping[str, ConfigFile] | None = None) -> None:
        self._files = dict(files or {})
        self._held: tuple[str, Workbench, Measurement] | None = None

    def __call__(self, unit: Unit, journal: Journal, show: Show, safe_point: Callable[[], None]) -> None:
        """See `Work`."""
        show("start", 0.0, "")
        file = self._files.get(unit.name) or configs.from_values(unit.config, Path(f"{unit.title}"))
        config = file.config
        session = Session(config, journal, show, safe_point, keys_of(seed_of(config)))
        bench, measurement = self._tools(file, session)
        journal.put("objectives", json.dumps(described(config, bench.problem)))
        journal.put("constants", json.dumps(constants(bench.problem.technology)))
        for name, fact in facts.stored(bench.problem).items():
            journal.put(name, json.dumps(fact))
        safe_point()
        # without a budget of its own the gradient search goes through its stages as configured, and each is stored
        if config.search.kind == "gradient" and not config.search.budget:
            joint, hardener = compiled(bench, bench.settings)
            chosen = Staged(joint, hardener, bench.settings, session).chosen()
        else:
            hardener, chosen = bench.hardener, budgeted.chosen(bench, session)
        if not chosen.candidates:
            reasons = [reason for _, reason in journal.failed().values()]
            raise UnitFailedError(f"no design could be measured: {reasons[0] if reasons else 'nothing is finite'}")
        measurement(hardener, chosen, session)
        if not journal.design_names():
            raise UnitFailedError("no design could be measured: measured objectives are not finite")
        baselines.measure(bench, chosen, session)
        journal.put("spent", json.dumps(dict(chosen.spent)))

    def _tools(self, file: ConfigFile, session: Session) -> tuple[Workbench, Measurement]:
        """Of the file's problem; those of the last one are kept, and only those, as they hold data and programs."""
        which = _identity(file.config)
        if self._held is None or self._held[0] != which:
            self._held = None
            problem, search = build.build(file), file.config.search
            try:
                problem = begun(problem, session)
            except UserError as error:
                raise placed(file, error) from None
            training = Training(search.steps_per_design, search.batch_size, search.design_learning_rate)
            bench = Workbench(problem, build.settings(file.config), training)
            self._held = which, bench, Measurement(problem, search.aged_chips, search.recalibrate)
        return self._held[1], self._held[2]


def described(config: Config, problem: Problem) -> dict[str, Any]:
    """Objectives and bounds, by their names in the config, for who reads the results: without their functions, which may be anybody's."""
    found = dict(zip(config.objectives, problem.objectives, strict=True))
    found |= {name: limit.objective for name, limit in zip(config.constraints, problem.limits, strict=False)}
    return {name: describe(objective) for name, objective in found.items()}


def _identity(config: Config) -> str:
    values: dict[str, Any] = config.model_dump(mode="json", exclude={"output": True, "name": True, "search": set(_APART)})
    # in order: a seed's draws pick parameters by their place
    values["parameters"] = list(values["parameters"].items())
    if config.network.start.kind != "random":
        # weights that are trained before the search follow its seed
        values["start"] = seed_of(config)
    return json.dumps(values, sort_keys=True)
