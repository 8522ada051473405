import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.parameters.choice import Choice
from codesign.parameters.continuous import Continuous
from codesign.parameters.integer import Integer
from codesign.parameters.power_of_two import PowerOfTwo
from codesign.parameters.space import Parameter, Space

PARAMETERS: list[Parameter] = [
    Continuous(0.02, 0.2, log=True),
    Continuous(-1.0, 3.0),
    Integer(2, 8),
    Integer(1, 64, log=True),
    PowerOfTwo(16, 256),
    Choice((1, 2, 4, 8, 16)),
]


@pytest.mark.parametrize("parameter", PARAMETERS, ids=str)
@settings(deadline=None, max_examples=40)
@given(z=st.floats(0, 1, allow_subnormal=False))
def test_every_latent_leads_to_legal_values(parameter: Parameter, z: float) -> None:
    value = float(parameter.relax(jnp.float32(z)))
    assert abs(parameter.latent(value) - z) < 1e-4
    corners = parameter.corners(value)
    assert 1 <= len(corners) <= 2
    assert all(parameter.is_legal(corner) for corner in corners)
    hard = parameter.harden(value)
    assert hard in corners
    assert all(parameter.is_legal(other) and other != hard for other in parameter.neighbours(hard))
    assert parameter.harden(hard) == hard


@pytest.mark.parametrize("parameter", PARAMETERS, ids=str)
def test_bounds_are_reached_and_their_gradient_lives(parameter: Parameter) -> None:
    low, high = float(parameter.relax(0.0)), float(parameter.relax(1.0))
    assert parameter.is_legal(parameter.harden(low))
    assert parameter.is_legal(parameter.harden(high))
    assert len(parameter.neighbours(parameter.harden(high))) == 1
    assert jax.grad(parameter.relax)(0.999) > 0


def test_powers_of_two_round_on_the_logarithmic_scale() -> None:
    assert PowerOfTwo(16, 256).harden(90.0) == 64  # the geometric middle of 64 and 128 is 90.5
    assert PowerOfTwo(16, 256).harden(91.0) == 128


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Continuous(2, 1), "below high"),
        (lambda: Continuous(0, 1, log=True), "above 0"),
        (lambda: Continuous(0, float("nan")), "finite"),
        (lambda: Integer(1, 1), "below high"),
        (lambda: PowerOfTwo(16, 100), "power of two"),
        (lambda: Choice((4, 2)), "rising"),
    ],
)
def test_illegal_bounds_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_space_relaxes_projects_and_lists_its_coordinates() -> None:
    space = Space({"rows": PowerOfTwo(16, 64), "bits": Integer(2, 4, per_layer=True)}, layers=2)
    assert space.coordinates() == [("rows", 0), ("bits", 0), ("bits", 1)]
    assert dataclasses.replace(space, inert=frozenset({("bits", 0)})).searched() == [("rows", 0), ("bits", 1)]
    latents = space.latents({"rows": 32, "bits": [2, 4]})
    values = space.relax(latents)
    np.testing.assert_allclose(values["rows"], 32, rtol=1e-6)
    np.testing.assert_allclose(values["bits"], [2, 4], rtol=1e-6)
    outside = {name: z + 5 for name, z in latents.items()}
    assert all(float(jnp.max(z)) <= 1 for z in space.project(outside).values())
