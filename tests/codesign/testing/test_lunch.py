"""The check for free lunches, on chips whose prices are known."""

import re
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.parameters.integer import Integer
from codesign.parameters.power_of_two import PowerOfTwo
from codesign.parameters.space import Space
from codesign.technology.catalogue import load
from codesign.testing import check_no_free_lunch, free_lunches, moves_to_bounds
from codesign.workloads.presets import preset

RANGES = {"lanes": (1, 64), "clock_mhz": (50.0, 500.0), "label": (1.0, 2.0)}
ROOT = Path(__file__).parents[3]
TRACES: list[str] = []


class Toy(AbstractHardware):
    """Lanes that take area; a faster clock is free; a label nobody reads; two kinds of adder, of which one is better at all it does."""

    lanes: Float[Array, ""]
    clock_mhz: Float[Array, ""]
    label: Float[Array, ""]
    adder: str = eqx.field(static=True, default="ripple")

    def unsupported(self, layer):
        return None

    def cost(self, workload, technology, hardness=1.0):
        TRACES.append(self.adder)
        sums = workload.static("macs") * workload.timesteps
        better = 0.5 if self.adder == "carry_select" else 1.0
        latency = (sums / self.lanes + 1) * better * 1000 / self.clock_mhz
        return Cost(workload.names, ("adders",), sums[:, None], latency, self.lanes[None], jnp.ones(len(workload)))


def toy() -> Toy:
    return Toy(jnp.float32(8), jnp.float32(100), jnp.float32(1))


def found(ranges=RANGES, chip=None, **settings):
    return [move.name for move in free_lunches(chip or toy(), ranges, load("digital_28nm"), workload=preset("digits"), **settings)]


def test_free_and_dead_parameters_are_told_apart():
    assert found() == ["label dead", "clock_mhz high"]


def test_all_designs_are_one_program():
    TRACES.clear()
    found(seed=3)
    assert len(TRACES) == 1


def test_the_same_seed_gives_the_same_moves():
    first, second = (moves_to_bounds(toy(), RANGES, load("digital_28nm"), workload=preset("digits"), designs=16, seed=5) for _ in range(2))
    assert list(map(str, first)) == list(map(str, second))


def test_a_message_says_what_which_way_and_where():
    with pytest.raises(AssertionError) as raised:
        check_no_free_lunch(toy(), RANGES, load("digital_28nm"), workload=preset("digits"), designs=64)
    told = str(raised.value)
    assert "clock_mhz high (500) is free: of energy, latency, area, error, legality nothing gets worse in 64 designs" in told
    assert re.search(r"latency falls by up to \d+\.\d%; most in lanes=\d+\., clock_mhz=[\d.]+", told)
    assert "label is dead" in told


def test_a_price_of_any_kind_will_do():
    """An error or a limit that the caller knows of is a price as good as joules."""
    two = {"lanes": (1, 64), "clock_mhz": (50.0, 500.0)}
    assert found(two) == ["clock_mhz high"]
    assert found(two, error=lambda chip: chip.clock_mhz) == []
    assert found(two, legality=lambda chip, workload: chip.clock_mhz - 400) == []
    check_no_free_lunch(toy(), two, load("digital_28nm"), legality=lambda chip, workload: chip.clock_mhz - 400)


def test_illegal_designs_say_nothing():
    """Where nothing drawn may be built, nothing would be found free or priced: the ranges are wrong, and that is said."""
    with pytest.raises(AssertionError, match="0 of 32 random designs are legal"):
        found(designs=32, legality=lambda chip, workload: 1.0)


def test_an_option_that_is_better_at_everything_is_free():
    options = {"adder": {name: name for name in ("ripple", "carry_select")}}
    assert "adder carry_select over ripple" in found(options=options)
    assert "adder ripple over carry_select" not in found(options=options)
    same = {"adder": {name: name for name in ("ripple", "brent_kung")}}
    assert "adder dead" in found(options=same)


def test_a_space_of_a_search_will_do():
    """Numbers of the network are drawn and not judged; other names are mistakes."""
    space = Space({"lanes": PowerOfTwo(1, 64), "timesteps": Integer(1, 8), "weight_bits": Integer(2, 8, per_layer=True)}, 2)
    assert found(space) == []
    with pytest.raises(ValueError, match=r"no parameter 'lane'.*'lanes'"):
        found({"lane": (1, 64)})


def test_the_error_of_analog_arithmetic_is_a_price():
    """Fewer bits of a converter cost nothing but answers, for all layers alike or each on its own."""
    for per_layer in (False, True):
        ranges = {"adc_bits": Integer(2, 8, per_layer=per_layer)}
        low, high = moves_to_bounds(Crossbar.of(), ranges, load("rram_45nm"), workload=preset("digits"), designs=16)
        assert {name for name, share in low.worse.items() if share} == {"error"}
        assert low.rise["error"] > 1
        assert high.worse["energy"] > 0.5
        # a finer converter rounds less; under the noise of devices it now and then errs a little more
        assert high.worse["error"] < 0.5
        assert high.rise["error"] < 0.1


def test_bounds_are_legal_and_so_is_what_is_drawn():
    ranges = {"rows": PowerOfTwo(16, 256), "cell_bits": (1, 4), "clock_mhz": (50.0, 1000.0)}
    move = moves_to_bounds(Crossbar.of(), ranges, load("rram_45nm"), workload=preset("digits"), designs=16)[0]
    assert move.value == "16"
    assert np.log2(move.example["rows"]) % 1 == 0
    assert move.example["cell_bits"] in (1, 2, 3, 4)
