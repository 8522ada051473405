"""`codesign list parameters`: every number that a chip can be designed by is there, with unit, range and default."""

import pytest

from codesign.hardware.registry import RANGES, REGISTRY
from codesign.network.operation import RANGES as OPERATION
from search.commands.configs import parameters
from tests.search.command import codesign


@pytest.mark.parametrize("family", sorted(RANGES))
def test_every_parameter_is_listed_and_explained(family: str) -> None:
    rows = {row.name: row for row in [*parameters.of_chip(REGISTRY[family], []), *parameters.of_operation()]}
    for name, legal in (RANGES[family] | OPERATION).items():
        row = rows[name]
        assert row.legal.endswith(f"{legal.low:.7g} to {legal.high:.7g}")
        assert (row.unit or "1", row.default) == (legal.unit, f"{legal.default:g}")
        assert row.text, f"nothing is said about {name}"


def test_technologies_it_applies_to(monkeypatch: pytest.MonkeyPatch) -> None:
    available = parameters.catalogue.available
    few = ["digital_28nm", "loihi_14nm"]  # as each is tried
    monkeypatch.setattr(parameters.catalogue, "available", lambda slot="name": few if slot == "name" else available(slot))
    head, *rows = codesign("list", "parameters", "manycore").stdout.splitlines()
    assert head.split()[:2] == ["name", "unit"]
    assert "not loihi_14nm" in next(row for row in rows if row.startswith("clock_mhz"))
    assert "digital_28nm" in rows[-1]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["parameters"], "of which chip? (crossbar"),
        (["parameters", "crosbar"], "did you mean 'crossbar'"),
        (["networks", "mlp"], "takes no"),
    ],
)
def test_mistakes(arguments: list[str], hint: str) -> None:
    done = codesign("list", *arguments)
    assert (done.returncode, hint in done.stderr) == (2, True), done.stderr
