"""Where members begin, which designs are looked at again, and that what cannot answer is no design."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.network.answers.score import accuracy
from search.designs.candidate import Candidate
from search.designs.choose import layered
from search.errors import UserError
from search.joint.decisions import patient
from search.joint.gradient import JointSearch
from search.joint.harden import Hardener
from search.joint.polish import polish
from search.joint.scout import Scout, random_point
from search.objectives.pareto import hypervolume, representatives
from search.problem import build, config
from search.problem.schedule import Settings, looks, stages
from tests.search.toy import digital, toy_config

SETTINGS = Settings(population=3, batch_size=16, warmup_steps=20, relax_steps=10, anneal_steps=10, steps_per_call=10, warm_start="shared")


@pytest.fixture(scope="module")
def hardener(tmp_path_factory) -> Hardener:
    problem = build.build(config.read(toy_config(tmp_path_factory.mktemp("toy"))))
    return Hardener(problem, SETTINGS, validation_samples=32)


def test_members_begin_where_their_preference_leads(hardener) -> None:
    problem, settings = hardener.problem, SETTINGS._replace(scout_evaluations=96)
    population = JointSearch(problem, settings).start(jax.random.key(0))
    scouted = Scout(hardener, settings)(population, jax.random.key(1))
    space = problem.space
    points = [
        {n: np.asarray(v) for n, v in space.relax(jax.tree.map(lambda x, m=m: x[m], scouted.members.latents)).items()} for m in range(3)
    ]
    for point in points:
        for name, index in space.coordinates():
            value = float(np.ravel(point[name])[index])
            parameter = space.parameters[name]
            assert parameter.is_legal(parameter.harden(value))
            assert value == pytest.approx(parameter.harden(value), rel=1e-3), "members begin on legal chips"
    # an untrained network answers no better on a dear chip: the strongest preference for energy takes the cheapest
    network = jax.tree.map(lambda x: x[0], population.members.network)
    ones = jnp.ones(len(problem.objectives))
    legal = [{n: np.asarray(v).tolist() for n, v in point.items()} for point in points]
    energy = hardener.score(network, legal, ones, jax.random.key(2)).objectives[:, 1]
    assert energy[2] <= energy.min() * (1 + 1e-6)
    again = Scout(hardener, settings)(population, jax.random.key(1))
    jax.tree.map(np.testing.assert_array_equal, again.members.latents, scouted.members.latents)
    assert Scout(hardener, SETTINGS)(population, jax.random.key(1)) is population, "nothing may be scored: nothing changes"


def test_random_points_are_legal_and_reach_the_bounds(hardener) -> None:
    space, draws = hardener.problem.space, np.random.default_rng(0)
    points = [random_point(space, draws) for _ in range(200)]
    for name, index in space.coordinates():
        values, parameter = {float(np.ravel(p[name])[index]) for p in points}, space.parameters[name]
        assert all(parameter.is_legal(v) for v in values)
        assert {parameter.harden(float(parameter.relax(end))) for end in (0.0, 1.0)} <= values or len(values) > 20


def test_polish_keeps_families_of_weights_apart(hardener) -> None:
    """Two designs of one member with different weights: mutants carry the weights they were scored with."""
    problem, draws = hardener.problem, np.random.default_rng(0)
    networks = [problem.build(jax.random.key(i)) for i in range(2)]
    ones, chip = jnp.ones(len(problem.objectives)), jax.random.key(3)
    found = []
    for network in networks:
        point = random_point(problem.space, draws)
        found += hardener.score(network, [point], ones, chip).candidates([point], 0, "member", network)
    for mutant in polish(hardener, found, 64, 0, chip)[::8]:
        alone = hardener.score(mutant.network, [mutant.point], ones, chip)
        np.testing.assert_allclose(mutant.objectives, alone.objectives[0], rtol=1e-6)


def test_warm_up_looks_once() -> None:
    seen = [looks(stage, done, 10) for stage in stages(SETTINGS) for done in range(0, stage.steps, 10)]
    assert seen == [False, True, True, True]


def test_representatives_keep_the_knee_and_the_volume() -> None:
    x = np.linspace(0, 1, 41)
    front = np.stack([x, (1 - x) ** 4], 1)  # bent at the lower left
    kept = front[representatives(front, 6)]
    assert len(kept) == 6
    even = front[np.linspace(0, 40, 6).round().astype(int)]
    corner = np.full(2, 1.1)
    assert hypervolume(kept, corner) > hypervolume(even, corner)
    assert hypervolume(kept, corner) > 0.93 * hypervolume(front, corner)
    assert representatives(front[:3], 6) == [0, 1, 2]


def test_layers_follow_each_other(hardener) -> None:
    def design(error: float, energy: float) -> Candidate:
        return Candidate(0, "member", {}, None, np.array([error, energy]))  # type: ignore[arg-type]

    front, second, third = [design(0.1, 4.0), design(0.2, 2.0)], [design(0.2, 4.0)], [design(0.3, 5.0)]
    chosen = layered(hardener.problem, [*third, *second, *front], 3)
    assert [tuple(c.objectives) for c in chosen] == [(0.1, 4.0), (0.2, 2.0), (0.2, 4.0)]
    assert layered(hardener.problem, front, 0) == []


def test_a_network_without_numbers_has_no_accuracy() -> None:
    """The largest of NaNs is the first class: a broken network was right for every label 0."""
    logits = jnp.asarray([[0.1, 0.9], [jnp.nan, jnp.nan]])
    assert bool(jnp.isnan(accuracy(logits, jnp.asarray([1, 0]))))
    assert float(accuracy(logits, jnp.asarray([1, -1]))) == 1.0, "samples that do not count may be anything"


def test_bits_below_what_a_sign_needs_are_refused(tmp_path) -> None:
    path = toy_config(tmp_path)
    path.write_text(path.read_text().replace("weight_bits: {kind: integer, low: 2", "weight_bits: {kind: integer, low: 1"))
    with pytest.raises(UserError, match="weight_bits: must be a whole number from 2 to 16 bit, got 1"):
        build.build(config.read(path))
    fixed = [line for line in toy_config(tmp_path).read_text().splitlines() if "weight_bits" not in line]
    path.write_text("\n".join(fixed).replace("longest: 3}", "longest: 3, operation: {weight_bits: 1}}"))
    with pytest.raises(UserError, match=r"network\.operation\.weight_bits: must be a whole number from 2 to 16 bit, got 1"):
        build.build(config.read(path))


def test_a_stage_without_progress_ends_early(hardener) -> None:
    start = population = JointSearch(hardener.problem, SETTINGS).start(jax.random.key(0))
    volumes = [1.0, 1.1, 1.1, 1.2, 1.2, 1.2]  # grows, stalls once, grows, stalls twice
    steps = []
    for volume in volumes:
        population = patient(population, volume, end=500, patience=2)
        steps.append(int(population.step))
    assert steps == [0, 0, 0, 0, 0, 500]
    for volume in volumes:
        assert int(patient(start, volume, end=500, patience=0).step) == 0


@pytest.mark.slow
def test_members_are_shared_among_devices(tmp_path) -> None:
    """Side by side on two devices, a member ends as it does in a loop on one."""
    script = tmp_path / "devices.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "import jax, numpy as np\n"
        "from search.problem import build, config\n"
        "from search.joint.gradient import JointSearch\n"
        "from search.problem.schedule import Settings, stages\n"
        "problem = build.build(config.read(Path(sys.argv[1])))\n"
        "ends = []\n"
        "for axis in ('vmap', 'loop'):\n"
        "    settings = Settings(population=4, batch_size=16, steps_per_call=5, population_axis=axis)\n"
        "    joint = JointSearch(problem, settings)\n"
        "    start = joint.start(jax.random.key(0))\n"
        "    devices = {d for leaf in jax.tree.leaves(start.members) for d in leaf.devices()}\n"
        "    assert len(devices) == (2 if axis == 'vmap' else 1), devices\n"
        "    end, metrics = joint.advance(start, stages(settings)[1], 0.3, jax.random.key(1))\n"
        "    ends.append((np.asarray(metrics.loss), np.asarray(end.members.latents['rows'])))\n"
        "np.testing.assert_allclose(ends[0][0], ends[1][0], rtol=1e-4)\n"
        "np.testing.assert_allclose(ends[0][1], ends[1][1], atol=1e-3)\n"
        "print('same')\n"
    )
    environment = os.environ | {"XLA_FLAGS": f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=2"}
    path = toy_config(tmp_path, network="{kind: mlp, hidden: [], longest: 3}")
    path.write_text(digital(path.read_text()))
    command = [sys.executable, str(script), str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "same", done.stderr[-2000:]
