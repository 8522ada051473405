"""The crossbar family: signs, limits, invariants on random legal and relaxed points, and gradients of its cost."""

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.activity import digit_density, idle_probability
from codesign.hardware.crossbar.crossbar import DEFAULTS, Crossbar
from codesign.technology import catalogue
from codesign.workloads.workload import LayerWork, Workload, conv, dense, pool

LAYERS = (
    conv("conv1", 3, 48, 32, stride=2),
    conv("depthwise", 48, 48, 16, groups=48),
    conv("conv2", 48, 64, 16),
    pool("pool", 64, 16),
    LayerWork("attention", "attention", 64, 64, 64, 1, 64, 1),
    dense("fc1", 300, 200),
    dense("fc2", 200, 10),
)
TECHNOLOGY = catalogue.load("rram_45nm")
BASE = {"rows": 100.0, "columns": 90.0, "adc_bits": 5.3, "columns_per_adc": 6.5, "cell_bits": 1.7, "programming_sigma": 0.02}
QUICK = {"xla_backend_optimization_level": 0}
# legal values of each parameter, and the range of relaxed ones
LEGAL = {
    "rows": (8, 16, 32, 64, 100, 128, 256, 512, 1024),
    "columns": (8, 16, 32, 64, 100, 128, 256, 512, 1024),
    "adc_bits": tuple(range(1, 13)),
    "columns_per_adc": (1, 2, 4, 8, 16),
    "cell_bits": (1, 2, 3, 4, 8),
    "programming_sigma": (0.001, 0.01, 0.05, 0.2),
    "clock_mhz": (10, 100, 1000),
    "refresh_s": (1e-3, 1, 86400, 2592000),
    "driver_bits": (1, 2, 4, 8),
    "arrays_per_tile": (1, 4, 8, 64),
    "buffer_kb": (1, 16, 256),
    "bus_bits": (8, 64, 512),
    "duplication": (1, 2, 16, 1000),
    "channels_per_neuron": (1, 4, 64),
    "adder_lanes": (1, 128, 4096),
}
PROPERTIES = {
    "input_rate": (0.0, 0.01, 0.1, 0.5, 1.0),
    "timesteps": (1, 2, 5, 16, 100),
    "spiking": (0.0, 1.0),
    "weight_bits": (1, 2, 4, 8, 16),
    "activation_bits": (1, 2, 4, 8),
    "state_bits": (4, 8, 16),
    "weight_density": (0.0, 0.1, 1.0),
    "weight_magnitude": (0.0, 0.05, 0.3, 1.0),
}


def workload(**values) -> Workload:
    bits = jnp.asarray([8.0] + [1] * (len(LAYERS) - 1))
    # weights of half the range have evenly spread digits, where the mean digit has a kink
    run = {"activation_bits": bits, "weight_bits": 4.5, "timesteps": 3.5, "weight_magnitude": 0.2}
    return Workload.of(LAYERS, **{**run, **values})


STATIC = eqx.filter((Crossbar.of(), workload()), eqx.is_array, inverse=True)


def cost_of(leaves, hardness):
    chip, work = eqx.combine(leaves, STATIC)
    return chip.cost(work, TECHNOLOGY, hardness)


def summary_of(leaves, hardness):
    chip, work = eqx.combine(leaves, STATIC)
    return chip.cost(work, TECHNOLOGY, hardness), chip.mapping(work, hardness)


def total_of(leaves, hardness):
    cost = cost_of(leaves, hardness)
    return jnp.log(cost.energy) + jnp.log(cost.latency) + jnp.log(cost.area)


PRICE = jax.jit(lambda chip, work, hardness=1.0: chip.cost(work, TECHNOLOGY, hardness), compiler_options=QUICK)
MAPPING = jax.jit(lambda chip, work: chip.mapping(work), compiler_options=QUICK)
COST = jax.jit(summary_of, compiler_options=QUICK)
GRADIENT = jax.jit(jax.grad(total_of), compiler_options=QUICK)


def leaves(chip: Crossbar, work: Workload):
    return eqx.filter((chip, work), eqx.is_array)


def evaluate(chip: Crossbar, work: Workload, hardness: float = 1.0):
    return COST(leaves(chip, work), jnp.float32(hardness))[0]


def gradients(chip: Crossbar, work: Workload, hardness: float):
    return GRADIENT(leaves(chip, work), jnp.float32(hardness))


def points(space):
    """Legal or relaxed values of every name."""
    return st.fixed_dictionaries(
        {
            name: st.sampled_from(values) | st.floats(float(values[0]), float(values[-1]), allow_subnormal=False)
            for name, values in space.items()
        }
    )


HARDNESS = st.sampled_from([0.0, 0.3, 0.9, 1.0])
SETTINGS = settings(max_examples=120, deadline=None)


@pytest.mark.parametrize("hardness", [0.3, 1.0])
@pytest.mark.parametrize(
    ("field", "low", "high"),
    [("timesteps", 2, 5), ("weight_bits", 3, 8), ("input_rate", 0.05, 0.3), ("state_bits", 4, 12), ("activation_bits", 1, 4)],
)
def test_energy_grows_with_the_work(field, low, high, hardness):
    few, many = (evaluate(Crossbar.of(**BASE), workload(**{field: float(value)}), hardness).energy for value in (low, high))
    assert many > few


@SETTINGS
@given(points(LEGAL), points(PROPERTIES), HARDNESS)
def test_costs_are_finite_positive_and_consistent(chip, properties, hardness):
    cost, mapping = COST(leaves(Crossbar.of(**chip), workload(**properties)), jnp.float32(hardness))
    energy, latency, area = np.asarray(cost.energy_pj), np.asarray(cost.latency_ns), np.asarray(cost.area_um2)
    for values in (energy, latency, area):
        assert np.all(np.isfinite(values))
        assert np.all(values >= 0)
    assert np.all(latency > 0)
    assert np.all(energy.sum(1) > 0)
    assert np.all(np.asarray(cost.utilisation) <= 1 + 1e-6)
    assert float(cost.energy) == pytest.approx(energy.sum(), rel=1e-5)
    if hardness == 1:
        for values in (mapping.arrays, mapping.tiles, mapping.row_tiles, mapping.column_tiles, mapping.digits):
            assert np.allclose(values, np.round(values)) or float(chip["duplication"]) != round(chip["duplication"])


@SETTINGS
@given(points(LEGAL), points(PROPERTIES))
def test_every_multiplication_is_done_and_none_faster_than_the_arrays_allow(chip, properties):
    work = workload(**properties)
    cost, mapping = COST(leaves(Crossbar.of(**chip), work), jnp.float32(1))
    weighted = np.asarray([layer.has_weights for layer in LAYERS])
    macs = np.asarray([layer.macs for layer in LAYERS]) * weighted
    # each vector read of a group multiplies its rows with its columns, once per slice, polarity and digit
    done = np.asarray(mapping.vectors * work.static("fan_in") * work.static("groups") * mapping.output_columns)
    wanted = macs * np.asarray(work.timesteps * mapping.digits * mapping.columns_per_output)
    assert np.allclose(done, wanted, rtol=1e-4)
    cells = np.asarray(mapping.arrays) * chip["rows"] * chip["columns"]
    assert np.all(cells * (1 + 1e-4) >= np.asarray(mapping.used_cells))
    cycles = np.asarray(cost.latency_ns)[weighted] * chip["clock_mhz"] / 1000
    assert np.all(cycles * (1 + 1e-4) >= (wanted / np.maximum(cells, 1))[weighted])


@SETTINGS
@given(
    points(LEGAL),
    points(PROPERTIES),
    HARDNESS,
    st.sampled_from(["timesteps", "weight_bits", "activation_bits", "state_bits", "input_rate", "adc_bits", "programming_sigma"]),
    st.floats(1.05, 4),
)
def test_more_is_never_cheaper(chip, properties, hardness, name, factor):
    """Bits, steps, activity and verification only add energy; doubling them in the smooth and the exact model alike."""
    more_chip, more_properties = dict(chip), dict(properties)
    if name == "programming_sigma":
        more_chip[name] = chip[name] / factor
    elif name in chip:
        more_chip[name] = chip[name] * factor
    else:
        more_properties[name] = properties[name] * factor if name != "input_rate" else min(properties[name] * factor, 1.0)
    few = evaluate(Crossbar.of(**chip), workload(**properties), hardness)
    many = evaluate(Crossbar.of(**more_chip), workload(**more_properties), hardness)
    assert float(many.energy) >= float(few.energy) * (1 - 1e-5)


@pytest.mark.parametrize("name", [*LEGAL, *PROPERTIES])
def test_gradients_are_finite_at_every_bound(name):
    values = {**LEGAL, **PROPERTIES}[name]
    for value in (values[0], values[-1]):
        for hardness in (0.0, 0.5, 1.0):
            chip = Crossbar.of(**({**BASE, name: value} if name in LEGAL else BASE))
            work = workload(**({name: value} if name in PROPERTIES else {}))
            for leaf in jax.tree.leaves(gradients(chip, work, hardness)):
                assert np.all(np.isfinite(leaf)), (value, hardness)


@settings(max_examples=40, deadline=None)
@given(points(LEGAL), points(PROPERTIES), st.sampled_from([0.0, 0.3, 0.9]))
def test_gradients_are_finite_everywhere(chip, properties, hardness):
    for leaf in jax.tree.leaves(gradients(Crossbar.of(**chip), workload(**properties), hardness)):
        assert np.all(np.isfinite(leaf))


def test_no_parameter_has_a_dead_gradient():
    chip, work = gradients(Crossbar.of(**BASE), workload(), 0.3)
    for tree in (chip, work):
        for field in dataclasses.fields(tree):
            if field.name in ("encoding", "interconnect", "memory", "memory_names", "layers", "output_rate", "exit_checks", "encoded"):
                continue
            assert np.any(np.asarray(getattr(tree, field.name)) != 0), field.name


@pytest.mark.slow
def test_smooth_and_exact_agree_where_everything_fits_exactly():
    """At legal integers that divide the layer, no ceiling rounds: all hardnesses give the exact cost."""
    work = Workload.of((dense("fc", 256, 64),), weight_bits=5, timesteps=3)
    chip = Crossbar.of(rows=128, columns=128, cell_bits=2, arrays_per_tile=2, bus_bits=1e6, channels_per_neuron=1)
    exact = PRICE(chip, work, 1.0)
    for hardness in (0.0, 0.5, 0.9):
        soft = PRICE(chip, work, hardness)
        assert np.allclose(soft.area_um2, exact.area_um2, rtol=1e-5)
        # the traffic code and the pipeline's slowest stage are smooth extremes: within their stated bounds
        assert float(soft.energy) == pytest.approx(float(exact.energy), rel=0.1)
        assert np.allclose(soft.energy_pj[:, :4], exact.energy_pj[:, :4], rtol=1e-5)


def test_float32_and_float64_agree():
    draw = np.random.default_rng(0)
    chips = [{name: float(np.float32(draw.uniform(values[0], values[-1]))) for name, values in LEGAL.items()} for _ in range(8)]
    single = [np.asarray([c.energy, c.latency, c.area]) for c in (evaluate(Crossbar.of(**chip), workload()) for chip in chips)]
    with jax.enable_x64(True):
        double_work = Workload.of(
            LAYERS, activation_bits=[8] + [1] * (len(LAYERS) - 1), weight_bits=4.5, timesteps=3.5, weight_magnitude=0.2, dtype=jnp.float64
        )
        run = jax.jit(summary_of, compiler_options=QUICK)
        for chip, expected in zip(chips, single, strict=True):
            wide = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), Crossbar.of(**chip))
            cost = run(leaves(wide, double_work), jnp.float64(1))[0]
            assert cost.energy_pj.dtype == jnp.float64
            assert np.allclose(expected, [cost.energy, cost.latency, cost.area], rtol=1e-4)


def test_silence_costs_no_conversion():
    cost = evaluate(Crossbar.of(), workload(input_rate=0.0))
    for name in ("array", "adc", "drivers", "accumulate", "buffers", "interconnect"):
        assert float(cost.by_component()[name]) == 0, name
    assert float(cost.by_component()["neurons"]) > 0


def test_larger_arrays_convert_less_and_partial_ones_pay_in_area():
    work = Workload.of((dense("fc", 512, 512),))
    small, large = (PRICE(Crossbar.of(rows=rows, columns=128), work) for rows in (32, 256))
    assert float(large.by_component()["adc"]) < float(small.by_component()["adc"])
    narrow = Workload.of((dense("fc", 40, 10),))
    fitting, wasteful = (PRICE(Crossbar.of(rows=rows, columns=128), narrow) for rows in (40, 512))
    assert float(wasteful.area) > float(fitting.area)
    assert float(wasteful.utilisation[0]) < float(fitting.utilisation[0])


def test_verification_costs_one_over_sigma_squared():
    work = Workload.of((dense("fc", 128, 128),))
    loose, tight = (PRICE(Crossbar.of(programming_sigma=s), work).by_component()["programming"] for s in (0.05, 0.005))
    assert float(tight / loose) == pytest.approx((1 + 100) / (1 + 1), rel=1e-4)


def test_duplication_trades_area_for_time():
    work = workload()
    once, eight = (evaluate(Crossbar.of(duplication=copies), work) for copies in (1, 8))
    assert float(eight.latency_ns[0]) < float(once.latency_ns[0]) / 7
    assert float(eight.area) > 2 * float(once.area)
    assert float(eight.by_component()["adc"]) == pytest.approx(float(once.by_component()["adc"]), rel=1e-5)


def test_grouped_layers_share_arrays_on_the_diagonal():
    """48 depthwise 3x3 filters of 2 slices and 2 columns each: 128 / 9 = 14 blocks on an array, so 4 arrays and not 48."""
    mapping = MAPPING(Crossbar.of(rows=128, columns=128), Workload.of((LAYERS[1],), weight_bits=4))
    assert float(mapping.blocks[0]) == 14
    assert float(mapping.arrays[0]) == 4


def test_offset_columns_take_half_the_columns_and_every_bit():
    work = Workload.of((dense("fc", 128, 128),), weight_bits=4)
    differential, offset = (MAPPING(Crossbar.of(encoding=name, cell_bits=1), work) for name in ("differential", "offset"))
    assert float(differential.columns_per_output[0]) == 6  # 3 bits of magnitude, two polarities
    assert float(offset.columns_per_output[0]) == 4


def test_multi_level_drivers_save_reads():
    work = Workload.of((dense("fc", 128, 128),), activation_bits=8)
    serial, parallel = (PRICE(Crossbar.of(driver_bits=bits), work) for bits in (1, 4))
    assert float(parallel.latency) < float(serial.latency) / 3
    assert float(parallel.by_component()["adc"]) < float(serial.by_component()["adc"])


@pytest.mark.slow
def test_per_layer_parameters():
    work = workload()
    weighted = sum(layer.has_weights for layer in LAYERS)
    uniform = PRICE(Crossbar.of(), work).energy
    for count in (len(LAYERS), weighted):
        assert float(PRICE(Crossbar.of(programming_sigma=[0.03] * count), work).energy) == pytest.approx(float(uniform), rel=1e-5)
    with pytest.raises(ValueError, match=r"Crossbar\.rows has shape \(3,\)"):
        Crossbar.of(rows=[1, 2, 3]).cost(work, TECHNOLOGY)


def test_a_part_of_the_network_pays_for_its_part():
    work, chip = workload(), Crossbar.of()
    part = jax.jit(lambda shares: chip.partial_cost(work, TECHNOLOGY, shares), compiler_options=QUICK)
    shares = np.zeros(len(LAYERS), np.float32)
    whole, none = evaluate(chip, work), part(shares)
    shares[0] = 1
    first = part(shares)
    assert float(none.area) == 0
    assert float(none.by_component()["leakage"]) == 0
    assert 0 < float(first.area) < float(whole.area)
    assert float(first.energy_pj[0, 1]) == pytest.approx(float(whole.energy_pj[0, 1]), rel=1e-6)


def test_htree_spares_the_routers():
    mesh, tree = (PRICE(Crossbar.of(interconnect=name), workload()) for name in ("mesh", "htree"))
    assert float(tree.by_component()["interconnect"]) != float(mesh.by_component()["interconnect"])


@pytest.mark.parametrize(("bits", "digit", "share"), [(1, 1, 1), (2, 1, 2 / 3), (8, 1, 128 / 255), (4, 4, 1), (4, 2, 12 / 15)])
def test_digit_density_by_counting(bits, digit, share):
    numbers = np.arange(1, 2**bits)
    counted = np.mean([(numbers >> shift) % 2**digit != 0 for shift in range(0, bits, digit)])
    assert counted == pytest.approx(share)
    assert float(digit_density(bits, digit)) == pytest.approx(share)


@pytest.mark.parametrize(("share", "rows"), [(0.0, 10), (0.1, 64), (0.5, 3), (1.0, 1)])
def test_idle_probability(share, rows):
    assert float(idle_probability(share, rows)) == pytest.approx((1 - share) ** rows, abs=2e-6)
    assert math.isfinite(float(jax.grad(idle_probability)(share, rows)))


def test_errors():
    with pytest.raises(ValueError, match="did you mean 'adc_bits'"):
        Crossbar.of(adcbits=4)
    with pytest.raises(ValueError, match="did you mean 'offset'"):
        Crossbar.of(encoding="ofset")
    assert isinstance(Crossbar.of(), AbstractHardware)
    assert set(LEGAL) == set(DEFAULTS)
