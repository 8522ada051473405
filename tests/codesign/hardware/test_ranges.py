"""No count, time or share leaves its range, whatever the rates, sizes and hardness."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.hardware import REGISTRY, HybridChip
from codesign.hardware.crossbar.activity import idle_probability
from codesign.hardware.parameters.shares import sharpened
from codesign.hardware.parts.activity import share_with_any
from codesign.technology.catalogue import load
from codesign.workloads.workload import Workload, conv, dense, pool

TINY = (dense("one", 1, 1), conv("pixel", 1, 1, 1, kernel=1), pool("pool", 1, 2), dense("fc", 1, 3))


def work(rate: float, timesteps: float = 4) -> Workload:
    return Workload.of(TINY, timesteps=timesteps, input_rate=rate)


@pytest.mark.parametrize("dataflow", ["output_stationary", "weight_stationary"])
def test_a_skipped_layer_takes_no_negative_time(dataflow: str) -> None:
    chip = REGISTRY["systolic"].of(rows=1, columns=1, dataflow=dataflow, zeros="skipping")
    cycles = jax.jit(lambda rate: chip.cycles(dataclasses.replace(work(0), input_rate=jnp.full(len(TINY), rate))))
    for rate in (0.0, 1e-8, 0.2, 1.0):
        assert bool(jnp.all(cycles(rate) >= 0)), rate


def test_the_chance_of_any_event_is_right_to_a_millionth_at_both_ends() -> None:
    counts = jnp.asarray([0, 1, 2, 9, 1000.0])
    np.testing.assert_array_equal(share_with_any(0.0, counts), 0)
    certain = np.asarray(share_with_any(1.0, counts), np.float64)
    assert certain[0] == 0
    assert np.all((certain[1:] <= 1) & (certain[1:] >= 1 - 1e-6))
    assert np.all(np.asarray(idle_probability(1.0, counts[1:]), np.float64) <= 1e-6)
    slopes = jax.jit(jax.vmap(jax.grad(share_with_any)))(jnp.asarray([0.0, 0.0, 1.0, 1.0]), counts[1:])
    assert bool(jnp.all(jnp.isfinite(slopes)))


def test_sharpened_shares_are_shares() -> None:
    rng = np.random.default_rng(0)
    rows = jnp.asarray(rng.random((2000, 3, 4)) ** 8, jnp.float32)
    hardness = jnp.asarray(rng.choice([0, 0.3, 0.9, 0.99, 0.9999999, 1], 2000), jnp.float32)
    shares = jax.jit(jax.vmap(sharpened))(rows, hardness)
    assert bool(jnp.all((shares >= 0) & (shares <= 1)))
    np.testing.assert_allclose(jnp.sum(shares, axis=-1), 1, rtol=1e-6)


def test_a_mapped_over_number_of_rows_makes_no_tile_too_many() -> None:
    work = Workload.of([dense("wide", 98, 60), dense("narrow", 49, 7)], weight_bits=4, activation_bits=4)

    def tiles(rows: jax.Array, columns: jax.Array) -> tuple[jax.Array, ...]:
        chip = eqx.tree_at(lambda c: (c.rows, c.columns), REGISTRY["crossbar"].of(), (rows, columns))
        mapping = chip.mapping(work)
        return mapping.row_tiles, mapping.column_tiles, mapping.output_columns

    sizes = np.arange(1.0, 100.0)
    rows, columns, used = jax.jit(jax.vmap(tiles))(*[jnp.asarray(sizes, jnp.float32)] * 2)
    np.testing.assert_array_equal(rows, np.ceil(np.asarray([98, 49]) / sizes[:, None]))
    np.testing.assert_array_equal(columns, np.ceil(np.asarray(used, np.float64) / sizes[:, None]))


def test_a_hybrid_uses_no_more_than_all_of_its_engines() -> None:
    engines = {"a": REGISTRY["manycore"].of(), "b": REGISTRY["manycore"].of(neurons_per_core=64)}
    layers = Workload.of([dense("one", 40, 4000), dense("two", 4000, 300)], input_rate=1.0)
    prices = load("rram_45nm")
    rng = np.random.default_rng(0)

    @jax.jit
    def used(assignment: jax.Array, hardness: jax.Array) -> tuple[jax.Array, jax.Array]:
        cost = eqx.tree_at(lambda c: c.assignment, HybridChip.of(engines, [0, 1]), assignment).cost(layers, prices, hardness)
        return cost.utilisation, cost.energy_pj

    for hardness in (0.0, 0.5, 0.99, 1.0):
        utilisation, energy = used(jnp.asarray(rng.random((2, 2)) ** 4, jnp.float32), jnp.float32(hardness))
        assert bool(jnp.all((utilisation >= 0) & (utilisation <= 1)))
        assert bool(jnp.all(energy >= 0))
