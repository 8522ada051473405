"""`codesign chips`: chips alone, for work that stays as it is: nothing is trained."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float
from rich.table import Table

from codesign.network.encoding import Direct
from codesign.parameters.space import Parameter
from codesign.units import show
from codesign.workloads.workload import Workload
from search.chips_alone.descend import Descender, Settings, directions
from search.chips_alone.fixed_work import FixedWork, named_values
from search.commands.outcome import fail, wide_console
from search.commands.prices.cost import load_workload
from search.errors import UserError
from search.objectives.base import AbstractObjective
from search.objectives.constraint import Constraint
from search.objectives.pareto import non_dominated
from search.objectives.registry import find
from search.problem import build, chip
from search.problem.attempt import attempt, placed
from search.problem.config import ConfigFile, read
from search.problem.legal import check_chip, check_parameters, limits_of, operation_of
from search.problem.problem import designable
from search.problem.sections.entries import make_parameter
from search.problem.size import outline
from search.study.store.files import write_text
from search.study.store.store import as_csv

_END: Final = 1e-4  # weight of the other objective at an end of the front
CORNERS: Final = 32  # legal points at random that the comparison begins each start with: as many as the gradient's rounding has
SHOWN: Final = 12  # chips in the printed table


class Found(NamedTuple):
    """Chips that one way of searching has found, one for each start.

    Attributes:
        rows: a chip each: parameters, costs, `violation` (at most 0 where all bounds hold), `by` and `start`.
        evaluations: of the exact model, in all.
    """

    rows: pd.DataFrame
    evaluations: int


def chips(config: Path, overrides: Sequence[str], workload: str | None, rate: float, starts: int, steps: int, output: Path | None) -> None:
    """Search, print a table, and write `chips.csv` and `report.md`; see `codesign chips --help`.

    Raises:
        UserError: a mistake in the config, the workload or an option.
        SystemExit: 1 where no chip meets all bounds.
    """
    if not 0 <= rate <= 1:
        raise UserError(f"--rate: must be between 0 and 1, got {rate:g}")
    for name, value in (("--starts", starts), ("--steps", steps)):
        if not 1 <= value <= 100_000:
            raise UserError(f"{name}: must be from 1 to 100000, got {value}")
    file = read(config, overrides)
    work = fixed_work(file, workload, rate)
    search = Descender(work.task, Settings(starts=starts, steps=steps))
    key, preferences = jax.random.key(file.config.seed), preferences_of(work, starts, file.config.seed)
    descended = search.run(key, preferences)
    by_gradient = Found(_rows(work, search, descended.polished, "gradient"), int(np.sum(descended.evaluations)))
    ideal = jnp.min(descended.polished.objectives, axis=0)
    drawn = search.polish(_random(search, starts, file.config.seed), preferences, ideal)
    at_random = Found(_rows(work, search, drawn, "random"), 0)
    rows = pd.concat([by_gradient.rows, at_random.rows], ignore_index=True)
    front = front_of(work, rows)
    folder = output or Path(f"results/{file.config.name}-chips")
    told = _told(work, file, workload, by_gradient, at_random, jax.random.fold_in(key, 1))
    _write(folder, rows, front, told)
    wide_console().print(_table(work, front))
    print("\n".join(told))
    print(f"report: {folder / 'report.md'}")
    if front.empty:
        names = ", ".join(limit.objective.name for limit in work.limits)
        # logarithms of ratios, or shares of the bound
        fail(f"no chip meets all bounds ({names}): the nearest exceeds one by about {rows.violation.min():.0%}", 1)


def fixed_work(file: ConfigFile, workload: str | None, rate: float) -> FixedWork:
    """What a config's chips are searched for.

    Args:
        file: whose network gives the work, where no workload does.
        workload: a preset or a table.
        rate: non-zero share of what the layers of the network receive and send.

    Raises:
        UserError: a mistake, with its place in the file.
    """
    parameters: dict[str, Parameter] = {name: make_parameter(entry) for name, entry in file.config.parameters.items()}
    if workload is None:
        # what a search of a network and its chip would begin with: shapes, steps and bits
        problem = build.build(file)
        work, hardware, technology = _work_of(problem, rate), problem.hardware, problem.technology
        objectives, limits = problem.objectives, problem.limits
    else:
        work = load_workload(workload, {})
        chip.family(file, ("hardware", "kind"), file.config.hardware.kind)
        technology = attempt(file, ("hardware", "technology"), lambda: chip.prices(file.config.hardware))
        hardware = chip.chip(file, len(work), parameters)
        objectives = tuple(_objective(file, i, name) for i, name in enumerate(file.config.objectives))
        try:
            run = operation_of(len(work), 1024, {}, parameters)
            check_parameters(parameters, hardware, run, designable(hardware, run), technology)
            check_chip(hardware, work.layers, technology, fixed=False)
            limits = limits_of(file.config.constraints, objectives)
        except UserError as error:
            raise placed(file, error) from None
        if hardware.limiting and "excess" not in file.config.constraints:
            limits = (*limits, Constraint(find("excess"), 0.0))
    try:
        return FixedWork(hardware, technology, work, parameters, objectives, limits)
    except UserError as error:
        raise placed(file, error) from None


def _objective(file: ConfigFile, at: int, name: str) -> AbstractObjective:
    return attempt(file, ("objectives", at), lambda: find(name, file.folder))


def _work_of(problem: Any, rate: float) -> Workload:
    """A network's work: its shapes, steps and bits, at one rate of spikes everywhere; numbers enter the first layer as they are."""
    from flax import nnx

    shapes = outline(lambda rngs: nnx.merge(problem.graph, problem.build(0)))
    run, layers = problem.operation, len(shapes.geometries)
    numbers = np.zeros(layers)
    numbers[0] = isinstance(shapes.encoding, Direct)
    bits = np.broadcast_to(np.asarray(run.activation_bits), (layers,))
    return Workload.of(
        shapes.geometries,
        input_rate=np.where(numbers, 1.0, rate),
        output_rate=rate,
        timesteps=float(run.timesteps),
        spiking=1.0 if run.gate is None else run.gate,
        weight_bits=run.weight_bits,
        activation_bits=np.where(numbers, bits, 1.0),
        state_bits=np.broadcast_to(np.asarray(run.state_bits), (layers,)),
    )


def preferences_of(work: FixedWork, starts: int, seed: int) -> Float[Array, "starts objectives"]:
    """Weights of the objectives per start: even directions between two and nearly one alone at the ends, at random between more."""
    count = len(work.objectives)
    if count == 2:
        # even directions miss an end that lies far along one objective and little along the other
        ends = jnp.asarray([[1, _END], [_END, 1]], jnp.float32)
        return directions(starts).at[:1].set(ends[0]).at[-1:].set(ends[1])
    shares = np.random.default_rng(seed).dirichlet(np.ones(count), starts)
    # the optimum of a Tchebycheff distance lies where all weighted distances are equal: inverse weights are its direction
    return jnp.asarray(1 / np.maximum(shares, 0.01), jnp.float32)


def _random(search: Descender, starts: int, seed: int) -> Array:
    """Legal points, every legal value of every coordinate equally likely."""
    draws = np.random.default_rng(seed)
    return jnp.asarray(draws.integers(0, search.grid.lengths, (starts, CORNERS, len(search.grid.lengths))), jnp.int32)


def _rows(work: FixedWork, search: Descender, scored: Any, by: str) -> pd.DataFrame:
    points = jax.vmap(search.grid.point)(scored.place)
    costs = work.priced(points)
    rows = []
    for i, violation in enumerate(np.asarray(scored.violation).tolist()):
        prices = {name: float(values[i]) for name, values in costs.items()}
        rows.append({"by": by, "start": i, **named_values(work.space, points, i), **prices, "violation": violation})
    return pd.DataFrame(rows)


def front_of(work: FixedWork, rows: pd.DataFrame) -> pd.DataFrame:
    """Chips that meet all bounds and that no other dominates, each once, by the first objective."""
    columns = [objective.column for objective in work.objectives]
    signs = np.array([objective.sign for objective in work.objectives])
    feasible = rows[rows.violation <= 0]
    # chips that differ in what changes no cost are one
    feasible = feasible.drop_duplicates(columns)
    kept = feasible[non_dominated(feasible[columns].to_numpy(float) * signs)] if len(feasible) else feasible
    return kept.sort_values(columns[0]).reset_index(drop=True)


def _told(work: FixedWork, file: ConfigFile, workload: str | None, gradient: Found, at_random: Found, key: Array) -> list[str]:
    """What there is to say beside the table."""
    config = file.config
    name = workload or f"{config.network.kind} on {config.data.name}"
    lines = [f"{name}, {len(work.workload)} layers; {config.hardware.kind}, {config.hardware.technology_text}"]
    for objective in work.objectives:
        best = [_best(found.rows, objective) for found in (gradient, at_random)]
        lines.append(f"best {objective.name}: {_spelt(best[0], objective)} by gradients, {_spelt(best[1], objective)} from random chips")
    lines.append(f"{len(gradient.rows)} starts each, polished alike; gradients took {gradient.evaluations} exact evaluations")
    left = [o for o in config.objectives if o not in {mine.name for mine in work.objectives}]
    if left:
        lines.append(f"left out, as nothing answers here: {', '.join(left)}")
    if held := [p for p in config.parameters if p not in work.space.parameters]:
        lines.append(f"part of the work, and not searched: {', '.join(held)}")
    broken = work.violations(key)
    lines += [f"the relaxed model claims too much: {violation}" for violation in broken]
    if not broken:
        lines.append("the relaxed model claims nothing that no chip can do (negative energy, more than full use) where the search goes")
    return lines


def _best(rows: pd.DataFrame, objective: AbstractObjective) -> float:
    feasible = rows[rows.violation <= 0][objective.column]
    return math.nan if feasible.empty else float(objective.sign * (objective.sign * feasible).min())


def _spelt(value: float, objective: AbstractObjective) -> str:
    return "none within the bounds" if math.isnan(value) else show(value, objective.unit)


def _columns(work: FixedWork) -> dict[str, str]:
    """Costs that are shown, with their units: the three, and what else is improved."""
    costs = {"energy_pj": "pJ", "latency_ns": "ns", "area_um2": "um2"}
    return costs | {objective.column: objective.unit for objective in work.objectives}


def _cells(work: FixedWork, row: Mapping[str, Any]) -> list[str]:
    parameters = []
    for name, parameter in work.space.parameters.items():
        values = [row[f"{name}[{i}]"] for i in range(work.space.layers)] if parameter.per_layer else [row[name]]
        parameters.append(" / ".join(f"{value:.4g}" for value in values))
    return [*parameters, *(show(float(row[column]), unit) for column, unit in _columns(work).items()), str(row["by"])]


def _heads(work: FixedWork) -> list[str]:
    names = {objective.column: objective.name for objective in work.objectives}
    costs = [names.get(column, column.rpartition("_")[0]) for column in _columns(work)]
    return [*(name.replace("_", " ") for name in work.space.parameters), *costs, "found by"]


def _table(work: FixedWork, front: pd.DataFrame) -> Table:
    table = Table(title=f"{len(front)} chips that no other dominates" + (f", {SHOWN} shown" if len(front) > SHOWN else ""))
    for head in _heads(work):
        table.add_column(head, justify="right")
    # spread over the front, both ends among them
    for at in np.unique(np.linspace(0, len(front) - 1, min(len(front), SHOWN)).round().astype(int)) if len(front) else ():
        table.add_row(*_cells(work, {str(k): v for k, v in front.iloc[at].items()}))
    return table


def _write(folder: Path, rows: pd.DataFrame, front: pd.DataFrame, told: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "chips.csv", as_csv(rows))
    shown = front.drop(columns=["start"])
    head = ["| " + " | ".join(shown.columns) + " |", "|" + "---|" * len(shown.columns)]
    body = ["| " + " | ".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in row) + " |" for row in shown.itertuples(index=False)]
    parts = ["# Chips alone", "\n".join(f"- {line}" for line in told), "## Chips that no other dominates", "\n".join([*head, *body])]
    write_text(folder / "report.md", "\n\n".join(parts) + "\n")
