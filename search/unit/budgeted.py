"""Any searcher with a budget: what rivals and comparisons run. It is done in one go; only its measured designs are stored."""

import json
import time
import zlib
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np

from search.blackbox import registry
from search.blackbox.joint import cost
from search.blackbox.workbench import Workbench
from search.designs.choose import layered
from search.objectives.roles import cost_of
from search.unit.found import Chosen, Session
from search.unit.staged import HARDEN_SHARE, SEARCH_SHARE

# as they were numbered when there were no others: published comparisons can be widened
NUMBERED: Final = ("coordinate", "gradient", "nsga2", "random", "supernet_nsga2", "tpe")


def stream(searcher: str) -> int:
    """Which stream of random numbers a searcher draws from, whoever else there is."""
    return NUMBERED.index(searcher) if searcher in NUMBERED else zlib.crc32(searcher.encode())


def chosen(bench: Workbench, session: Session) -> Chosen:
    """Search and choose designs by validation.

    Args:
        bench: the problem.
        session: whose config names the searcher and its budget in training samples x simulated time steps; 0 for what the
            config's gradient search spends.
    """
    search, objectives = session.config.search, bench.problem.objectives
    budget = search.budget or cost(bench, bench.settings)

    def report(share: float, what: str) -> None:
        session.safe_point()
        # searches may end a little above their budget
        session.show(search.kind, (SEARCH_SHARE + HARDEN_SHARE) * min(share, 1.0), what)

    # both clocks: workers side by side slow each other down, which processor time tells less of
    began, processor = time.monotonic(), time.process_time()
    # searchers draw apart from each other; the chips of the final measurement are common to all
    key = jax.random.fold_in(jax.random.key(session.seed), stream(search.kind))
    found = registry.find(search.kind).run(bench, budget, key, report)
    spent = {
        "budget": budget,
        "spent": found.spent,
        "seconds": time.monotonic() - began,
        "processor_seconds": time.process_time() - processor,
        "found": len(found.candidates),
    }
    session.journal.put("middle", json.dumps(references(bench)))
    session.journal.put("claims", json.dumps([claim._asdict() for claim in found.claims]))
    session.journal.put("course", json.dumps([[entry.spent, entry.feasible, *entry.objectives] for entry in found.course]))
    kept, ordering = layered(bench.problem, found.candidates, search.designs), cost_of(objectives)
    at = objectives.index(ordering)
    kept.sort(key=lambda c: ordering.sign * float(c.objectives[at]))
    return Chosen(kept, {}, lambda candidate: {"budget_sample_steps": round(budget)}, spent)


def references(bench: Workbench) -> list[float]:
    """What counts as an ordinary value of each objective: that of the middle of the space with untrained weights."""
    # with fixed keys, not the unit's: all units are measured in the same box
    middle = bench.point([len(row) // 2 for row in bench.rows])
    values, _ = bench.score(bench.problem.build(jax.random.key(0)), [middle], jax.random.key(1))
    # shares are ratios to it: without a usable value any scale does
    return [float(v) if np.isfinite(v) and v > 0 else 1.0 for v in jnp.asarray(values[0])]
