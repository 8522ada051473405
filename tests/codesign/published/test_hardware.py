"""What every published model has to do as hardware; and the few behaviours of the small models that no claim covers."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.hardware.base import AbstractHardware, UnsupportedLayerError
from codesign.published import REGISTRY, lemaire, loihi, ottati, yan
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload, conv, dense, pool

NONE = Technology.of("unused", 28, 1, ())
LAYERS = (conv("c1", 8, 16, 8), pool("p1", 16, 8), conv("c2", 16, 32, 4), dense("fc", 512, 32), dense("out", 32, 10))


def work(rate=0.2, spiking=1.0, steps=4.0, dtype=jnp.float32) -> Workload:
    return Workload.of(LAYERS, input_rate=rate, output_rate=rate, spiking=spiking, timesteps=steps, dtype=dtype)


def to_double(chip: AbstractHardware) -> AbstractHardware:
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(chip)]
    floating = [leaf.astype(np.float64) if np.issubdtype(leaf.dtype, np.floating) else leaf for leaf in leaves]
    return jax.tree.unflatten(jax.tree.structure(chip), floating)


RATES, STEPS = np.asarray([0.0, 0.2, 1.0], np.float32), np.asarray([1.0, 4.0, 8.0], np.float32)


@functools.cache
def compiled(name):
    """The exact cost, and the relaxed one's derivatives, over rates and steps; and a list of its traces."""
    chip = REGISTRY[name]()
    traces = []

    @jax.jit
    @jax.vmap
    def law(rate, steps):
        traces.append(1)
        cost, pullback = jax.vjp(lambda c, r: c.cost(work(r, steps=steps), NONE, 0.5).energy, chip, rate)
        return chip.cost(work(rate, steps=steps), NONE), pullback(jnp.ones_like(cost))

    return law, traces


@pytest.mark.parametrize("name", REGISTRY)
def test_cost_is_consistent_differentiable_and_maps(name):
    law, traces = compiled(name)
    cost, (by_chip, by_rate) = jax.tree.map(np.asarray, law(RATES, STEPS))
    law(RATES * 0.5, STEPS)
    assert len(traces) == 1
    assert cost.layers == tuple(layer.name for layer in LAYERS)
    assert cost.energy_pj.shape == (3, len(LAYERS), len(cost.components))
    for part in (cost.energy_pj, cost.latency_ns, cost.area_um2, cost.utilisation):
        assert np.all(np.isfinite(part))
        assert np.all(np.asarray(part) >= 0)
    assert np.all(np.asarray(cost.utilisation) <= 1 + 1e-6)
    assert np.all(np.diff(cost.energy_pj.sum((1, 2))) > 0), "more steps and spikes must not be cheaper"
    np.testing.assert_allclose(cost.energy_pj.sum(2).sum(1), cost.energy_pj.sum((1, 2)), rtol=1e-5)
    assert np.all(np.isfinite(by_rate))
    assert np.all(np.asarray(by_rate) >= 0)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(by_chip) if jnp.issubdtype(leaf.dtype, jnp.floating))


@pytest.mark.parametrize("name", REGISTRY)
def test_single_and_double_precision_agree(name):
    cost, _ = compiled(name)[0](RATES, STEPS)
    single = [np.sum(np.asarray(part)[1]) for part in (cost.energy_pj, cost.latency_ns, cost.area_um2)]
    with jax.enable_x64():
        cost = jax.jit(lambda chip: chip.cost(work(RATES[1], steps=STEPS[1], dtype=jnp.float64), NONE))(to_double(REGISTRY[name]()))
        assert cost.energy_pj.dtype == jnp.float64
        np.testing.assert_allclose(single, [np.asarray(part).sum() for part in (cost.energy_pj, cost.latency_ns, cost.area_um2)], rtol=1e-4)


@pytest.mark.parametrize("name", [name for name in REGISTRY if name != "operations"])
def test_attention_is_refused_by_name(name):
    attention = LayerWork("attend", "attention", 16, 16, 4, 4, 4, 4)
    with pytest.raises(UnsupportedLayerError, match="'attend'"):
        REGISTRY[name]().cost(Workload.of([attention]), NONE)


@pytest.mark.parametrize("name", ["operations", "lemaire", "ottati_dense", "ottati_sparse", "yan", "sata_inference"])
def test_spiking_mixes_both_estimates(name):
    law = jax.jit(lambda g: REGISTRY[name]().cost(work(spiking=g), NONE).energy)
    none, half, full = (float(law(g)) for g in (0.0, 0.5, 1.0))
    assert none != pytest.approx(full, rel=0.01)
    assert half == pytest.approx((none + full) / 2, rel=1e-5)


def test_leak_costs_more_than_none_in_lemaires_model():
    leaky, perfect = (float(lemaire.Lemaire(neuron=neuron).cost(work(), NONE).energy) for neuron in ("lif", "if"))
    assert leaky > perfect


def test_piecewise_memory_passes_through_its_points():
    np.testing.assert_allclose(lemaire.access_energy(8 * 1024 * jnp.asarray([0.0, 8, 32, 1024, 4096]), "piecewise"), [0, 10, 20, 100, 100])


def test_lemaires_convolution_counts():
    """One 3x3, stride 2 convolution by hand: a spike reaches ceil(3/2)^2 positions of every channel."""
    layers = lemaire.layer_shapes(Workload.of([conv("c", 4, 8, 8, stride=2)]))
    parts = np.asarray(lemaire.spiking_energy(layers, 10.0, 5.0, 2.0, 32.0, "if"))[0]
    events, updates = 10 * 4 * 8, 8 * 16 * 2
    assert parts[0] == pytest.approx(0.1 * (events + updates + 5))
    assert parts[2] == pytest.approx(10 * 8 * 9 * (1.09e-5 * 4 * 8 * 9 * 32 + 13.2), rel=1e-6)
    assert parts[6] == pytest.approx(10 * (2 * 3.2 + 0.1 * 9 * 8), rel=1e-6)


def test_model_b_neuron_is_idle_without_spikes():
    silent = ottati.snn_sparse(100.0, 10.0, 0.0)
    np.testing.assert_allclose(silent, [0, 0, 10 * ottati.SPIKE_B], rtol=1e-6)


def test_twins_agree_at_the_breakeven():
    """`YanTwin` with T = 5 at the closed form's breakeven rate costs what the 3-bit network does."""
    layer = dense("fc", 4096, 64)
    rate = float(yan.breakeven_rate(5))
    chips = [
        yan.YanTwin().cost(Workload.of([layer], spiking=g, timesteps=5, activation_bits=b, input_rate=rate, output_rate=rate), NONE)
        for g, b in ((1, 1), (0, 3))
    ]
    assert float(chips[0].energy) == pytest.approx(float(chips[1].energy), rel=1e-4)


def test_loihi_fills_cores_in_order_and_waits_for_the_slowest():
    small, large = (loihi.Loihi().cost(Workload.of([dense("fc", 64, n)], input_rate=0.5, timesteps=1), NONE) for n in (1024, 2048))
    index = loihi.COMPONENTS.index("messages")
    assert float(large.energy_pj[0, index]) == pytest.approx(2 * float(small.energy_pj[0, index]))
    assert float(small.latency) > 64 * 0.5 * 1024 * 3.8
    assert float(loihi.barrier_ns(1)) == pytest.approx(600, rel=1e-6)
    assert float(loihi.barrier_ns(100)) == pytest.approx(1800, rel=1e-6)


def test_loihi_energy_of_a_layer_by_hand():
    cost = loihi.Loihi().cost(Workload.of([dense("fc", 100, 50)], input_rate=1.0, output_rate=0.0, timesteps=1), NONE)
    np.testing.assert_allclose(cost.energy_pj[0, 0], 50 * (51.2 + 21.6), rtol=1e-6)
    np.testing.assert_allclose(cost.energy_pj[0, 1], 100 * 111.0, rtol=1e-6)
    np.testing.assert_allclose(cost.energy_pj[0, 3], 100 * 50 * 35.5, rtol=1e-6)
