"""Switches and unordered choices: what they are at the ends of annealing, and that gradients reach them on the way."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.parameters.categorical import Categorical
from codesign.parameters.gate import Gate
from codesign.parameters.integer import Integer
from codesign.parameters.space import Space

SPACE = Space({"engine": Categorical(("array", "cores", "dsp"), per_layer=True), "gate": Gate(), "bits": Integer(2, 6)}, layers=2)


relax = jax.jit(SPACE.relax)


def test_a_point_survives_the_way_through_its_latents() -> None:
    point = {"engine": [2.0, 0.0], "gate": [1.0, 0.0], "bits": 4.0}
    values = relax(SPACE.latents(point))
    np.testing.assert_allclose(values["engine"], [[0, 0, 1], [1, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(values["gate"], [1, 0], atol=1e-6)
    assert float(values["bits"]) == pytest.approx(4)
    assert SPACE.shape("engine") == (2, 3)
    assert len(SPACE.coordinates()) == 5


@pytest.mark.slow
def test_cold_choices_are_made_and_warm_ones_learn() -> None:
    latents = {"engine": jnp.asarray([[0.5, 0.6, 0.4], [0.1, 0.2, 0.9]]), "gate": jnp.asarray([0.4, 0.8]), "bits": jnp.asarray(0.5)}
    cold, warm = (relax(latents, temperature) for temperature in (0.05, 5.0))
    np.testing.assert_allclose(cold["engine"].max(axis=1), 1, atol=1e-3)
    np.testing.assert_array_equal(np.argmax(cold["engine"], axis=1), [1, 2])
    np.testing.assert_allclose(cold["gate"], [0, 1], atol=1e-3)
    assert float(warm["engine"].max()) < 0.65
    np.testing.assert_allclose(warm["gate"], [0.4, 0.8], rtol=1e-5)
    np.testing.assert_allclose(warm["engine"].sum(axis=1), 1, rtol=1e-5)
    gradient = jax.jit(jax.grad(lambda z: SPACE.relax(z, 5.0)["engine"][0, 0] + SPACE.relax(z, 1.0)["gate"].sum()))(latents)
    assert np.all(np.asarray(gradient["engine"])[0] != 0)
    assert np.all(np.asarray(gradient["gate"]) > 0)


def test_gates_have_finite_gradients_at_their_ends() -> None:
    slope = jax.jit(jax.vmap(jax.grad(Gate().soften), in_axes=(0, None)))
    for temperature in (0.05, 1.0, 5.0):
        assert np.all(np.isfinite(slope(np.asarray([0.0, 1e-7, 0.5, 1.0], np.float32), temperature)))


def test_noise_explores_and_fades() -> None:
    latents = {"engine": jnp.full((2, 3), 0.5), "gate": jnp.full(2, 0.5), "bits": jnp.asarray(0.5)}

    @jax.jit
    def draws(latents, temperature, key):
        return jax.vmap(lambda k: SPACE.relax(latents, temperature, SPACE.noise(k))["engine"][0])(jax.random.split(key, 50))

    assert set(np.argmax(np.asarray(draws(latents, 0.5, jax.random.key(0))), axis=1)) == {0, 1, 2}
    decided = latents | {"engine": jnp.asarray([[0.5, 0.9, 0.1]] * 2)}
    assert set(np.argmax(np.asarray(draws(decided, 0.05, jax.random.key(1))), axis=1)) == {1}


def test_other_searches_see_numbers() -> None:
    engine = SPACE.parameters["engine"]
    assert [engine.harden(float(engine.relax(z))) for z in (0.0, 0.4, 1.0)] == [0, 1, 2]
    assert engine.neighbours(1.0) == (0.0, 2.0)
    assert Gate().neighbours(1.0) == (0.0,)
    assert Gate().harden(0.7) == 1
    with pytest.raises(ValueError, match="two different names"):
        Categorical(("same", "same"))
