"""Arithmetic of SRAM cells that switch a capacitor each: their mismatch, and nothing of wires, spread or time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.array import analog_matmul
from codesign.analog.device.ageing import Fresh
from codesign.evaluation.arithmetic import arrays_of, device_arrays
from codesign.evaluation.devices import ageing_of, device_of, matched
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.operation import Operation
from codesign.technology.catalogue import load

PRICES, RUN = load("sram_8t_28nm"), Operation.of(1, longest=1, weight_bits=2)
# one column pair a weight, and converters that round next to nothing
CHIP = {"rows": 64, "columns": 64, "adc_bits": 14, "cell_bits": 1}
FAN_IN = 64


def spread(form: str, prices: object = PRICES, **parameters: object) -> float:
    """Of the sums of as many cells as a column has, all of them on, over their mean: the mismatch of a cell over the root of the rows."""
    chip, weights = Crossbar.of(**CHIP | parameters), jnp.ones((FAN_IN, 32))

    def array() -> object:
        return device_arrays(chip, prices, RUN, Fresh(), "none")[0] if form == "devices" else arrays_of(chip, prices, RUN, True, 16)[0]

    def one(key: jax.Array) -> jax.Array:
        return analog_matmul(jnp.ones((1, FAN_IN)), weights, array(), key, 1.0, 2.0)

    sums = np.asarray(jax.lax.map(one, jax.random.split(jax.random.key(0), 40)))
    return float(sums.std() / FAN_IN)


@pytest.mark.parametrize("form", ["tiles", "devices"])
def test_capacitors_err_by_their_mismatch(form: str) -> None:
    expected = float(PRICES["capacitor_mismatch_share"]) / FAN_IN**0.5
    # what resistive cells would be programmed to says nothing here
    assert spread(form, programming_sigma=0.5) == pytest.approx(expected, rel=0.2)
    assert spread(form, matched(PRICES)) < 0.2 * expected


def test_nothing_ages_or_drops() -> None:
    for exact in (True, False):
        (array,) = arrays_of(Crossbar.of(**CHIP), PRICES, RUN, exact, 16)
        assert float(array.physics.r_word) == float(array.physics.r_bit) == 0
    assert ageing_of(Crossbar.of(), PRICES) is None
    assert matched(load("rram_28nm")).values == load("rram_28nm").values


def test_a_device_is_read_with_the_charge_of_its_capacitor() -> None:
    device = device_of(PRICES)
    assert float(device.read_energy_j) == pytest.approx(2e-15 * 0.9**2, rel=1e-5)
    assert float(device.g_min) == 0
