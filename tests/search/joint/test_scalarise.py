"""Scalarisations on a front that is known: where each ends, and how evenly a population shares it."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from search.joint import scalarise
from search.joint.scalarise import Frame, Wish, along_the_front, hypervolume_gradient
from search.objectives.pareto import hypervolume

POPULATION = 16
REFERENCE = np.array([1.1, 1.1])


def concave(z):
    """(x, 1 - (x + x**2) / 2), with a distance that only costs."""
    x = jnp.clip(z[0], 0, 1)
    return jnp.stack([x, 1 - (x + x**2) / 2]) + 0.5 * z[1] ** 2


def convex(z):
    """(x, (1 - sqrt x)**2)."""
    x = jnp.clip(z[0], 0, 1)
    return jnp.stack([x, (1 - jnp.sqrt(x + 1e-9)) ** 2]) * (1 + z[1] ** 2) + 0.5 * z[1] ** 2


def searched(rule, front, steps: int = 400) -> np.ndarray:
    """A population descended as the joint search does: preferences renewed between calls."""
    preferences = rule.spread(POPULATION, 2)
    latents = jnp.stack([jnp.linspace(0.3, 0.7, POPULATION), jnp.full(POPULATION, 0.5)], 1)
    frame = Frame(jnp.zeros(2), jnp.ones(2))
    adam = optax.adam(0.02)
    state = adam.init(latents)

    @jax.jit
    def call(latents, state, preferences):
        def step(carry, _):
            latents, state = carry
            gradient = jax.vmap(jax.grad(lambda z, w: rule(front(z), w, frame)))(latents, preferences)
            update, state = adam.update(gradient, state)
            return (jnp.clip(optax.apply_updates(latents, update), jnp.array([0.0, -1.0]), 1.0), state), None

        return jax.lax.scan(step, (latents, state), length=20)[0]

    for number in range(steps // 20):
        latents, state = call(latents, state, jnp.asarray(preferences))
        reached = np.asarray(jax.vmap(front)(latents), np.float64)
        if number in (6, 12, 16):
            preferences = rule.respread(preferences, reached, frame)
        preferences = rule.steer(preferences, reached, frame)
    return reached


def best(front) -> float:
    """Hypervolume of a population at its best: greedy exchange would add less than 1 % to even spacing."""
    points = np.asarray(jax.vmap(front)(jnp.stack([jnp.linspace(0, 1, 4000), jnp.zeros(4000)], 1)))
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    chosen = points[np.searchsorted(length, np.linspace(0, length[-1], POPULATION)).clip(0, 3999)]
    return hypervolume(chosen, REFERENCE)


@pytest.mark.parametrize(("name", "share"), [("tchebycheff", 0.99), ("linear", 0.99), ("epsilon", 0.98), ("hypervolume", 0.96)])
def test_a_convex_front_is_found(name: str, share: float) -> None:
    rule = scalarise.make(name, 0.05, 20.0)
    assert hypervolume(searched(rule, convex), REFERENCE) > share * best(convex)


@pytest.mark.parametrize(("name", "reaches"), [("tchebycheff", True), ("epsilon", True), ("linear", False)])
def test_only_a_sum_misses_the_concave_part(name: str, reaches: bool) -> None:
    found = searched(scalarise.make(name, 0.05, 20.0), concave)
    inside = np.sum(np.all(found < 0.95, axis=1))
    assert (inside >= POPULATION // 2) == reaches, found


def test_the_hypervolume_gradient_is_the_sides_of_each_points_own_box() -> None:
    points = np.array([[0.1, 0.7], [0.4, 0.4], [0.8, 0.1], [0.5, 0.5], [2.0, 0.0]])
    gradient = hypervolume_gradient(points, np.array([1.0, 1.0]))
    np.testing.assert_allclose(gradient[:3], [[0.3, 0.3], [0.3, 0.4], [0.3, 0.2]], atol=1e-3)
    np.testing.assert_allclose(gradient[3], [0.5, 0.5], atol=1e-3, err_msg="dominated: its own layer of the front")
    np.testing.assert_allclose(gradient[4], 0, err_msg="beyond the reference")


def test_sharing_a_front_anew_fills_its_gap_and_keeps_its_ends() -> None:
    preferences = scalarise.spread_preferences(5, 2, 0.01, 1.0)
    # four members crowd at one end, one is alone at the other
    reached = np.array([[0.0, 1.0], [0.02, 0.98], [0.04, 0.96], [0.06, 0.94], [1.0, 0.0]])
    renewed = along_the_front(preferences, reached, Frame(jnp.zeros(2), jnp.ones(2)))
    np.testing.assert_allclose(renewed[[0, -1]], preferences[[0, -1]], rtol=1e-5)
    assert np.all(renewed[1:-1, 1] > preferences[1:-1, 1]), "towards the gap, which is at the strong end"
    lost = np.where(np.arange(5)[:, None] == 2, np.nan, reached)
    assert np.all(np.isfinite(along_the_front(preferences, lost, Frame(jnp.zeros(2), jnp.ones(2)))))


@pytest.mark.parametrize("name", scalarise.NAMES)
def test_preferences_of_any_number_of_objectives_are_finite_and_differ(name: str) -> None:
    rule = scalarise.make(name, 0.01, 1.0)
    for objectives in (2, 3, 4):
        preferences = rule.spread(6, objectives)
        assert preferences.shape == (6, objectives)
        assert len(np.unique(preferences.round(5), axis=0)) == 6
        wish = Wish.of(jnp.asarray(preferences[0]))
        value, gradient = jax.value_and_grad(rule)(jnp.linspace(0, 1, objectives), *wish)
        assert np.isfinite(value)
        assert np.all(np.isfinite(gradient))
        assert np.all(gradient >= 0)
