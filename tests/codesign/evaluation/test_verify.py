"""Verification over time and on recalibrated chips."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.device.ageing import AGES_S, Aged, AgedCompensated, Fresh
from codesign.evaluation.arithmetic import device_arrays
from codesign.evaluation.evaluate import Batch, evaluate, evaluate_on
from codesign.evaluation.verify import age_errors
from codesign.hardware.systolic.array import Systolic
from codesign.technology import catalogue
from tests.trained import trained

AGES = jnp.asarray(list(AGES_S.values()), jnp.float32)
CHIPS = 6
PCM = catalogue.load("pcm_45nm")


@functools.cache
def errors(ageing=AgedCompensated, calibrated: bool = False) -> np.ndarray:
    """Errors of the trained network on phase-change memory, `[ages, chips]`."""
    t = trained()
    calibration = Batch(t.train.inputs[:128], t.train.labels[:128]) if calibrated else None
    run = jax.jit(lambda keys: age_errors(t.graph, t.design, t.test, PCM, keys, AGES, ageing=ageing, calibration=calibration))
    return np.asarray(run(jax.random.split(jax.random.key(5), CHIPS)))


@pytest.mark.slow
def test_chips_age_and_compensation_helps() -> None:
    plain, compensated = errors(Aged), errors()
    assert plain.shape == (len(AGES), CHIPS)
    assert plain[-1].mean() > plain[0].mean() + 0.01  # a month against programming time
    assert compensated[-1].mean() < plain[-1].mean()
    np.testing.assert_allclose(plain[0], compensated[0], atol=0.01)  # nothing to compensate yet
    assert len(np.unique(plain[-1])) > 1  # every chip is another


@pytest.mark.slow
def test_recalibration_gains_what_ageing_took() -> None:
    plain, calibrated = errors(Aged), errors(Aged, calibrated=True)
    assert calibrated[-1].mean() < plain[-1].mean()
    assert calibrated[0].mean() < plain[0].mean() + 0.01


@pytest.mark.slow
def test_digital_chips_do_not_age() -> None:
    t = trained()
    design = dataclasses.replace(t.design, hardware=Systolic.of())
    keys = jax.random.split(jax.random.key(0), 2)
    found = jax.jit(lambda k: age_errors(t.graph, design, t.test, catalogue.load("digital_45nm"), k, AGES[:2]))(keys)
    assert len(np.unique(np.asarray(found))) == 1


@pytest.mark.slow
def test_devices_in_place_of_the_statistical_arrays_err_alike() -> None:
    """The same design with every device, tile and wire of its own, against the arrays of the search."""
    t = trained()
    design = t.at(weight_bits=4.0)
    arrays = device_arrays(design.hardware, t.technology, design.operation, Fresh(), "line mean-field")
    small = Batch(t.test.inputs[:200], t.test.labels[:200])
    run = jax.jit(lambda key: evaluate_on(t.graph, design, small, t.technology, arrays, key).accuracy)
    found = np.mean([run(jax.random.key(i)) for i in range(3)])
    searched = jax.jit(lambda key: evaluate(t.graph, design, small, t.technology, key, exact=True).accuracy)
    assert abs(found - np.mean([searched(jax.random.key(i)) for i in range(3)])) < 0.03
