"""No text of a table is a formula to a spreadsheet, and no name is a mark to a browser."""

import pandas as pd

from search.objectives.described import describe
from search.objectives.registry import find
from search.problem import config
from search.results.page import sections
from search.results.view import View
from search.study.store.cells import plain


def test_texts_that_begin_as_formulas_are_marked_and_numbers_are_not() -> None:
    table = pd.DataFrame({"design": ["=cmd()", "d01", "-1", "\tx"], "energy_pj": [-1.0, 2.0, 3.0, 4.0], "@sum": ["+1", "@a", None, "b"]})
    found = plain(table)
    assert found.design.tolist() == ["'=cmd()", "d01", "'-1", "'\tx"]
    assert found.energy_pj.tolist() == [-1.0, 2.0, 3.0, 4.0]
    assert found["'@sum"].tolist()[:2] == ["'+1", "'@a"]


def test_a_head_of_a_report_escapes_what_a_config_says() -> None:
    text = sections.subtitle(
        config.Config.model_construct(
            data=config.DataConfig(name="<i>data"),
            network=config.NetworkConfig(kind="<b>net"),
            hardware=config.HardwareConfig(kind="<script>chip", technology="<u>prices"),
            seed=0,
        ),
        "<hash>",
    )
    assert "<" not in text
    assert "&lt;script&gt;chip" in text


def test_a_view_of_described_objectives_imports_nothing() -> None:
    wished = {"objectives": ["error", "nowhere_at_all:Mine"], "constraints": {}, "parameters": {}}
    kept = {"nowhere_at_all:Mine": {**describe(find("energy")), "name": "mine"}}
    assert View.of(wished, kept).columns == ["error", "mine_pj"]
