import pytest

from codesign.units import show


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.2e6, "pJ", "1.2 µJ"),
        (0.0002, "pJ", "200 aJ"),
        (999.9, "ns", "1 µs"),
        (3.4e6, "um2", "3.4 mm²"),
        (12, "um2", "12 µm²"),
        (6764.2, "um2", "6760 µm²"),
        (250, "MHz", "250 MHz"),
        (0, "pJ", "0 pJ"),
        (float("nan"), "pJ", "nan pJ"),
        (3, "layers", "3 layers"),
    ],
)
def test_values_are_shown_with_si_prefixes(value: float, unit: str, text: str) -> None:
    assert show(value, unit) == text
