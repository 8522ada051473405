"""The stage before a search: killed in the middle it goes on as if nothing had happened, and what it found is what searches start from."""

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.analog.arrays.array import DigitalArray
from search.blackbox.workbench import Training, Workbench
from search.errors import UserError
from search.problem import build, config
from search.problem.problem import Problem
from search.study.journal import NOTHING_HELD, Journal
from search.study.store.store import Store
from search.study.store.tables import reading
from search.study.unit import Unit
from search.unit.found import Session, keys_of
from search.unit.start import begun
from tests.search.command import codesign
from tests.search.toy import TOY, digital

START = "{kind: converted, activation_bits: 2, training_steps: 120, tuning_steps: 20, learning_rate: 0.02}"
UNIT = Unit("0" * 12, {}, {})


def study(folder: Path, start: str = START, hidden: str = "[16, 12]", more: str = "") -> config.ConfigFile:
    path = folder / "toy.yaml"
    text = digital(TOY).replace("hidden: [12], longest: 3", f"hidden: {hidden}, start: {start}{more}")
    path.write_text(text)
    return config.read(path)


def session(file: config.ConfigFile, journal: Journal, calls: int = 10**6) -> Session:
    left = iter(range(calls))

    def safe_point() -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    return Session(file.config, journal, lambda *a: None, safe_point, keys_of(3))


def unheard() -> Journal:
    return Journal(NOTHING_HELD, lambda write: None)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> tuple[config.ConfigFile, Problem]:
    file = study(tmp_path_factory.mktemp("started"))
    return file, begun(build.build(file), session(file, unheard()))


@pytest.mark.parametrize("calls", [3, 13])  # in the training of numbers, and while the first layer is converted
def test_a_killed_stage_goes_on_where_it_was(started: tuple[config.ConfigFile, Problem], tmp_path: Path, calls: int) -> None:
    file, whole = started
    with Store(tmp_path / "out") as store:
        store.add_units([UNIT])
        with pytest.raises(KeyboardInterrupt):
            begun(build.build(file), session(file, store.journal(UNIT), calls))
        left = 16 - calls - 1
        again = begun(build.build(file), session(file, store.journal(UNIT), left))
    jax.tree.map(np.testing.assert_array_equal, again.initial, whole.initial)


def test_searches_start_from_a_network_that_answers_in_spikes(started: tuple[config.ConfigFile, Problem]) -> None:
    _, problem = started
    assert problem.operation.longest == 3
    assert problem.paid == (120 + 2 * 20) * 32 * 3
    test, operation = problem.dataset.validation, problem.operation
    network = nnx.merge(problem.graph, problem.begin(jax.random.key(0)))
    run = jax.jit(lambda x, how: network(x, how, [DigitalArray()] * 3, jax.random.key(0)).logits)
    assert np.mean(np.argmax(run(jnp.asarray(test.inputs), operation), -1) == test.labels) > 0.5


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("neuron: cuba", r"start\.kind: layer 'dense1': CurrentBasedNeuron cannot be converted.*neuron: if or lif"),
        ("firing: graded", r"start\.kind: layer 'dense1': Graded firing .*firing: binary"),
    ],
)
def test_what_cannot_be_converted_is_told_before_anything_runs(tmp_path: Path, options: str, complaint: str) -> None:
    file = study(tmp_path, more=f", options: {{{options}}}")
    with pytest.raises(UserError, match=complaint):
        build.build(file)


def test_maxima_are_no_rates(tmp_path: Path) -> None:
    file = study(tmp_path, more=", options: {widths: [2, 0]}")
    text = file.path.read_text().replace("kind: mlp", "kind: vgg")
    file.path.write_text(text)
    with pytest.raises(UserError, match=r"start\.kind: layer 'pool2': a maximum.*pool: average"):
        build.build(config.read(file.path))


def test_steps_and_budget_follow_the_conversion(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"network\.longest: is 5, but 2 bits are sent in 3 steps"):
        build.build(study(tmp_path, more=", longest: 5"))
    study(tmp_path)
    with pytest.raises(UserError, match=r"search\.budget: must be above 1\.54e\+04"):
        build.build(config.read(tmp_path / "toy.yaml", ["search.budget=9000"]))


def stored(folder: Path, problem: Problem, state: Any, unit: str = "0" * 12, design: str = "design_03") -> Path:
    with Store(folder) as store:
        one = Unit(unit, {}, {})
        store.add_units([one])
        store.journal(one).save_arrays(design, state)
    return folder / "checkpoints" / unit / f"{design}.eqx"


def test_a_stored_design_is_where_another_study_starts(tmp_path: Path) -> None:
    first = build.build(study(tmp_path, "{kind: random}"))
    state = first.build(7)
    path = stored(tmp_path / "out", first, state)
    for start in (f"{{kind: checkpoint, file: {path.relative_to(tmp_path)}}}", "{kind: checkpoint, file: out, design: d03}"):
        file = study(tmp_path, start)
        build.check(file)
        found = begun(build.build(file), session(file, unheard()))
        jax.tree.map(np.testing.assert_array_equal, found.begin(jax.random.key(0)), state)
    # what is computed is told by the content, not by the place
    named = file.config.hash()
    stored(tmp_path / "moved", first, state)
    assert study(tmp_path, "{kind: checkpoint, file: moved, design: d03}").config.hash() == named
    stored(tmp_path / "moved", first, first.build(8))
    assert study(tmp_path, "{kind: checkpoint, file: moved, design: d03}").config.hash() != named


def test_weights_of_another_network_are_told_apart(tmp_path: Path) -> None:
    first = build.build(study(tmp_path, "{kind: random}"))
    path = stored(tmp_path / "out", first, first.build(7))

    def complaint(start: str, hidden: str = "[16, 12]") -> str:
        study(tmp_path, start, hidden)
        ended = codesign("check", tmp_path / "toy.yaml")
        assert ended.returncode == 2
        return ended.stderr

    assert "toy.yaml:5: network.start.file: " in complaint("{kind: checkpoint, file: none.eqx}")
    assert "kernel has the shape (16, 12), expected (16, 9)" in complaint("{kind: checkpoint, file: out, design: d03}", "[16, 9]")
    assert "network.start.design: must name one of d03" in complaint("{kind: checkpoint, file: out, design: d04}")
    path.write_bytes(path.read_bytes()[:-1])
    assert "is damaged" in complaint("{kind: checkpoint, file: out, design: d03}")
    stored(tmp_path / "out", first, first.build(7), "1" * 12)
    assert "2 units have a design d03; name its file" in complaint("{kind: checkpoint, file: out, design: d03}")


STDP = "{kind: stdp, steps: 40, hold: true}"


def test_local_learning_goes_on_where_it_was_and_is_held(tmp_path: Path) -> None:
    file = study(tmp_path, STDP)
    whole = begun(build.build(file), session(file, unheard()))
    with Store(tmp_path / "out") as store:
        store.add_units([UNIT])
        with pytest.raises(KeyboardInterrupt):
            begun(build.build(file), session(file, store.journal(UNIT), 1))
        again = begun(build.build(file), session(file, store.journal(UNIT), 2))
    jax.tree.map(np.testing.assert_array_equal, again.initial, whole.initial)
    assert whole.initial is not None
    bench = Workbench(whole, build.settings(file.config), Training(25, 16, 1e-2))
    point = bench.point([0] * len(bench.rows))
    trained = bench.train(whole.initial, [point], jax.random.key(0), 25)
    before, after = (state["body"]["blocks"] for state in (whole.initial, trained))
    np.testing.assert_array_equal(after[0]["synapses"]["kernel"][...], before[0]["synapses"]["kernel"][...])
    assert np.any(after[1]["synapses"]["kernel"][...] != before[1]["synapses"]["kernel"][...])


def test_only_a_dense_layer_learns_locally(tmp_path: Path) -> None:
    file = study(tmp_path, STDP, "[]")
    with pytest.raises(UserError, match=r"start\.kind: the only layer is that of the scores"):
        build.build(file)
    file.path.write_text(file.path.read_text().replace("kind: mlp, hidden: []", "kind: convnet, channels: [2]"))
    with pytest.raises(UserError, match=r"start\.kind: layer 'conv1' is conv, and only a dense layer"):
        build.build(config.read(file.path))


def test_studies_without_a_start_keep_their_names(tmp_path: Path) -> None:
    file = study(tmp_path, "{kind: random}")
    bare = file.path.read_text().replace(", start: {kind: random}", "")
    file.path.write_text(bare)
    assert config.read(file.path).config.hash() == file.config.hash()


@pytest.mark.slow
def test_every_searcher_starts_there_and_pays_for_it(tmp_path: Path) -> None:
    study(tmp_path)
    for kind in ("gradient", "random"):
        ended = codesign("run", tmp_path / "toy.yaml", "--output", tmp_path / kind, "--set", f"search.kind={kind}", "--progress", "plain")
        assert ended.returncode == 0, ended.stderr
    with reading(tmp_path / "random") as tables:
        course = json.loads(next(iter(tables.facts("course").values())))
    assert course[0][0] > (120 + 2 * 20) * 32 * 3, "the first design was found after the start was paid"
    again = tmp_path / "again.yaml"
    again.write_text(
        (tmp_path / "toy.yaml")
        .read_text()
        .replace(START, "{kind: checkpoint, file: gradient, design: d00}")
        .replace("12],", "12], longest: 3, options: {neuron: if},")
    )
    ended = codesign("run", again, "--output", tmp_path / "again")
    assert ended.returncode == 0, ended.stderr
