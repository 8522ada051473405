"""Numbers as people read them."""

import jax.numpy as jnp
import numpy as np
import pytest

from codesign.shown.numbers import count, number, unit_of
from codesign.shown.sheet import shares


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (2.5e6, "pJ", "2.5 µJ"),
        (128, "1", "128"),
        (jnp.asarray(0.03), "", "0.03"),
        (np.asarray([4, 6, 8]), "bit", "4, 6, 8 bit"),
        (np.asarray([900.0, 1.0]), "MHz", "900, 1 MHz"),
        (np.asarray([900.0, 1000.0]), "MHz", "900 MHz, 1 GHz"),
        (np.full((2, 3), 4.0), "bit", "4 bit (all 2x3)"),
        (np.arange(9), "bit", "0 to 8 bit [9]"),
        (np.zeros((0, 3)), "bit", "none"),
        (jnp.asarray(True), "", "1"),
        (jnp.asarray(1.5, jnp.bfloat16), "V", "1.5 V"),
        (float("nan"), "pJ", "nan pJ"),
        (None, "bit", "none"),
        ("htree", "", "htree"),
        (False, "", "False"),
    ],
)
def test_values(value: object, unit: str, shown: str) -> None:
    assert number(value, unit) == shown


def test_a_deleted_array_shows_its_shape() -> None:
    array = jnp.zeros(3)
    array.delete()
    assert number(array) == "float32[3]"


def test_counts_and_units() -> None:
    assert [count(n) for n in (0, 9216, 99_999, 123_456, 1.2e6, 3.4e9)] == ["0", "9216", "99999", "123 k", "1.2 M", "3.4 G"]
    assert [unit_of(name) for name in ("energy_pj", "weight_bits", "clock_mhz", "inferences_per_s", "rows")] == [
        "pJ",
        "bit",
        "MHz",
        "per s",
        "",
    ]


def test_shares_name_the_largest_and_sum_the_rest() -> None:
    assert shares(["a", "b", "c", "d"], [1, 6, 0, 3], most=1) == "b 60 %, 2 more 40 %"
    assert shares(["a"], [0.0]) == ""
    assert shares(["a", "b"], [999.0, 1.0]) == "a 99.9 %, b 0.1 %"
    assert shares(["a"], [3.0]) == "a 100 %"
