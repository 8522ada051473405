"""The crossbar family: signs, limits and gradients of its cost."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from codesign import technology
from codesign.hardware.crossbar import Crossbar
from codesign.workload import Workload, conv, dense, pool

LAYERS = (conv("conv1", 3, 48, 32), conv("conv2", 48, 64, 32), pool("pool", 64, 32), dense("fc1", 300, 200), dense("fc2", 200, 10))
TECHNOLOGY = technology.load("rram_45nm")
BASE = {"rows": 100.0, "columns": 90.0, "adc_bits": 5.3, "columns_per_adc": 6.5, "cell_bits": 1.7, "programming_sigma": 0.02}


def workload(**values) -> Workload:
    return Workload.of(LAYERS, **{"activation_bits": jnp.asarray([8.0, 1, 1, 1, 1]), "weight_bits": 4.5, "timesteps": 3.5, **values})


@eqx.filter_jit
def evaluate(chip: Crossbar, work: Workload, hardness):
    return chip.cost(work, TECHNOLOGY, hardness)


@eqx.filter_jit
def energy_gradients(chip: Crossbar, work: Workload, hardness):
    return eqx.filter_grad(lambda both: both[0].cost(both[1], TECHNOLOGY, hardness).energy)((chip, work))


@pytest.mark.parametrize("hardness", [0.3, 1.0])
@pytest.mark.parametrize(
    ("field", "low", "high"),
    [("timesteps", 2, 5), ("weight_bits", 3, 8), ("input_rate", 0.05, 0.3), ("state_bits", 4, 12), ("activation_bits", 1, 4)],
)
def test_energy_grows_with_the_work(field, low, high, hardness):
    few, many = (evaluate(Crossbar.of(**BASE), workload(**{field: float(value)}), hardness).energy for value in (low, high))
    assert many > few


@pytest.mark.parametrize("hardness", [0.3, 1.0])
@pytest.mark.parametrize(("field", "low", "high"), [("adc_bits", 3.0, 8.0), ("programming_sigma", 0.05, 0.01), ("buffer_kb", 4.0, 64.0)])
def test_energy_grows_with_the_chip(field, low, high, hardness):
    few, many = (evaluate(Crossbar.of(**{**BASE, field: value}), workload(), hardness).energy for value in (low, high))
    assert many > few


def test_no_design_parameter_has_a_dead_gradient():
    chip, work = energy_gradients(Crossbar.of(**BASE), workload(), 0.3)
    for tree in (chip, work):
        for field in dataclasses.fields(tree):
            if field.name in ("encoding", "interconnect", "layers", "output_rate"):
                continue
            gradient = getattr(tree, field.name)
            assert jnp.all(jnp.isfinite(gradient)), field.name
            assert jnp.any(gradient != 0), field.name


def test_an_unknown_parameter_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'adc_bits'"):
        Crossbar.of(adcbits=4)


def test_zero_activity_is_finite():
    cost = evaluate(Crossbar.of(), workload(input_rate=0.0, output_rate=0.0), 1.0)
    assert jnp.isfinite(cost.energy)
    assert float(cost.by_component()["adc"]) == 0
    chip, work = energy_gradients(Crossbar.of(), workload(input_rate=0.0), 0.5)
    assert all(bool(jnp.all(jnp.isfinite(leaf))) for leaf in jax.tree.leaves((chip, work)))
