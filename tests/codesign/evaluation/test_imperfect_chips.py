"""Noise and offsets of converters, read noise, stuck cells and levels of a chip: what arithmetic makes of them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.array import analog_matmul
from codesign.analog.arrays.readout import converter_step
from codesign.analog.device.ageing import Fresh
from codesign.analog.device.time import Lasting, WhiteReadNoise
from codesign.evaluation.arithmetic import arrays_of, device_arrays
from codesign.evaluation.devices import as_meant
from codesign.hardware.crossbar.converters import effective_bits
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.operation import Operation
from codesign.technology.catalogue import load
from codesign.workloads.workload import Workload, dense

PRICES, RUN = load("rram_45nm"), Operation.of(1, longest=2, weight_bits=5)
# one cell a weight, and wires that hardly lose
CHIP = {"rows": 16, "columns": 16, "adc_bits": 8, "cell_bits": 8, "programming_sigma": 0.001, "columns_per_adc": 4}
FAN_IN, OUTPUTS = 64, 12
X = jnp.asarray(np.random.default_rng(0).random((400, FAN_IN)) < 0.3, jnp.float32)
SHARE = 0.5
# of a tile's range; 4 tiles
STEP = float(converter_step(jnp.float32(SHARE * 16), jnp.float32(8)))


def read(chip: Crossbar, form: str, keys: int = 1) -> np.ndarray:
    """What zeros read, `[keys, batch, outputs]`: nothing but what converters and devices err by."""

    def array() -> object:
        if form == "devices":
            return device_arrays(chip, PRICES, RUN, Fresh(), "none")[0]
        return arrays_of(chip, PRICES, RUN, form == "tiles", 16)[0]

    def one(key: jax.Array) -> jax.Array:
        return analog_matmul(X, jnp.zeros((FAN_IN, OUTPUTS)), array(), key, 1.0, SHARE)

    return np.asarray(jax.jit(lambda keys: jax.lax.map(one, keys))(jax.random.split(jax.random.key(1), keys)))


@pytest.mark.parametrize("form", ["tiles", "smooth", "devices"])
def test_converters_err_by_their_noise_and_keep_their_offset(form: str) -> None:
    """Independent in every tile; offsets last, and neighbouring columns have that of the converter they share."""
    noisy = read(Crossbar.of(**CHIP, adc_noise=2.0), form)
    # of four conversions, each rounded besides
    expected = 2 * STEP * (2**2 + 1 / 12) ** 0.5
    assert noisy.std() == pytest.approx(expected, rel=0.1)
    assert np.abs(noisy.mean(1)).max() < 0.3 * expected
    offset = read(Crossbar.of(**CHIP, adc_offset=2.0), form, keys=60)
    silent = read(Crossbar.of(**CHIP), form)
    assert offset.mean(1).std() == pytest.approx(2 * STEP * 2, rel=0.25)
    # what is left around the offset of each column is rounding and devices
    assert (offset - offset.mean(1, keepdims=True)).std() < 3 * silent.std() + STEP
    columns = offset.mean(1)  # two pairs a converter
    assert np.corrcoef(columns[:, 0], columns[:, 1])[0, 1] > 0.9
    assert abs(np.corrcoef(columns[:, 1], columns[:, 2])[0, 1]) < 0.5


def test_what_a_chip_does_not_say_is_not_there() -> None:
    """No mask, draw or comparison is compiled for it."""
    (plain,) = arrays_of(Crossbar.of(), PRICES, RUN, True, 16)
    assert (plain.physics.slices, plain.errors) == (None, None)
    # a published device without faults, of any level
    (named,) = arrays_of(Crossbar.of(device="reram"), PRICES, RUN, True, 16)
    assert named.physics.slices is None


def test_a_named_device_gives_what_is_not_given() -> None:
    def rates(**given: object) -> list[float]:
        (array,) = jax.jit(lambda: arrays_of(Crossbar.of(**given), PRICES, RUN, True, 16))()
        return [float(x) for x in (array.physics.device.stuck_on, array.physics.device.stuck_off, array.physics.device.levels)]

    assert rates(device="rram-mnsim") == pytest.approx([0.001, 0.001, 2])
    assert rates(device="rram-mnsim", stuck_on=0.02, levels=64) == pytest.approx([0.02, 0.001, 64])
    assert rates(stuck_off=0.3) == pytest.approx([0, 0.3, np.inf])
    with pytest.raises(ValueError, match="unknown device 'rram-mnsin'"):
        rates(device="rram-mnsin")
    (of_devices,) = device_arrays(Crossbar.of(device="rram-mnsim"), PRICES, RUN, Fresh(), "none")
    assert float(of_devices.device.stuck_on) == pytest.approx(0.001)


def test_read_noise_of_the_chip_replaces_the_technologys_and_needs_no_laws_of_time() -> None:
    for exact, law in ((True, WhiteReadNoise), (False, Lasting)):
        (array,) = arrays_of(Crossbar.of(read_noise=0.2), PRICES, RUN, exact, 16)
        assert isinstance(array.physics.device.reading, law)
        assert isinstance(array.physics.ageing, Fresh)
    still, noisy = (read(Crossbar.of(**{**CHIP, **given}), "tiles") for given in ({}, {"read_noise": 0.2, "adc_bits": 12}))
    # both devices of a pair rest at G_min, 1/16 of the range: of each the square adds
    expected = 0.2 / 16 * (2 * float((X**2).sum(1).mean())) ** 0.5
    assert noisy.std() == pytest.approx(expected, rel=0.15)
    assert noisy.std() > 2 * still.std()


def test_a_chip_as_it_was_meant_has_no_flaws() -> None:
    flawed = Crossbar.of(**CHIP, stuck_on=0.1, adc_noise=1.0, adc_offset=1.0, read_noise=0.2, levels=4, device="rram-mnsim")
    meant = as_meant(flawed)
    expected = dataclasses.replace(Crossbar.of(**CHIP), programming_sigma=jnp.zeros(()))
    assert jax.tree.all(jax.tree.map(lambda a, b: bool(a == b), meant, expected))


def test_noise_of_converters_is_paid_for_and_hurts() -> None:
    """Down go energy and area, up the error, and less noise the other way round: a search weighs them, layer by layer."""
    work, w = (
        Workload.of([dense("dense", FAN_IN, OUTPUTS)]),
        jnp.asarray(np.random.default_rng(1).uniform(-1, 1, (FAN_IN, OUTPUTS)), jnp.float32),
    )

    def qualities(noise: jax.Array) -> jax.Array:
        chip = Crossbar.of(**{**CHIP, "adc_bits": 5}, adc_noise=noise)
        cost = chip.cost(work, PRICES, 0.5)
        read = [analog_matmul(X, w, arrays_of(chip, PRICES, RUN, exact, 16)[0], jax.random.key(0), 1.0, SHARE) for exact in (True, False)]
        return jnp.stack([cost.energy, cost.area, *(jnp.mean((found - X @ w) ** 2) for found in read)])

    slopes = jax.jit(jax.jacrev(qualities))(jnp.asarray([0.5]))[:, 0]
    assert np.all(np.asarray(slopes[:2]) < 0)
    assert np.all(np.asarray(slopes[2:]) > 1e-4)


def test_effective_bits_are_those_of_a_converter_that_errs_as_much() -> None:
    assert float(effective_bits(6.0, None)) == 6
    assert float(effective_bits(6.0, 0.0)) == pytest.approx(6)
    # twice the error of rounding alone is a bit, and a half less of a step in 63
    assert float(effective_bits(6.0, 0.5)) == pytest.approx(5, abs=0.03)
    assert 0 < float(effective_bits(1.0, 1.0)) < 1
