"""Progress is that of a stage: what an earlier one reached ends no later one."""

import jax
import jax.numpy as jnp
import numpy as np

from search.joint import lagrangian
from search.joint.decisions import Decisions
from search.joint.population import Metrics, Population
from search.joint.scalarise import Frame, Linear
from search.problem.schedule import Settings, stages

SETTINGS = Settings(population=1, warmup_steps=0, relax_steps=20, anneal_steps=40, steps_per_call=10, patience=2)


def population() -> Population:
    none = jnp.zeros(1, jnp.int32)
    frame = Frame(jnp.zeros(2), jnp.ones(2))
    start, zero = jax.tree.map(lambda x: x[None], lagrangian.start(0)), jnp.zeros((), jnp.int32)
    members = None  # nothing here looks at them
    return Population(members, jnp.ones((1, 2)), zero, none, start, jnp.zeros((1, 0)), frame, none, jnp.float32(0), zero)  # type: ignore[arg-type]


def test_the_best_of_the_relax_stage_does_not_end_the_anneal_stage() -> None:
    settle = Decisions(None, SETTINGS, Linear(0.1, 1.0), None)  # type: ignore[arg-type]
    _, relax, anneal = stages(SETTINGS)
    now = population()

    def after(now: Population, stage, done: int, level: float) -> Population:
        seen = Metrics(jnp.zeros(1), jnp.zeros((1, 2)), jnp.zeros(1, jnp.int32), jnp.full((1, 2), level))
        return settle(now, stage, done, 60, seen, jax.random.key(0))

    now = after(now, relax, 10, -5.0)
    now = after(now, relax, 20, -5.0)
    assert int(now.stale) == 1
    # a harder model costs more, and gets better: progress, though far from where the relax stage ended
    for call, level in enumerate((5.0, 4.0, 3.0, 2.0)):
        now = after(now, anneal, 10 * (call + 1), level)
        assert (int(now.step), int(now.stale)) == (0, 0)
    for call in range(2):
        now = after(now, anneal, 10 * (call + 2), 2.0)
    assert int(now.step) == 60
    assert np.isfinite(float(now.best_volume))
