"""What a notebook draws while a study runs."""

from pathlib import Path

import search
from search.launch.live import drawn
from search.problem import config
from search.study.unit import Unit
from tests.search.results.test_sweep import finished
from tests.search.toy import toy_config


def test_a_sweep_draws_its_fronts_where_a_unit_draws_its_course(tmp_path: Path) -> None:
    """Found by a notebook: a course is of one unit, and a sweep that had begun its second stopped with an error."""
    values = config.written(config.read(toy_config(tmp_path)).config)
    units = [Unit(f"{i:012x}", {"seed": i}, values) for i in range(2)]
    finished(tmp_path / "out", units, {units[0].name: [10.0, 20.0], units[1].name: [15.0]})
    study = search.load(tmp_path / "out")
    figure = drawn(study)
    assert figure is not None
    assert len(figure.data) == 2
    assert drawn(study.where(seed=0)) is None, "no course is stored here"
