"""Studies from Python, whole: run, asked again, loaded, a design that answers as it was measured."""

from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

import search
from search.errors import UserError
from tests.search.toy import TOY, digital

pytestmark = pytest.mark.slow  # whole studies


@pytest.fixture(scope="module")
def config() -> dict:
    found = YAML(typ="safe").load(digital(TOY))
    return {**found, "search": {**found["search"], "population": 2, "designs": 3, "scout_evaluations": 8, "tuned_designs": 0}}


@pytest.fixture(scope="module")
def study(config: dict, tmp_path_factory: pytest.TempPathFactory) -> search.Study:
    return search.run(config, tmp_path_factory.mktemp("python") / "out", progress="quiet")


def test_the_same_call_loads_what_is_done(study: search.Study, config: dict) -> None:
    before = (study.folder / "study.db").stat().st_mtime_ns
    again = search.run(config, study.folder, progress="quiet")
    assert again.designs.equals(study.designs)
    assert (study.folder / "study.db").stat().st_mtime_ns == before


def test_another_study_is_refused_and_nothing_is_overwritten(study: search.Study, config: dict) -> None:
    before = (study.folder / "config.yaml").read_text()
    with pytest.raises(UserError, match="changed since: seed"):
        search.run(config, study.folder, progress="quiet", seed=99)
    assert (study.folder / "config.yaml").read_text() == before


def test_a_design_answers_as_it_was_measured(study: search.Study) -> None:
    design = study.balanced()
    test = design.dataset.test
    # a digital chip has no noise: one is like the other
    wrong = np.mean(design.network.predict(test.inputs) != np.asarray(test.labels))
    assert wrong == pytest.approx(design.error, abs=1e-6)
    assert float(design.cost.energy) == pytest.approx(design.row.energy_pj, rel=1e-5)
    assert design.breakdown.energy_pj.sum() == pytest.approx(design.row.energy_pj, rel=1e-5)
    with pytest.raises(UserError, match="samples of this network have the shape"):
        design.network(np.zeros((2, 3)))
    for value in (np.nan, 7.0):
        with pytest.raises(UserError, match=r"within \[0, 1\]"):
            design.network(np.full((1, *design.dataset.sample_shape), value))


def test_a_mistake_leaves_the_folder_free(config: dict, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="enrgy"):
        search.run({**config, "objectives": ["error", "enrgy"]}, tmp_path / "out", progress="quiet")
    assert len(search.run(config, tmp_path / "out", progress="quiet").units) == 1


def test_a_sweep_goes_on_where_it_was(config: dict, tmp_path: Path) -> None:
    first = search.sweep({**config, "sweep": {"grid": {"seed": [0]}}}, tmp_path / "out", progress="quiet")
    assert first.units.seed.tolist() == [0]
    wider = search.sweep({**config, "sweep": {"grid": {"seed": [0, 1]}}}, tmp_path / "out", progress="quiet")
    assert wider.units.state.tolist() == ["done", "done"]
    assert len(wider.where(seed=0).designs) == len(first.designs)
