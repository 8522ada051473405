"""Local learning: the rule pair by pair, competition, and features that are worth more than random ones."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from codesign.data import registry
from codesign.data.encoders import encode
from codesign.network.learning.plasticity import CompetitiveLayer, PairRule, learn_layer

RULE = PairRule.of(potentiation=0.5, depression=0.25, input_decay=0.5, output_decay=0.25)


change = eqx.filter_jit(RULE.change)


def pair(before_step: int, after_step: int, weight: float = 0.5) -> float:
    """Change of one synapse by one pair of spikes."""
    before, after = (np.eye(6, dtype=np.float32)[step].reshape(6, 1, 1) for step in (before_step, after_step))
    return float(change(np.full((1, 1), weight, np.float32), before, after)[0, 0])


def test_order_and_distance_of_a_pair_decide_its_change() -> None:
    assert pair(2, 2) == pytest.approx(0.5 * 0.5)
    assert pair(2, 4) == pytest.approx(0.5 * 0.5 * 0.5**2)
    assert pair(4, 2) == pytest.approx(-0.25 * 0.5 * 0.25**2)


def test_a_pair_in_the_same_step_is_counted_once() -> None:
    both = np.ones((1, 1, 1), np.float32)
    assert float(change(np.full((1, 1), 0.5, np.float32), both, both)[0, 0]) == pytest.approx(0.25)


def test_bounds_are_soft() -> None:
    assert pair(2, 3, weight=1.0) == pytest.approx(0, abs=1e-7)
    assert pair(3, 2, weight=0.0) == pytest.approx(0, abs=1e-7)


def test_one_winner_resets_the_others() -> None:
    layer = CompetitiveLayer(jnp.asarray([[1.0, 0.8]]), jnp.zeros(2), jnp.float32(1), jnp.float32(1.5))
    fired = eqx.filter_jit(layer)(np.ones((4, 1, 1), np.float32))[:, 0]
    # without the reset the second neuron would fire in the second step too, and later alone
    np.testing.assert_array_equal(fired, [[0, 0], [1, 0], [0, 0], [1, 0]])


def test_a_neuron_that_wins_always_becomes_harder_to_excite() -> None:
    layer = CompetitiveLayer(jnp.asarray([[1.0, 0.5]]), jnp.zeros(2), jnp.float32(1), jnp.float32(1.0))
    learned = eqx.filter_jit(layer.learn)(np.ones((3, 1, 1), np.float32), RULE, jnp.float32(0.4))
    np.testing.assert_allclose(learned.thresholds, [0.2, 0.0])


@pytest.mark.slow
def test_learned_features_beat_random_ones_on_digits() -> None:
    data = registry.load("digits", seed=0)
    train, test = (jnp.asarray(split.inputs).reshape(len(split.labels), -1) for split in (data.train, data.test))

    @jax.jit
    def encoded(frames: jax.Array, key: jax.Array) -> jax.Array:
        return encode.rate(frames, 12, key)

    learn = jax.jit(learn_layer)
    untrained = CompetitiveLayer.of(64, 64, jax.random.key(0), base_threshold=6.0, mean_weight=0.25)
    learned, rule = untrained, PairRule.of()
    for epoch in range(4):
        order_key, spike_key = jax.random.split(jax.random.key(epoch))
        batches = train[jax.random.permutation(order_key, len(train))[: len(train) // 32 * 32].reshape(-1, 32)]
        spikes = jnp.moveaxis(encoded(batches, spike_key), 0, 1)
        learned = learn(learned, spikes, rule, jnp.float32(2.0))

    def right(layer: CompetitiveLayer) -> float:
        counts = [np.asarray(layer(encoded(x, jax.random.key(9 + i))).sum(0)) for i, x in enumerate((train, test))]
        return float(LogisticRegression(max_iter=300).fit(counts[0], data.train.labels).score(counts[1], data.test.labels))

    assert right(learned) > right(untrained) + 0.1
    assert right(learned) > 0.82
    assert bool(jnp.all((learned.weights >= 0) & (learned.weights <= 1)))


@pytest.mark.parametrize(("name", "value"), [("potentiation", -1.0), ("input_decay", 1.0)])
def test_a_bad_rule_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        PairRule.of(**{name: value})
