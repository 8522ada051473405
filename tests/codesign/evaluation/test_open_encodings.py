"""A crossbar whose encoding or network of tiles is still to be chosen: as the built chip where a choice is made, else between them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.array import analog_matmul
from codesign.analog.arrays.mixed import MixedArray
from codesign.analog.arrays.searched import TiledCrossbar
from codesign.analog.device.ageing import Fresh
from codesign.evaluation.arithmetic import arrays_of, device_arrays
from codesign.hardware.crossbar.crossbar import ENCODINGS, INTERCONNECTS, Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.systolic.array import Systolic
from codesign.network.operation import Operation
from codesign.technology.catalogue import load
from codesign.workloads.workload import Workload, conv, dense

PRICES = load("rram_45nm")
WORK = Workload.of([conv("conv", 3, 8, 8), dense("dense", 512, 10)], input_rate=0.2, output_rate=0.2, timesteps=3)
RUN = Operation.of(2, longest=3)
SIZES = {"rows": 32, "columns": 32, "adc_bits": 5, "programming_sigma": 0.1}
OPEN = Crossbar.of(encoding=tuple(ENCODINGS), interconnect=tuple(INTERCONNECTS), **SIZES)
X = jnp.asarray(np.random.default_rng(1).uniform(0, 1, (16, 100)), jnp.float32)
W = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (100, 20)), jnp.float32)
COST = jax.jit(lambda chip, hardness: chip.cost(WORK, PRICES, hardness), compiler_options={"xla_backend_optimization_level": 0})


def chosen(encoding: str, interconnect: str) -> Crossbar:
    one_hot = {"encoding": (ENCODINGS, encoding), "interconnect": (INTERCONNECTS, interconnect)}
    return dataclasses.replace(OPEN, **{name: jnp.eye(len(all_))[list(all_).index(one)] for name, (all_, one) in one_hot.items()})


@pytest.mark.parametrize(("encoding", "interconnect"), [("differential", "htree"), ("offset", "mesh")])
def test_a_choice_that_is_made_costs_what_the_built_chip_does(encoding: str, interconnect: str) -> None:
    built = Crossbar.of(encoding=encoding, interconnect=interconnect, **SIZES)
    for hardness in (0.5, 1.0):
        found, expected = COST(chosen(encoding, interconnect), hardness), COST(built, hardness)
        for name in ("energy_pj", "latency_ns", "area_um2", "excess"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-6)
    np.testing.assert_allclose(chosen(encoding, interconnect).mapping(WORK).arrays, built.mapping(WORK).arrays)


def test_costs_have_slopes_of_the_right_sign() -> None:
    slope = jax.jit(jax.grad(lambda chip: chip.cost(WORK, PRICES, 0.0).energy))(OPEN)
    # as steep as one chip is dearer than the other, hence of its sign
    for name, options in (("encoding", ENCODINGS), ("interconnect", INTERCONNECTS)):
        alone = [COST(dataclasses.replace(OPEN, **{name: row}), 0.0).energy for row in jnp.eye(len(options))]
        np.testing.assert_array_equal(np.argsort(getattr(slope, name)), np.argsort(np.asarray(alone)))
        assert np.ptp(np.asarray(getattr(slope, name))) > 0


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_arithmetic_is_that_of_the_chosen_encoding(encoding: str, exact: bool) -> None:
    def answers(chip: Crossbar, key: jax.Array) -> jax.Array:
        array = arrays_of(chip.assigned((), 1.0), PRICES, RUN, exact, 16)[1]
        return analog_matmul(X, W, array, key, 1.0, 0.2)

    # no errors that are drawn, so that both err alike
    quiet = {"programming_sigma": jnp.zeros(())}
    open_chip = dataclasses.replace(chosen(encoding, "mesh"), **quiet)
    built = dataclasses.replace(Crossbar.of(encoding=encoding, **SIZES), **quiet)
    found, expected = (jax.jit(answers)(chip, jax.random.key(0)) for chip in (open_chip, built))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert np.abs(found - X @ W).max() > 1e-2


def test_errors_of_an_open_encoding_have_the_mean_variance() -> None:
    def error(chip: Crossbar) -> float:
        array = arrays_of(chip, PRICES, RUN, False, 16)[1]
        exact = X @ W
        drawn = jax.lax.map(lambda key: analog_matmul(X, W, array, key) - exact, jax.random.split(jax.random.key(0), 24))
        return float(jnp.mean(jnp.var(drawn, axis=0)))

    fine = dataclasses.replace(OPEN, adc_bits=jnp.float32(12))
    alone = [error(chip) for chip in fine.alone()]
    # one device a weight at mid-range: twice the spread in units of the weight
    assert alone[1] > alone[0]
    np.testing.assert_allclose(error(fine), np.mean(alone), rtol=0.15)


def test_what_is_known_needs_no_mixture() -> None:
    offset = chosen("offset", "mesh")
    assert [type(array) for array in arrays_of(offset, PRICES, RUN, True, 16)] == [TiledCrossbar] * 2
    assert [type(array) for array in arrays_of(OPEN, PRICES, RUN, True, 16)] == [MixedArray] * 2
    assert not device_arrays(offset, PRICES, RUN, Fresh(), "none")[0].mapping.signed
    built = Crossbar.of(**SIZES)
    assert built.assigned((), 0.5) is built


def test_engines_decide_as_sharply_as_the_chip() -> None:
    layers = tuple(WORK)
    hybrid = HybridChip.of({"analog": OPEN, "digital": Systolic.of()}, np.ones((len(layers), 2)))
    leaning = dataclasses.replace(hybrid, engines=(dataclasses.replace(OPEN, encoding=jnp.asarray([0.4, 0.6])), hybrid.engines[1]))
    np.testing.assert_array_equal(leaning.assigned(layers, 1.0).engines[0].encoding, [0, 1])
    assert 0.6 < leaning.assigned(layers, 0.5).engines[0].encoding[1] < 1
