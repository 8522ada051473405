"""Statements of the literature (reference papers-energy.md, by id), computed with the published models.

Left out: LEM-6 (their trained networks are not public, so the 6-8x cannot be computed), SCA-* (`codesign.technology.scaling`), DAM-2, DAM-3
(neuron models and hybrids: the families), PRO-* (ratios of a results sheet and measured rates: no model computes them, a test would only
compare a copied number with itself).
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.published import horowitz, lemaire, loihi, ottati, yan
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload, conv, dense

pytestmark = pytest.mark.claims
NONE = Technology.of("unused", 45, 1, ())


def test_hor_1_to_3_multiply_accumulate_over_accumulate():
    pairs = (("FP32", 5.11, 1e-2), ("INT32", 32, 1e-6), ("INT8", 7.67, 1e-2))
    for width, printed, tolerance in pairs:
        multiply, add = (getattr(horowitz, f"{width}_{operation}") for operation in ("MULTIPLY", "ADD"))
        assert (multiply + add) / add == pytest.approx(printed, rel=tolerance)


def test_hor_4_sram_energy_is_a_power_law_of_capacity():
    sizes = np.asarray(list(horowitz.SRAM_64BIT), float)
    published = np.asarray(list(horowitz.SRAM_64BIT.values()))
    np.testing.assert_allclose(horowitz.sram_64bit(sizes), published, rtol=0.03)
    np.testing.assert_allclose(horowitz.sram_64bit(sizes), [10.16, 19.56, 100.63], rtol=1e-3)
    exponent, intercept = np.polyfit(np.log(sizes), np.log(published), 1)
    assert (np.exp(intercept), exponent) == pytest.approx((horowitz.SRAM_COEFFICIENT, horowitz.SRAM_EXPONENT), rel=1e-4)


def test_hor_5_the_spike_rate_counts_once():
    """18.39 M operations at a rate of 0.1366: 37.4x; 273.8x only with the rate multiplied twice, as one paper's table does."""
    layer = LayerWork("all", "dense", 18_390, 1000)
    spiking, conventional = (
        horowitz.OperationCount().cost(Workload.of([layer], input_rate=0.1366, spiking=g, timesteps=1), NONE) for g in (1, 0)
    )
    ratio = float(conventional.energy / spiking.energy)
    assert ratio == pytest.approx(37.4, rel=1e-2)
    assert ratio / 0.1366 == pytest.approx(273.77, rel=1e-2)


MODEL_A = conv("layer", 144, 32, 28)


def both(hardware, layer: LayerWork, **properties) -> tuple[float, float]:
    """Energy [nJ] of the ANN (one pass) and of the SNN."""
    ann = hardware.cost(Workload.of([layer], **{**properties, "spiking": 0, "timesteps": 1}), NONE)
    snn = hardware.cost(Workload.of([layer], **{"timesteps": 1, **properties, "spiking": 1}), NONE)
    return float(ann.energy) / 1000, float(snn.energy) / 1000


def test_ott_1_model_a_totals():
    assert MODEL_A.macs == 32_514_048
    ann, snn = both(ottati.OttatiDense(), MODEL_A)
    assert (ann / 1000, snn / 1000, snn / ann) == pytest.approx((823.00, 461.23, 0.5604), rel=1e-3)


def test_ott_4_model_a_loses_from_two_steps_on():
    ann, snn = both(ottati.OttatiDense(), MODEL_A)
    assert ann / snn == pytest.approx(1.784, rel=1e-2)
    assert both(ottati.OttatiDense(), MODEL_A, timesteps=2)[1] > ann


def test_ott_5_model_b_crossover():
    assert ottati.crossover_spikes_per_synapse() == pytest.approx(1.840, rel=1e-3)
    inputs = np.asarray(10_000.0), np.asarray(1.0)
    rate = ottati.crossover_spikes_per_synapse()
    assert float(ottati.snn_sparse(*inputs, rate)[0]) == pytest.approx(float(ottati.ann_sparse(*inputs, 1.0)[0]))


def test_ott_7_model_b_convolution():
    layer = conv("c", 512, 1, 14, padding=0)
    assert both(ottati.OttatiSparse(), layer, input_rate=0.1) == pytest.approx((347.4, 189.4), rel=5e-3)


def test_ott_8_model_b_recurrent_layer():
    layer = LayerWork("r", "recurrent", 1024, 512)
    assert both(ottati.OttatiSparse(), layer, input_rate=0.1) == pytest.approx((279.4, 151.9), rel=5e-3)


@pytest.mark.parametrize("model", [ottati.OttatiDense, ottati.OttatiSparse])
def test_ott_9_static_dense_work_favours_the_ann(model):
    """T >= 4 and more than half of the neurons firing, against an ANN with dense inputs."""
    for layer, steps, rate in itertools.product((MODEL_A, dense("fc", 512, 128), conv("k1", 64, 64, 8, 1)), (4, 10), (0.51, 1.0)):
        ann = both(model(), layer, input_rate=1.0)[0]
        assert both(model(), layer, input_rate=rate, timesteps=steps)[1] > ann


def test_lem_1_memory_regression():
    assert lemaire.memory_regression() == pytest.approx((1.086e-5, 13.214), rel=1e-3)
    rounded = (lemaire.SLOPE_PJ_PER_BIT, lemaire.OFFSET_PJ)
    assert rounded == pytest.approx(lemaire.memory_regression(), rel=4e-3)


FULLY_CONNECTED = dense("fc", 1024, 512)
MEMORY = ("input_reads", "weight_reads", "bias_reads", "potentials", "output_writes")


def lemaire_parts(hardware, **properties) -> tuple[float, float, float]:
    """Operations, memory and addressing [pJ]."""
    by = hardware.cost(Workload.of([FULLY_CONNECTED], **properties), NONE).by_component()
    return float(by["operations"]), float(sum(by[name] for name in MEMORY)), float(by["addressing"])


def test_lem_2_formal_layer():
    parts = lemaire_parts(lemaire.Lemaire(), spiking=0, timesteps=1)
    assert parts == pytest.approx((1.67777e6, 102.826e6, 153.6), rel=1e-3)


@pytest.mark.parametrize(("neuron", "operations"), [("if", 10_700.8), ("lif", 17_254.4)])
def test_lem_4_and_5_spiking_layer(neuron, operations):
    parts = lemaire_parts(lemaire.Lemaire(neuron=neuron), spiking=1, timesteps=4, input_rate=0.05, output_rate=0.05)
    assert parts == pytest.approx((operations, 23.4515e6, 10_485.8), rel=1e-3)


def lemaire_crossover(**options) -> float:
    """Spikes per synapse and inference at which Lemaire's spiking fully connected layer costs what the formal one does (T = 4)."""

    @jax.jit
    def surplus(rate):
        chip = lemaire.Lemaire(neuron="if", **options)
        spiking, formal = (
            chip.cost(Workload.of([FULLY_CONNECTED], spiking=g, timesteps=t, input_rate=rate, output_rate=0.1), NONE).energy
            for g, t in ((1, 4), (0, 1))
        )
        return spiking - formal

    low, high = 0.0, 2.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if float(surplus(middle)) < 0 else (low, middle)
    return 4 * low


def test_dav_1_and_ott_5_agree_within_seven_per_cent():
    """1.72 spikes per neuron and inference on identical silicon (Davidson and Furber), reached independently of Ottati's model B."""
    assert ottati.crossover_spikes_per_synapse() / 1.72 - 1 == pytest.approx(0.07, abs=5e-3)


def test_dam_1_crossovers_with_memory_lie_in_the_band():
    """0.15 to 1.38 spikes per synapse: models that charge weight reads or movement must cross inside it; DAV-1's must not."""
    crossings = [lemaire_crossover(), float(5 * yan.breakeven_rate(5)), float(2 * yan.breakeven_rate(2))]
    assert all(0.15 < crossing < 1.38 for crossing in crossings), crossings


def test_dam_4_the_gain_comes_from_skipping_not_from_accumulating():
    """Charging the SNN a multiplication per spike moves Lemaire's crossover by less than 3 %; without skipping there is none."""
    with_gain = lemaire_crossover()
    formal, per_spike = 3.2, 0.1
    weight = float(lemaire.access_energy(float(FULLY_CONNECTED.weights * 32)))
    potential = 2 * float(lemaire.access_energy(512.0 * 32))
    model = (formal + weight) / (per_spike + weight + potential)
    without_gain = (formal + weight) / (formal + weight + potential)
    assert with_gain == pytest.approx(model, rel=0.03)
    assert abs(without_gain / model - 1) < 0.03
    assert lemaire_parts(lemaire.Lemaire(neuron="if"), timesteps=4, input_rate=1.0)[1] > 2 * 102.826e6


def test_yan_1_twin_theorem_against_a_simulated_neuron():
    """Soft reset, no leak, start at 0: spikes equal floor(T x / threshold), in integers, for 18,000 cases."""
    rng = np.random.default_rng(0)
    threshold = rng.integers(2, 1000, 18_000)
    inputs = rng.integers(0, threshold)
    steps = rng.integers(1, 65, 18_000)
    potential, spikes = np.zeros_like(inputs), np.zeros_like(inputs)
    for step in range(64):
        potential = potential + np.where(step < steps, inputs, 0)
        fired = potential >= threshold
        spikes, potential = spikes + fired, potential - fired * threshold
    np.testing.assert_array_equal(yan.twin_spike_count(inputs, threshold, steps), spikes)


def test_yan_2_rate_bounds():
    rng = np.random.default_rng(1)
    for steps in (1, 3, 7, 15):
        for zeros in (0.0, 0.3, 0.9, 1.0):
            values = rng.integers(1, steps + 1, 4000) * (rng.random(4000) >= zeros)
            rate, sparsity = values.mean() / steps, np.mean(values == 0)
            low, high = yan.rate_bounds(sparsity, steps)
            assert float(low) - 1e-6 <= rate <= float(high) + 1e-6


@pytest.mark.parametrize("steps", [2, 5, 9])
def test_yan_3_compute_only_cases(steps):
    """Best rate wins from k = 1 on, the mean rate from (1 + T) / 2, the worst from T."""
    active = 0.6
    best, worst = (float(bound) for bound in yan.rate_bounds(1 - active, steps))
    for rate, least in ((best, 1.0), ((best + worst) / 2, (1 + steps) / 2), (worst, float(steps))):
        assert rate < float(yan.compute_only_breakeven(least * 1.001, 1 - active, steps))
        assert rate > float(yan.compute_only_breakeven(least * 0.999, 1 - active, steps))


def test_yan_4_and_11_headline_breakevens():
    assert float(yan.breakeven_rate(5)) == pytest.approx(0.057, rel=0.02)
    assert float(yan.breakeven_rate(2)) == pytest.approx(0.104, rel=0.02)


def test_yan_5_and_9_sensitivities():
    low, high = (float(yan.breakeven_rate(5, weight_scale=scale)) for scale in (0.5, 1.5))
    assert (low, high) == pytest.approx((0.0539, 0.0608), rel=1e-2)
    base = float(yan.breakeven_rate(5))
    for scale in (0.5, 1.5):
        change = abs(float(yan.breakeven_rate(5, operation_scale=scale)) - base)
        assert 0 < change <= 0.0005


def test_yan_14_small_fan_in_lowers_the_breakeven():
    assert float(yan.breakeven_rate(5, fan_in=64)) == pytest.approx(0.054, rel=0.05)
    assert float(yan.breakeven_rate(5, fan_in=64)) < 0.97 * float(yan.breakeven_rate(5, fan_in=4096))


def test_yan_16_dense_regime():
    np.testing.assert_allclose(yan.dense_regime_ratio(np.asarray([1.0, 3.0, 7.0, 15.0])), [1, 1.5, 2.333, 3.75], rtol=1e-3)


def test_yan_17_and_19_vgg16():
    """T = 3, 0.64 hops: 0.987 at 5.49 %; weaker leak, more spikes, a worse ratio in the proportion of the rates."""
    assert float(yan.convolution_ratio(3, 0.0549, hops=0.64)) == pytest.approx(0.987, rel=0.04)
    weak, strong = (float(yan.convolution_ratio(3, rate, hops=0.64)) for rate in (0.06569, 0.05657))
    assert weak / strong == pytest.approx(1.301 / 1.121, rel=2e-3)


@pytest.mark.parametrize("eta", [1.0, 4.0, 12.0, 64.0])
def test_yan_18_breakeven_falls_with_the_window(eta):
    steps = np.arange(1, 17)
    rates = np.asarray(yan.breakeven_rate(steps.astype(float), sparse_move_pj=0.25 * eta, fan_in=1e9))
    bits = np.asarray(yan.activation_bits(steps.astype(float)))
    for b in np.unique(bits):
        assert np.all(np.diff(rates[bits == b]) < 0)


def test_yan_20_weight_sparsity_never_flips_the_winner():
    """12 configurations; at most 2.82 % with ideal gating, which is what the model charges."""
    for steps, rate, hops in itertools.product((2, 3, 5), (0.03, 0.12), (1.0, 1.5)):
        ratios = np.asarray([float(yan.convolution_ratio(steps, rate, hops=hops, weight_density=1 - z)) for z in (0.0, 0.5, 0.9)])
        assert np.all((ratios > 1) == (ratios[0] > 1))
        change = np.abs(ratios / ratios[0] - 1)
        assert 0 < change.max() <= 0.0282


def test_loi_1_one_firing_neuron():
    assert float(loihi.spike_energy(128, 2, 1)) == pytest.approx(4807.3, rel=1e-3)
    assert float(loihi.spike_energy(1, 2, 1)) == pytest.approx(298.8, rel=1e-3)


def test_loi_3_idle_neurons():
    assert float(loihi.neuron_energy(1, 0, 0)) == pytest.approx(51.2, rel=1e-3)
    assert float(loihi.neuron_energy(1, 1, 0)) == pytest.approx(72.8, rel=1e-3)


def test_loi_4_fixed_costs_matter_at_low_fan_out():
    per_synapse = [float(loihi.spike_energy(fan_out, 2, 1)) / fan_out for fan_out in (1, 8, 32, 128)]
    assert np.all(np.diff(per_synapse) < 0)
    assert (per_synapse[0], per_synapse[-1]) == pytest.approx((298.8, 37.6), rel=1e-2)


def test_memory_dominates_operations_in_lemaires_spiking_layer():
    """Why operation counts mislead: the estimate they leave out is a thousand times what they count (LEM-4)."""
    operations, memory, _ = lemaire_parts(lemaire.Lemaire(neuron="if"), timesteps=4, input_rate=0.05, output_rate=0.05)
    assert memory / operations > 1000
    assert jnp.isfinite(memory)
