"""Figures of a study: units on every axis, names that are no marks, colours that differ, and files that open offline."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import search
from search.objectives.registry import find
from search.results.figures.figure import Figure
from search.results.figures.parallel import _axis
from search.results.figures.scales import scale_of, unit_of
from search.results.figures.theme import colours
from search.results.studies.study import Study
from tests.search.results import made
from tests.search.results.browser import chromium, missing

NAMES = ("front", "breakdown", "layers", "chips", "ageing", "history", "gap", "parallel", "parameters", "sensitivity", "compare")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return search.load(made.finished(tmp_path_factory.mktemp("made") / "out"))


def axes(figure: Figure) -> list[str]:
    return [figure.layout[key].title.text or "" for key in figure.layout if re.match(r"[xy]axis", key)]


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_says_in_which_unit_and_escapes_names(study: Study, name: str) -> None:
    figure = getattr(study.plot, name)()
    assert isinstance(figure, Figure)
    assert figure.data
    text = figure.to_json()
    assert "<script" not in text.replace("\\u003c", "<")
    assert "<b>Array" not in text
    # what counts nothing has a name: layers, designs, components; steps, bits and ages are numbers of their own
    units = [title for title in axes(figure) if title]
    plain = {"step", "bits", "design", "time after programming", "hypervolume", "rank correlation"}
    assert name == "parallel" or units
    assert all("[" in title or title in plain for title in units), units


def test_a_front_draws_what_is_on_it_in_the_unit_of_its_axis(study: Study) -> None:
    figure = study.plot.front()
    front = next(trace for trace in figure.data if trace.name == "on the front")
    rows = study.front
    assert "[nJ]" in figure.layout.xaxis.title.text
    np.testing.assert_allclose(front.x, rows.energy_pj / 1e3)
    np.testing.assert_allclose(front.y, rows.error * 100)
    np.testing.assert_allclose(front.error_y.array, rows.error_std * 100)
    assert sum(len(trace.x) for trace in figure.data) == len(study.designs)


def test_parallel_coordinates_mark_every_step_but_no_measured_number() -> None:
    """Found by a notebook: few designs, and marks such as 10.8170807362 on top of each other."""
    assert _axis("bits", pd.Series([4, 6, 6]))["tickvals"] == [4.0, 6.0]
    assert "tickvals" not in _axis("error [%]", pd.Series([10.8170807362, 9.65645313263]))


def test_a_breakdown_sums_to_the_energy_of_the_design(study: Study) -> None:
    for name in ("d00", "d04"):
        figure = study.plot.breakdown(name)
        factor = {"nJ": 1e3, "pJ": 1.0}[re.search(r"\[(\w+)\]", figure.layout.xaxis.title.text)[1]]
        total = sum(np.nansum(np.asarray(trace.x, float)) for trace in figure.data) * factor
        assert total == pytest.approx(study.designs.set_index("design").energy_pj[name])
        assert name in figure.layout.title.text


def test_what_is_not_there_is_said_or_left_out(tmp_path: Path) -> None:
    old = search.load(made.finished(tmp_path / "old", change=made.without, known=made.EARLIER))
    assert len(old.plot.chips().data) == 1, "means and deviations alone"
    with pytest.raises(search.UserError, match=r"unknown|no design 'd99'"):
        old.plot.breakdown("d99")
    sweep = search.load(made.finished(tmp_path / "sweep", labels=({"seed": 0}, {"seed": 1})))
    with pytest.raises(search.UserError, match="of one unit"):
        sweep.plot.history()
    assert len(sweep.plot.compare().data) == 2
    other = search.load(made.finished(tmp_path / "other"))
    assert [trace.name for trace in other.plot.compare(old).data] == ["other", "old"]


@pytest.mark.parametrize(("values", "unit"), [([3.0], "pJ"), ([2e3, 5e3, 9e6], "nJ"), ([4e7], "µJ"), ([0.01], "fJ"), ([], "nJ")])
def test_axes_are_in_units_that_read_well(values: list[float], unit: str) -> None:
    assert unit_of("pJ", values)[1] == unit
    assert scale_of(find("energy"), values).label == f"energy [{unit}]"


def test_areas_are_square_millimetres_where_people_say_so() -> None:
    assert unit_of("um2", [1.8e5]) == (1e-6, "mm²")
    assert unit_of("um2", [800.0]) == (1.0, "µm²")


def test_many_parts_look_different() -> None:
    looks = colours(f"part{number}" for number in range(20))
    assert len({tuple(look.values()) for look in looks.values()}) == 20


def test_a_page_of_a_figure_opens_offline(study: Study, tmp_path: Path) -> None:
    text = study.plot.front().save(tmp_path / "front.html").read_text()
    assert "cdn.plot.ly" not in re.sub(r"<script[^>]*>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r'<script[^>]+src="http', text)


def test_endings_and_folders_that_are_not_there_are_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(search.UserError, match=r"must end in .html, .png"):
        study.plot.front().save(tmp_path / "front.bmp")
    with pytest.raises(search.UserError, match="is no folder"):
        study.plot.front().save(tmp_path / "nowhere" / "front.png")


def test_a_picture_without_a_browser_says_what_to_install(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no browser\nand a long story")

    monkeypatch.setattr(Figure, "write_image", refuse)
    with pytest.raises(search.UserError, match=r"\(no browser\): pip install kaleido, .*front.html needs neither"):
        study.plot.front().save(tmp_path / "front.png")


@pytest.mark.slow
@pytest.mark.parametrize(("ending", "begin"), [("png", b"\x89PNG"), ("svg", b"<svg")])
def test_pictures_are_drawn_without_a_network(study: Study, tmp_path: Path, ending: str, begin: bytes) -> None:
    chromium()
    if importlib.util.find_spec("kaleido") is None:
        missing("kaleido")
    content = study.plot.front().save(tmp_path / f"front.{ending}").read_bytes()
    assert content.startswith(begin)
    assert len(content) > 5000
