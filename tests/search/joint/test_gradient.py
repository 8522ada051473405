"""The joint step: one trace, members apart from each other, preferences that mean what they say."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from search.designs.candidate import Candidate
from search.designs.choose import select
from search.designs.legal import corners, neighbours
from search.joint.gradient import JointSearch
from search.joint.harden import Hardener
from search.joint.scalarise import spread_preferences
from search.objectives.constraint import Constraint
from search.objectives.registry import find
from search.problem import build, config
from search.problem.problem import as_values
from search.problem.schedule import Settings, Stage, stages
from tests.search.toy import toy_config


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    return build.build(config.read(toy_config(tmp_path_factory.mktemp("toy"))))


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(population=3, batch_size=32, warmup_steps=30, relax_steps=150, anneal_steps=60, finetune_steps=30, steps_per_call=30)


@pytest.fixture(scope="module")
def searched(problem, settings):
    """A search with preferences 0 (accuracy alone), moderate, and very large (energy above all)."""
    joint = JointSearch(problem, settings)
    population = joint.start(jax.random.key(0))
    population = population._replace(preferences=jnp.asarray([[1, 0], [1, 0.3], [1, 30]], jnp.float32))
    start = population
    for advanced in joint.run(population, jax.random.key(1), lambda *a: None):
        population = advanced
    return joint, start, population


def test_the_whole_search_compiles_once(searched) -> None:
    assert searched[0].traces == 1


@pytest.mark.slow
def test_preferences_order_the_members(problem, searched) -> None:
    """No weight on energy gives the most accurate chip, a large one the cheapest."""
    _, _, population = searched
    values = [problem.space.relax(jax.tree.map(lambda x, m=m: x[m], population.members.latents)) for m in range(3)]
    hardener = Hardener(problem, Settings(batch_size=32))
    results = []
    for m, value in enumerate(values):
        network = jax.tree.map(lambda x, m=m: x[m], population.members.network)
        point, _ = hardener.harden(network, {k: np.asarray(v) for k, v in value.items()}, population.preferences[m], jax.random.key(m))
        evaluation, errors = hardener.measure(network, point, jax.random.split(jax.random.key(9), 4))
        results.append((float(errors.mean()), float(evaluation.cost.energy)))
    errors, energies = zip(*results, strict=True)
    assert energies[0] > energies[1] > energies[2]
    assert errors[0] < errors[2]
    assert errors[0] == pytest.approx(min(errors), abs=0.03)


def test_weights_and_chip_both_move(searched) -> None:
    _, start, end = searched
    moved = jax.tree.map(lambda a, b: float(jnp.max(jnp.abs(a - b))), start.members, end.members)
    assert all(v > 0 for v in jax.tree.leaves((moved.network, moved.latents)))
    assert all(float(z.min()) >= 0 and float(z.max()) <= 1 for z in end.members.latents.values())


def test_warm_up_leaves_the_chips_alone(searched, settings) -> None:
    joint = searched[0]
    start = joint.start(jax.random.key(0))
    warm, _ = joint.advance(start, stages(settings)[0], 0.3, jax.random.key(1))
    for name, z in warm.members.latents.items():
        np.testing.assert_array_equal(z, start.members.latents[name])
    # a member whose weights are not finite is left out, and touches no other
    broken = jax.tree.map(lambda x: x.at[1].set(jnp.nan) if x.ndim > 1 else x, start.members.network)
    start = joint.start(jax.random.key(0))._replace(members=start.members._replace(network=broken))
    after, _ = joint.advance(start, Stage("relax", 30, 0.0, 0.3, 0.3), 0.3, jax.random.key(1))
    assert after.skipped.tolist() == [0, settings.steps_per_call, 0]
    for leaf in jax.tree.leaves((after.members.network, after.members.latents)):
        assert bool(jnp.all(jnp.isfinite(leaf[jnp.asarray([0, 2])])))
    assert joint.traces == 1


def test_preferences_span_their_range_and_share_among_costs() -> None:
    two = spread_preferences(5, 2, 0.01, 1.0)
    np.testing.assert_allclose(two[:, 0], 1)
    np.testing.assert_allclose(two[:, 1], np.geomspace(0.01, 1, 5), rtol=1e-5)
    three = spread_preferences(8, 3, 0.01, 1.0)
    np.testing.assert_allclose(three[:, 1:].sum(1), 2 * np.geomspace(0.01, 1, 8), rtol=1e-5)
    leaders = np.argmax(three[:, 1:], axis=1)
    assert set(leaders) == {0, 1}


def test_corners_round_the_undecided_both_ways(problem) -> None:
    space = problem.space
    values = {
        "rows": np.asarray(45.0),
        "adc_bits": np.asarray(4.5),
        "timesteps": np.asarray(2.0),
        "weight_bits": np.asarray([2.02, 3.5]),
        "programming_sigma": np.asarray([0.05, 0.1]),
    }
    found = corners(space, values, limit=3)
    assert len(found) == 8
    assert {p["rows"] for p in found} == {32.0, 64.0}
    assert {p["weight_bits"][0] for p in found} == {2.0}, "decided coordinates take the nearest value"
    assert {p["timesteps"] for p in found} == {2.0}
    for point in found:
        for name, index in space.coordinates():
            assert space.parameters[name].is_legal(float(np.ravel(point[name])[index]))
    steps = neighbours(space, found[0])
    differing = [sum(np.any(np.asarray(p[n]) != np.asarray(found[0][n])) for n in space.parameters) for p in steps]
    assert set(differing) == {1}


def test_selection_keeps_members_and_a_feasible_front(problem) -> None:
    def candidate(origin: str, error: float, energy: float) -> Candidate:
        return Candidate(0, origin, {}, None, np.array([error, energy]), np.array([error - 0.4]))  # type: ignore[arg-type]

    members = [candidate("member", 0.5, 5.0)]
    polish = [candidate("polish", e, c) for e, c in ((0.1, 3.0), (0.2, 2.0), (0.9, 1.0), (0.2, 4.0))]
    chosen = select([*members, *polish], most=10)
    assert [tuple(c.objectives) for c in chosen] == [(0.5, 5.0), (0.2, 2.0), (0.1, 3.0)]
    assert len(select([*members, *polish], most=2)) == 2


@pytest.mark.slow
def test_fine_tuning_helps_on_the_exact_model(problem, settings, searched) -> None:
    hardener = Hardener(problem, settings)
    network = jax.tree.map(lambda x: x[0], searched[2].members.network)
    point = {"rows": 32.0, "adc_bits": 3.0, "timesteps": 2.0, "weight_bits": [2.0, 2.0], "programming_sigma": [0.1, 0.1]}
    preference = jnp.asarray([1.0, 0.0])
    before = hardener.score(network, [point], preference, jax.random.key(5)).scalar[0]
    tuned = hardener.finetune(network, point, preference, jax.random.key(6))
    for_answers = hardener.score(tuned, [point], preference, jax.random.key(5))
    assert for_answers.scalar[0] < before
    # most of the energy is bringing the input in, which no weight changes: a strong wish for the rest
    frugal = hardener.finetune(network, point, jnp.asarray([1.0, 100.0]), jax.random.key(6))
    pays = hardener.score(frugal, [point], preference, jax.random.key(5))
    assert pays.objectives[0, 1] < for_answers.objectives[0, 1], "a member that wants little energy is not trained to spend it"
    assert as_values(problem.space, point)["weight_bits"].shape == (2,)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [{"limits": (Constraint(find("error"), 0.2),)}, {"objectives": (find("latency"), find("energy"))}],
    ids=["answers are bounded", "only costs are asked for"],
)
def test_fine_tuning_does_not_silence_a_network(problem, settings, searched, changes) -> None:
    """A member that asks for cheap chips alone must not be tuned until nothing fires."""
    network = jax.tree.map(lambda x: x[0], searched[2].members.network)
    point = {"rows": 32.0, "adc_bits": 6.0, "timesteps": 2.0, "weight_bits": [4.0, 4.0], "programming_sigma": [0.05, 0.05]}
    changed = dataclasses.replace(problem, **changes)
    tuned = Hardener(changed, settings._replace(finetune_steps=90)).finetune(network, point, jnp.asarray([0.0, 1.0]), jax.random.key(7))
    hardener = Hardener(problem, settings)
    before, after = (
        float(hardener.score(n, [point], jnp.asarray([1.0, 0.0]), jax.random.key(8)).objectives[0, 0]) for n in (network, tuned)
    )
    assert after < before + 0.1
