"""One unit of a comparison: one searcher, one seed, one budget; its designs measured on test data."""

import time
import zlib
from collections.abc import Mapping
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from codesign.parameters.categorical import Categorical
from search.blackbox import registry
from search.blackbox.base import Report
from search.blackbox.workbench import Workbench
from search.compare.plan import Unit
from search.designs.candidate import Candidate
from search.designs.choose import layered
from search.problem.problem import Problem

# as they were numbered when there were no others: their published comparisons can be widened
NUMBERED: Final = ("coordinate", "gradient", "nsga2", "random", "supernet_nsga2", "tpe")


def stream(searcher: str) -> int:
    """Which stream of random numbers a searcher draws from, whoever else there is."""
    return NUMBERED.index(searcher) if searcher in NUMBERED else zlib.crc32(searcher.encode())


def run_unit(bench: Workbench, unit: Unit, budget: float, designs: int, chips: int, report: Report) -> dict[str, Any]:
    """Search, choose designs by validation, measure them on test data and fresh simulated chips.

    Args:
        bench: the problem.
        unit: what is run.
        budget: of the whole comparison, in training samples x simulated time steps.
        designs: at most so many are measured.
        chips: simulated chips that each is measured on, the same for all searchers.
        report: shown progress.

    Returns:
        A record that JSON can hold.
    """
    # both clocks: workers side by side slow each other down, which processor time tells less of
    began, processor = time.monotonic(), time.process_time()
    # searchers draw apart from each other; the chips of the final measurement are common to all
    key = jax.random.fold_in(jax.random.key(unit.seed), stream(unit.searcher))
    found = registry.find(unit.searcher).run(bench, unit.share * budget, key, report)
    seconds, processor = time.monotonic() - began, time.process_time() - processor
    chosen = layered(bench.problem, found.candidates, designs)
    # a number that no searcher's reaches
    measure_keys = jax.random.split(jax.random.fold_in(jax.random.key(unit.seed), 10**6), chips)
    return {
        "searcher": unit.searcher,
        "seed": unit.seed,
        "share": unit.share,
        "budget": unit.share * budget,
        "spent": found.spent,
        "seconds": seconds,
        "processor_seconds": processor,
        "found": len(found.candidates),
        "designs": [_measured(bench, candidate, measure_keys) for candidate in chosen],
        "claims": [claim._asdict() for claim in found.claims],
        "course": [[entry.spent, entry.feasible, *entry.objectives] for entry in found.course],
    }


def _measured(bench: Workbench, candidate: Candidate, keys: jax.Array) -> dict[str, Any]:
    problem = bench.problem
    evaluation, errors = bench.hardener.measure(candidate.network, candidate.point, keys)
    excess = [float(limit.excess(limit.objective(evaluation))) for limit in problem.limits]
    return {
        "origin": candidate.origin,
        "point": _spelt(problem, candidate.point),
        "objectives": [float(o(evaluation)) for o in problem.objectives],
        "validation": [float(v) for v in candidate.objectives],
        "error_std": float(errors.std(ddof=1)) if len(errors) > 1 else 0.0,
        "feasible": all(value <= 0 for value in excess),
    }


def _spelt(problem: Problem, point: Mapping[str, Any]) -> dict[str, Any]:
    """A point with the names of categorical options."""
    named: dict[str, Any] = {}
    for name, value in point.items():
        parameter = problem.space.parameters[name]
        if isinstance(parameter, Categorical):
            options = [parameter.options[int(v)] for v in np.ravel(value)]
            named[name] = options if parameter.per_layer else options[0]
        else:
            named[name] = value
    return named


def references(bench: Workbench) -> list[float]:
    """What counts as an ordinary value of each objective: that of the middle of the space with untrained weights."""
    # with fixed keys, not the unit's: all units are measured in the same box
    middle = bench.point([len(row) // 2 for row in bench.rows])
    values, _ = bench.score(bench.problem.build(jax.random.key(0)), [middle], jax.random.key(1))
    # shares are ratios to it: without a usable value any scale does
    return [float(v) if np.isfinite(v) and v > 0 else 1.0 for v in jnp.asarray(values[0])]
