"""Tables of `codesign cost` fit the terminal, and a page of 100 columns where there is none; nothing is lost by it."""

import functools
import re

import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from codesign.cost import Cost
from search.commands.prices import tables
from search.commands.prices.tables import Comparison, show_comparison, show_cost


def cost(layers: int, components: int, energy: float = 1e6) -> Cost:
    """A component costs twice the one before it."""
    parts = energy * 2.0 ** jnp.arange(components) / (2.0**components - 1) / layers
    names = (tuple(f"stage{i}.projection" for i in range(layers)), tuple(f"systolic.component{j}" for j in range(components)))
    return Cost(*names, jnp.tile(parts, (layers, 1)), jnp.full(layers, 10.0), jnp.full(components, 1e5), jnp.full(layers, 0.5))


def in_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(tables, "Console", functools.partial(Console, force_terminal=True, no_color=True, width=width))


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("components", [2, 27])
def test_a_cost_fits_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int, components: int) -> None:
    in_a_terminal(monkeypatch, width)
    show_cost(cost(4, components), "x" * 150, {"energy_pj": (1e5, 1e7), "latency_ns": (1.0, 2.0), "area_um2": (1.0, 2.0)})
    text = plain(capsys.readouterr().out)
    assert max(map(len, text.splitlines())) <= width
    # every component is named, whatever has no column
    assert all(f"component{j} " in text for j in range(components))


def test_a_pipe_is_a_page_wide(capsys: pytest.CaptureFixture[str]) -> None:
    show_cost(cost(4, 27), "vgg9", {})
    show_comparison([Comparison("spikesim", None, None, "cannot run this layer, " * 10)], "vgg9")
    assert 80 < max(map(len, capsys.readouterr().out.splitlines())) <= 100


def test_columns_sum_to_the_energy_of_a_layer(capsys: pytest.CaptureFixture[str]) -> None:
    show_cost(cost(1, 27), "vgg9", {})
    row = next(line for line in capsys.readouterr().out.splitlines() if "stage0" in line)
    scale = {"pJ": 1.0, "nJ": 1e3, "µJ": 1e6}
    *parts, total = [float(value) * scale[unit] for value, unit in re.findall(r"([\d.]+) ([pnµ]J)", row)]
    np.testing.assert_allclose(sum(parts), total, rtol=0.01)
    # the dearest have columns
    assert max(parts) == parts[-2]


def test_what_a_model_does_not_know_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    known = cost(2, 3)
    show_cost(Cost(known.layers, known.components, known.energy_pj, jnp.zeros(2), jnp.zeros(3), jnp.zeros(2)), "operations", {})
    text = capsys.readouterr().out
    assert "energy 1 µJ" in text
    assert "mean power" not in text
    assert "nan" not in text
