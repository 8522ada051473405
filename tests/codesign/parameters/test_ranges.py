"""Relaxed and hardened values stay within the bounds, and legal values are their own corner."""

import jax
import numpy as np
import pytest

from codesign.parameters.choice import Choice
from codesign.parameters.continuous import Continuous
from codesign.parameters.integer import Integer
from codesign.parameters.power_of_two import PowerOfTwo

RNG = np.random.default_rng(0)
BOUNDS = [(1.0, 1000.0), *((low, low * factor) for low, factor in np.exp(RNG.uniform([-8, 0.01], 8, (12, 2))))]


def parameters(low: float, high: float) -> list[Continuous | Choice]:
    return [
        Continuous(low, high, log=True),
        Continuous(low, high),
        Continuous(-high, low),
        Choice((low, low + (high - low) / 3, high)),
    ]


@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_no_value_leaves_its_bounds(low: float, high: float) -> None:
    z = np.concatenate([[0, 1, np.nextafter(np.float32(1), np.float32(0))], RNG.random(200)]).astype(np.float32)
    for parameter in parameters(low, high):
        ends = (parameter.low, parameter.high) if isinstance(parameter, Continuous) else (parameter.options[0], parameter.options[-1])
        values = np.asarray(parameter.relax(z))
        assert np.all((np.float32(ends[0]) <= values) & (values <= np.float32(ends[1]))), parameter
        for value in values[:40]:
            assert ends[0] <= parameter.harden(float(value)) <= ends[1], parameter


@pytest.mark.parametrize("parameter", [Integer(1, 1000, log=True), PowerOfTwo(16, 4096), Integer(2, 8)], ids=str)
def test_the_bounds_themselves_are_reached(parameter: Integer | PowerOfTwo) -> None:
    assert [float(parameter.relax(z)) for z in (0.0, 1.0)] == [parameter.low, parameter.high]


@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_a_legal_value_is_its_only_corner(low: float, high: float) -> None:
    for log in (False, True):
        parameter = Continuous(low, high, log=log)
        value: float | None = parameter.harden(low)
        while value is not None:
            assert parameter.corners(value) == (value,)
            value = next((other for other in parameter.neighbours(value) if other > value), None)


def test_gradients_live_at_the_bounds_too() -> None:
    slope = jax.grad(Continuous(1, 1000, log=True).relax)
    assert slope(0.0) > 0
    assert slope(1.0) > 0
