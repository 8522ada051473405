"""Early exit: the exact rule, its relaxed form, and the steps in the cost. TET: every step's answer counts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.test_util import check_grads

from codesign.evaluation.evaluate import Batch, Design, evaluate
from codesign.hardware.systolic.array import Systolic
from codesign.network.answers.score import cross_entropy
from codesign.network.answers.tet import tet
from codesign.network.builders.models import mlp
from codesign.network.early_exit import exit_early, relative_entropy
from codesign.network.layers.style import Style
from codesign.network.operation import Operation
from codesign.network.run import Activity
from codesign.technology.catalogue import load

STEPS, BATCH, CLASSES, LAYERS = 4, 16, 5, 3
SCORES = np.random.default_rng(0).normal(0, 2, (STEPS, BATCH, CLASSES)).astype(np.float32)
LABELS = np.arange(BATCH) % CLASSES


def activity(spiking=(1.0, 1.0, 1.0), scores=SCORES):
    zeros = jnp.zeros(LAYERS)
    gates = np.asarray(spiking, scores.dtype)
    mean, scores = jnp.asarray(scores.mean(0)), jnp.asarray(scores)
    return Activity(mean, scores, zeros, zeros, zeros, jnp.asarray(gates), jnp.asarray(gates * STEPS + (1 - gates)))


def operation(threshold, timesteps=STEPS):
    return Operation.of(LAYERS, longest=STEPS, timesteps=timesteps, exit_entropy=threshold)


leave = jax.jit(exit_early)


def by_hand(threshold, steps=STEPS):
    answers, taken = [], []
    for sample in range(BATCH):
        for step in range(steps):
            mean = np.mean(SCORES[: step + 1, sample], axis=0)
            shares = np.exp(mean - mean.max())
            shares /= shares.sum()
            if -np.sum(shares * np.log(shares)) / np.log(CLASSES) < threshold or step == steps - 1:
                break
        answers.append(mean)
        taken.append(step + 1)
    return np.asarray(answers), np.mean(taken)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.6, 1.1])
def test_the_exact_rule_sample_by_sample(threshold):
    got = leave(activity(), operation(threshold))
    answers, steps = by_hand(threshold)
    np.testing.assert_allclose(got.logits, answers, atol=1e-5)
    np.testing.assert_allclose(got.timesteps, steps, rtol=1e-6)
    assert {0.0: steps == STEPS, 1.1: steps == 1}.get(threshold, 1 < steps < STEPS)


def test_fewer_steps_than_simulated():
    got = leave(activity(), operation(0.3, 2))
    answers, steps = by_hand(0.3, 2)
    np.testing.assert_allclose(got.logits, answers, atol=1e-5)
    # the layers' own steps in this toy are those of the whole run
    np.testing.assert_allclose(got.timesteps, STEPS - (2 - steps), rtol=1e-6)


def test_without_a_threshold_nothing_changes():
    given = activity()
    assert exit_early(given, Operation.of(LAYERS, longest=STEPS)) is given


def test_relaxed_steps_approach_the_exact_ones_and_fall_with_the_threshold():
    exact = float(leave(activity(), operation(0.4)).timesteps[0])
    gaps = [abs(float(leave(activity(), operation(0.4), h).timesteps[0]) - exact) for h in (0.0, 0.9, 0.999)]
    assert gaps[2] < 0.35
    slope = jax.jit(jax.grad(lambda threshold, h: leave(activity(), operation(threshold), h).timesteps[0]))
    assert float(slope(0.4, 0.5)) < 0
    assert float(slope(0.4, 1.0)) < 0  # the exact rule's gradient is that of the coldest soft one


@pytest.mark.slow
def test_relaxed_gradients_match_differences_in_float64():
    with jax.enable_x64(True):
        scores = SCORES.astype(np.float64)

        @jax.jit
        def steps(threshold, factor):
            run = Operation(jnp.float64(3.3), jnp.ones(LAYERS), jnp.ones(()), jnp.ones(()), STEPS, exit_entropy=jnp.asarray(threshold))
            given = activity(scores=scores)
            given = given._replace(logits=factor * given.logits, step_logits=factor * given.step_logits)
            return jnp.sum(exit_early(given, run, 0.5).timesteps)

        check_grads(steps, (jnp.float64(0.4), jnp.float64(1.1)), order=1, modes=["rev"])


@pytest.mark.parametrize(("spiking", "leaves"), [((0, 1, 1), True), ((1, 1, 0), False), ((1, 0, 1), False), ((0, 0, 0), False)])
def test_numbers_behind_spikes_wait_for_all_steps(spiking, leaves):
    before = activity(spiking)
    after = leave(before, operation(1.1))
    np.testing.assert_allclose(after.timesteps, [1 if leaves or not s else STEPS for s in spiking], rtol=1e-6)


def test_entropy_is_a_share():
    entropy = jax.jit(relative_entropy)
    assert float(entropy(np.zeros(7, np.float32))) == pytest.approx(1)
    assert float(entropy(np.asarray([50, 0, 0], np.float32))) == pytest.approx(0, abs=1e-6)


def test_an_answer_at_every_step_cannot_be_early():
    with pytest.raises(ValueError, match="answer at every step"):
        exit_early(activity()._replace(logits=jnp.zeros((BATCH, STEPS, CLASSES))), operation(0.3))


def test_an_evaluation_pays_for_the_steps_it_takes():
    network = mlp((12,), CLASSES, [16], style=Style(), rngs=nnx.Rngs(0))
    graph, state = nnx.split(network)
    batch = Batch(jnp.asarray(np.random.default_rng(1).uniform(size=(BATCH, 12)), jnp.float32), jnp.asarray(LABELS))
    prices, traces = load("digital_28nm"), []

    @jax.jit
    def run(threshold):
        traces.append(1)
        design = Design(state, Operation.of(2, longest=STEPS, exit_entropy=threshold), Systolic.of())
        return evaluate(graph, design, batch, prices, jax.random.key(0), exact=True)

    never, often, at_once = run(0.0), run(0.5), run(1.1)
    assert len(traces) == 1
    steps = [float(e.workload.timesteps[0]) for e in (never, often, at_once)]
    assert steps[0] == pytest.approx(STEPS)
    assert steps[2] == pytest.approx(1)
    assert steps[0] * (1 + 1e-6) >= steps[1] >= steps[2] * (1 - 1e-6)
    assert float(at_once.cost.energy) < float(never.cost.energy)
    assert float(at_once.cost.latency) < float(never.cost.latency)


# --- temporal efficient training


def test_tet_is_the_mean_of_the_steps_and_never_below_the_loss_of_the_mean():
    loss, one = jax.jit(tet, static_argnums=3), jax.jit(cross_entropy)
    each = [float(one(scores, LABELS)) for scores in SCORES]
    assert float(loss(SCORES, LABELS, STEPS)) == pytest.approx(np.mean(each), rel=1e-6)
    assert float(loss(SCORES, LABELS, 2.5)) == pytest.approx((each[0] + each[1] + 0.5 * each[2]) / 2.5, rel=1e-6)
    assert float(loss(SCORES, LABELS, STEPS)) >= float(one(SCORES.mean(0), LABELS))
    assert float(loss(SCORES, np.full(BATCH, -1), STEPS)) == 0
    assert float(loss(SCORES, LABELS, STEPS, 1.0)) == pytest.approx(np.mean((SCORES - 1) ** 2), rel=1e-6)
