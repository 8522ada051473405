"""What `benchmarks.accuracy` is made of, on slices: real data learned in seconds, leaky read-out, augmentation."""

import os
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from benchmarks.accuracy.recipes import RECIPES, flipped, shifted
from benchmarks.accuracy.training import Stage, measure, train
from codesign.data import registry
from codesign.network.answers.readout_leaky import LeakyStepReadout
from codesign.network.operation import Operation


def test_leaky_scores_are_a_causal_exponential_mean(key: jax.Array) -> None:
    scores = jax.random.normal(key, (7, 2, 3))
    found = LeakyStepReadout(0.8).logits(scores, jnp.ones(7))
    kept = np.zeros((2, 3))
    for step, score in enumerate(np.asarray(scores)):
        kept = 0.8 * kept + 0.2 * score
        np.testing.assert_allclose(found[:, step], kept, rtol=1e-5)
    np.testing.assert_allclose(LeakyStepReadout(0.0).logits(scores, jnp.ones(7)), jnp.swapaxes(scores, 0, 1))


def test_shifts_move_whole_samples_and_leave_zeros() -> None:
    dot = jnp.zeros((64, 9, 9, 1)).at[:, 4, 4].set(1)
    moved = np.asarray(shifted(dot, jax.random.key(3), most=(2, 1, 0)))
    rows, columns = np.nonzero(moved.sum(0)[..., 0])
    assert (set(rows), set(columns)) == ({2, 3, 4, 5, 6}, {3, 4, 5})
    np.testing.assert_array_equal(moved.sum((1, 2, 3)), 1)
    mirrored = np.asarray(flipped(dot.at[:, 4, 0].set(2), jax.random.key(1)))
    assert set(np.argmax(mirrored[:, 4, :, 0], axis=1)) == {0, 8}


@pytest.mark.slow
@pytest.mark.skipif("CODESIGN_DATA" not in os.environ, reason="needs the real data in $CODESIGN_DATA")
def test_japanese_vowels_are_learned_in_seconds() -> None:
    recipe = RECIPES["japanese_vowels"]
    data = recipe.prepare(registry.load("japanese_vowels"))
    network = recipe.build(data.sample_shape, data.classes, nnx.Rngs(0))
    graph, weights = nnx.split(network)
    learn = partial(train, graph, samples=tuple(data.train), augment=recipe.augment, report=lambda text: None)
    ann = Operation.of(2, longest=1, activation_bits=[6, 4], gate=0.0)
    spiking = Operation.of(2, longest=4, activation_bits=[6, 4])
    weights = learn(weights=weights, operation=ann, stage=Stage(30, 23, 3e-3, smoothing=0.1, steps_per_call=50), seed=0)
    weights = learn(weights=weights, operation=spiking, stage=Stage(15, 23, 2e-3, smoothing=0.1, steps_per_call=50), seed=1)
    assert measure(graph, weights, spiking, tuple(data.test)).accuracy > 0.95
