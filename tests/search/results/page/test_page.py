"""The page of a study: what its data say, how big it is, and that no name of the user's own is a mark or ends a script."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from search.results import publish
from search.results.figures.compare import MOST
from search.results.page import columns, rows, sections
from search.results.view import View
from search.study.store.tables import reading
from tests.search.results import made

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def data_of(page: str) -> dict:
    return json.loads(DATA.search(page)[1])


def decoded(column: object, length: int) -> list:
    if isinstance(column, list):
        return column
    return [column["all"]] * length if "all" in column else [column["of"][place] for place in column["at"]]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return publish.republish(made.finished(tmp_path_factory.mktemp("made") / "out")).read_text()


def test_a_page_is_one_small_file_that_asks_no_network(page: str) -> None:
    assert len(page.encode()) < 1.5e6
    body = re.sub(r"<script[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r'(?:src|href)="(?:http|//)', body)
    assert 'name="viewport"' in body
    assert "prefers-color-scheme: dark" in body


def test_no_name_is_a_mark_or_ends_a_script(page: str) -> None:
    assert "window.broken = 1</script>" not in page
    assert made.HOSTILE not in page
    assert "<" not in DATA.search(page)[1]
    # plotly's, the page's own, and the data
    assert len(re.findall(r"<script", re.sub(r'"use strict";.*?</script>', "", page, flags=re.DOTALL))) == 3


def test_data_hold_every_design_as_it_was_measured(page: str, tmp_path: Path) -> None:
    (group,) = data_of(page)["groups"]
    with reading(made.finished(tmp_path / "same")) as tables:
        measured = tables.designs().sort_values("energy_pj")
    for name in ("design", "energy_pj", "error", "error_std", "rows", f"weight_bits[{made.LAYERS[0]}]"):
        found = decoded(group["columns"][name], len(measured))
        if name == "design":
            assert found == measured[name].tolist()
        else:
            np.testing.assert_allclose(np.array(found, float), measured[name], rtol=1e-4)
    sums = [np.nansum(np.array(energy, float)) for energy in group["breakdown"]["energy"]]
    np.testing.assert_allclose(sums, measured.energy_pj, rtol=1e-3)
    assert [len(each) for each in group["chip_errors"]] == [4] * len(measured)
    assert {pick["wish"] for pick in group["picks"]} == {"cheapest", "balanced", "most accurate"}
    front = decoded(group["columns"]["on_front"], len(measured))
    assert all(front[pick["row"]] for pick in group["picks"])


def test_what_people_ask_is_answered_in_words(page: str) -> None:
    for text in (
        "Build d",
        "Against plain models",
        "How sure the prices are",
        "Relaxed against hardened",
        "Failed members",
        "What the words",
    ):
        assert text in page, text


def test_a_plain_model_that_beats_the_search_is_named() -> None:
    plain = {"name": "<ANN>", "test_error": 0.05, "energy_pj": 9e3, "why": ""}
    unable = {"name": "8-bit ANN", "why": "<no chip for it>"}
    row = {"design": "d01", "error_mean": 0.06, "energy_pj": 1e4}
    text = sections.baselines([plain, unable], pd.Series(row), pd.DataFrame([row]))
    assert "The &lt;ANN&gt; beats d01: test error 5.00% against 6.00%, energy 9 nJ against 10 nJ." in text
    assert "&lt;no chip for it&gt;" in text
    assert "No design here beats the &lt;ANN&gt;" in text
    cheaper = row | {"energy_pj": 8e3}
    assert " beats d01" not in sections.baselines([plain], pd.Series(cheaper), pd.DataFrame([cheaper]))
    assert "beats" not in sections.baselines([plain], pd.Series(cheaper), pd.DataFrame([cheaper, cheaper | {"error_mean": 0.01}]))


def test_axes_begin_with_the_objectives(page: str) -> None:
    (group,) = data_of(page)["groups"]
    assert [axis["column"] for axis in group["axes"]] == ["error", "energy_pj", "latency_ns", "area_um2"]


def test_a_folder_of_an_earlier_version_has_a_page_without_what_it_lacks(tmp_path: Path) -> None:
    text = publish.republish(made.finished(tmp_path / "old", change=made.without, known=made.EARLIER)).read_text()
    assert "Against plain models" not in text
    (group,) = data_of(text)["groups"]
    assert group["chip_errors"] == []
    assert group["facts"] == [{}]


def test_units_of_a_sweep_are_told_by_what_differs(tmp_path: Path) -> None:
    labels = tuple({"seed": seed, "search.kind": "gradient"} for seed in range(MOST + 2))
    text = publish.republish(made.finished(tmp_path / "sweep", count=3, labels=labels)).read_text()
    (group,) = data_of(text)["groups"]
    assert group["units"][:2] == ["seed 0", "seed 1"], "what all have in common says nothing"
    assert group["labels"] == {"seed": list(range(MOST + 2))}
    assert len(group["figures"]["compare"]["data"]) == MOST
    assert f"Drawn: {MOST} of {MOST + 2} units" in text


@pytest.mark.slow
def test_ten_thousand_designs_fit(tmp_path: Path) -> None:
    labels = tuple({"seed": seed} for seed in range(4))
    text = publish.republish(made.finished(tmp_path / "big", count=2500, labels=labels)).read_text()
    assert len(text.encode()) < 3e6
    (group,) = data_of(text)["groups"]
    assert group["measured"] == len(decoded(group["columns"]["design"], 10_000)) == 10_000


@pytest.mark.parametrize(
    "values", [["a", "a", "a"], ["a", "b", "a", "b"], [1.0, np.nan, 3.123456789], [True, True, False, True], [1e-30, 5e12, -0.0], [[1]]]
)
def test_columns_come_back(values: list) -> None:
    packed = json.loads(columns.script({"it": columns.column(pd.Series(values)) if values != [[1]] else columns.nested(values)}))["it"]
    found = decoded(packed, len(values))
    for one, other in zip(found, values, strict=True):
        same = one == other or (one is None and np.isnan(other)) or one == pytest.approx(other, rel=1e-4)
        assert same, (one, other)


def test_of_too_many_designs_the_front_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "DRAWN", 12)
    with reading(made.finished(tmp_path / "out", count=60)) as tables:
        view = View.stored(tables, tables.units()[0].unit)
        designs = view.with_front(tables.designs())
    kept = rows.kept(designs, view, 10)
    assert set(designs.design[designs.on_front]) <= set(kept.design)
    assert len(kept) < len(designs)
    assert kept.energy_pj.is_monotonic_increasing
