"""Analog and digital engines on one chip: layers err, age and differ from chip to chip as the engine that runs them."""

import dataclasses
import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.array import DigitalArray
from codesign.analog.arrays.mixed import MixedArray
from codesign.analog.arrays.searched import TiledCrossbar
from codesign.analog.device.ageing import AGES_S
from codesign.evaluation.arithmetic import arrays_of
from codesign.evaluation.devices import EngineAges, ageing_of
from codesign.evaluation.evaluate import Batch, Design, Evaluation, evaluate
from codesign.evaluation.verify import age_errors, verify
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.systolic.array import Systolic
from codesign.technology import catalogue
from tests.trained import trained

PCM = catalogue.load("pcm_45nm")
ANALOG, DIGITAL = 0, 1


def mixed(assignment: Sequence[int] | np.ndarray, **crossbar: float) -> HybridChip:
    chip = trained().design.hardware
    assert isinstance(chip, Crossbar)
    changed = dataclasses.replace(chip, **{name: jnp.full_like(getattr(chip, name), value) for name, value in crossbar.items()})
    return HybridChip.of({"analog": changed, "digital": Systolic.of()}, assignment)


def on(chip: AbstractHardware) -> Design:
    return dataclasses.replace(trained().design, hardware=chip)


@functools.cache
def runner(exact: bool) -> jax.stages.Wrapped:
    t = trained()
    batch = Batch(t.test.inputs[:200], t.test.labels[:200])

    def run(design: Design, seed: int) -> Evaluation:
        return evaluate(t.graph, design, batch, PCM, jax.random.key(seed), exact=exact, hardness=0.0)

    return jax.jit(run)


@pytest.mark.parametrize("exact", [False, True])
def test_corners_are_the_pure_chips(exact: bool) -> None:
    layers = trained().design.operation.weight_bits.shape[0]
    for engine, pure in ((ANALOG, trained().design.hardware), (DIGITAL, Systolic.of())):
        found, expected = (runner(exact)(on(chip), 3) for chip in (mixed([engine] * layers), pure))
        np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-5)
        np.testing.assert_allclose(found.workload.output_rate, expected.workload.output_rate, rtol=1e-5)


def test_a_layer_half_on_the_crossbar_errs_less_than_a_whole_one() -> None:
    layers = trained().design.operation.weight_bits.shape[0]

    def loss(share: float) -> float:
        chip = mixed(np.full((layers, 2), [share, 1 - share]), programming_sigma=0.3)
        return float(np.mean([runner(False)(on(chip), seed).loss for seed in range(4)]))

    losses = [loss(share) for share in (0.0, 0.5, 1.0)]
    assert losses[0] < losses[1] < losses[2]


def test_the_loss_tells_layers_off_the_noisy_engine() -> None:
    t = trained()
    batch = Batch(t.train.inputs[:200], t.train.labels[:200])
    even = jnp.full((t.design.operation.weight_bits.shape[0], 2), 0.5)
    chip = mixed(np.asarray(even), programming_sigma=0.4)

    def loss(assignment: jax.Array, seed: jax.Array) -> jax.Array:
        design = on(dataclasses.replace(chip, assignment=assignment))
        return evaluate(t.graph, design, batch, PCM, jax.random.key(seed), exact=False, hardness=0.0).loss

    slopes = np.mean(jax.lax.map(lambda seed: jax.grad(loss)(even, seed), jnp.arange(6)), axis=0)
    assert np.all(np.isfinite(slopes))
    # of all layers together: more of them analog, more loss
    assert np.sum(slopes[:, ANALOG] - slopes[:, DIGITAL]) > 0


def test_what_is_known_needs_no_mixture() -> None:
    t = trained()
    arrays = arrays_of(mixed([ANALOG, DIGITAL, ANALOG]), PCM, t.design.operation, True, 16)
    assert [type(array) for array in arrays] == [TiledCrossbar, DigitalArray, TiledCrossbar]
    soft = arrays_of(mixed(np.asarray([[0.5, 0.5], [1, 0], [0, 1]])), PCM, t.design.operation, True, 16)
    assert [type(array) for array in soft] == [MixedArray, TiledCrossbar, DigitalArray]


def test_ages_are_those_of_the_engines() -> None:
    chip = mixed([ANALOG, DIGITAL, ANALOG], refresh_s=1000.0)
    ages = ageing_of(chip, PCM)
    assert isinstance(ages, EngineAges)
    assert ages.engines[DIGITAL] is None
    np.testing.assert_array_equal(ages.engines[ANALOG].time_s, 1000.0)
    digital = HybridChip.of({"a": Systolic.of(), "b": Systolic.of()}, [0, 1, 0])
    assert ageing_of(digital, PCM) is None


@pytest.mark.slow
def test_only_analog_layers_age_and_differ_from_chip_to_chip() -> None:
    t = trained()
    keys = jax.random.split(jax.random.key(0), 4)
    ages = jnp.asarray([AGES_S["hour"], AGES_S["month"]], jnp.float32)
    batch = Batch(t.test.inputs[:200], t.test.labels[:200])

    @jax.jit
    def aged(design: Design) -> tuple[jax.Array, jax.Array]:
        return age_errors(t.graph, design, batch, PCM, keys, ages), verify(t.graph, design, batch, PCM, keys)[1]

    later, fresh = aged(on(mixed([DIGITAL] * 3)))
    assert len(np.unique(later)) == len(np.unique(fresh)) == 1
    later, fresh = aged(on(mixed([DIGITAL, ANALOG, DIGITAL], programming_sigma=0.3)))
    assert len(np.unique(fresh)) > 1
    assert later.shape == (2, 4)
    # the whole chip analog errs more than one layer of it
    assert np.mean(aged(on(mixed([ANALOG] * 3, programming_sigma=0.3)))[0]) > np.mean(later)
