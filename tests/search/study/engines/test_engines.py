"""The same designs on every engine and with any number of workers; dead workers are replaced, failures stay their unit's own."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from search.errors import UserError
from search.study import driver
from search.study.driver import StoppedError
from search.study.engines.engine import Engine
from search.study.engines.inline import Inline
from search.study.engines.local import Local
from search.study.engines.ray import Ray
from search.study.same import refuse_unless_same
from search.study.store.store import Store
from search.study.unit import State, Unit
from tests.search.study.toy_work import DyingWork, ToyWork, units
from tests.search.toy import Silent

# a worker of a cluster takes longer to start than a process
WITH_RAY = ["local", pytest.param("ray", marks=pytest.mark.slow)]


def no_stop() -> None:
    pass


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray = pytest.importorskip("ray", reason="Ray has no release for this Python")
    before = signal.getsignal(signal.SIGTERM)
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    ray.init(address="local", num_cpus=2, object_store_memory=100_000_000, **quiet)
    signal.signal(signal.SIGTERM, before)
    yield
    ray.shutdown()


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "ray":
        request.getfixturevalue("cluster")
        return Ray(2)
    return Inline() if request.param == "inline" else Local(2)


def done(folder: Path, asked: list[Unit], engine: Engine, screen: Silent | None = None) -> pd.DataFrame:
    with Store(folder) as store:
        store.add_units(asked)
        driver.run(asked, store, engine, ToyWork, screen or Silent(), no_stop)
        return store.tables.designs()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return done(tmp_path_factory.mktemp("inline") / "out", units(4), Inline())


def test_units_give_the_same_designs_side_by_side(expected: pd.DataFrame, tmp_path: Path) -> None:
    assert len(expected) == 12
    pd.testing.assert_frame_equal(done(tmp_path / "out", units(4), Local(3)), expected)


@pytest.mark.usefixtures("cluster")
def test_a_cluster_gives_them_too(expected: pd.DataFrame, tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(done(tmp_path / "out", units(4), Ray(1)), expected)
    with Store(tmp_path / "out") as store:
        stored = store.tables.units()
        assert {unit.provenance["host"] for unit in stored} != {None}
        assert all(store.tables.checkpoints(unit.unit.name)["state"] for unit in stored), "arrays came back without shared files"


@pytest.mark.parametrize("engine", WITH_RAY, indirect=True)
def test_a_worker_that_dies_is_replaced_and_its_unit_goes_on_where_it_was(engine: Engine, expected: pd.DataFrame, tmp_path: Path) -> None:
    screen = Silent()
    (tmp_path / "marks").mkdir()
    found = done(tmp_path / "out", units(4, die=str(tmp_path / "marks")), engine, screen)
    pd.testing.assert_frame_equal(found, expected)
    assert [state for _, state, _ in screen.ends].count(State.LOST) == 4, "each unit's worker was killed once"
    with Store(tmp_path / "out") as store:
        assert {(str(u.state), u.attempts) for u in store.tables.units()} == {("done", 2)}
        # begun at step 2, of which the state was kept: no step was done twice
        assert len(store.tables.history()) == 4 * 5


@pytest.mark.parametrize("engine", WITH_RAY, indirect=True)
def test_a_unit_that_always_kills_its_worker_is_lost_and_keeps_nobody(engine: Engine, tmp_path: Path) -> None:
    with Store(tmp_path / "out") as store:
        asked = units(2)
        store.add_units(asked)
        outcome = driver.run(asked, store, engine, DyingWork, Silent(), no_stop)
        assert set(outcome.failed) == {unit.name for unit in asked}
        expected = "lost: its worker ended with exit code 9" if isinstance(engine, Local) else "lost: its worker died: Worker unexpectedly"
        assert all(reason.startswith(expected) and "\n" not in reason for reason in outcome.failed.values())
        assert {(u.state, u.attempts) for u in store.tables.units()} == {(State.LOST, driver.ATTEMPTS)}


@pytest.mark.parametrize("engine", ["inline", *WITH_RAY], indirect=True)
def test_failures_are_told_and_kept_from_other_units(engine: Engine, tmp_path: Path) -> None:
    with Store(tmp_path / "out") as store:
        asked = units(4, bad=1, broken=2)
        store.add_units(asked)
        outcome = driver.run(asked, store, engine, ToyWork, Silent(), no_stop)
        assert outcome.done == 2
        assert outcome.failed[asked[1].name] == "nothing is finite"
        first, *trace = outcome.failed[asked[2].name].splitlines()
        assert first == "ZeroDivisionError: a fault of ours"
        assert any("toy_work.py" in line for line in trace), "enough to mend it"
        assert set(store.tables.units()[0].provenance) >= {"versions", "commit", "wall_s", "processor_s", "peak_gb", "host"}


def test_a_finished_study_does_nothing_and_a_widened_one_only_what_is_new(tmp_path: Path) -> None:
    done(tmp_path / "out", units(2), Inline())
    again = Silent()
    done(tmp_path / "out", units(2), Inline(), again)
    assert again.seen == []
    done(tmp_path / "out", units(3), Inline(), again)
    assert [name for name, _, _ in again.ends] == ["0" * 11 + "2"]


@pytest.mark.parametrize("engine", ["inline", *WITH_RAY], indirect=True)
def test_a_stop_keeps_what_is_done_and_the_rest_follows(engine: Engine, expected: pd.DataFrame, tmp_path: Path) -> None:
    end = time.monotonic() + 1.0

    def stop() -> None:
        if time.monotonic() > end:
            raise KeyboardInterrupt

    slow = units(4, seconds=0.15)
    with Store(tmp_path / "out") as store:
        store.add_units(slow)
        with pytest.raises(StoppedError, match="of 4 units"):
            driver.run(slow, store, engine, ToyWork, Silent(), stop)
        assert threading.active_count() < 20
    pd.testing.assert_frame_equal(done(tmp_path / "out", slow, engine), expected)


def test_a_changed_study_says_what_differs(tmp_path: Path) -> None:
    with Store(tmp_path / "out") as store:
        store.put("kind", "sweep")
        store.add_units(units(2))
        refuse_unless_same(store, "sweep", units(5))
        changed = [Unit("f" * 12, {}, {"seed": 1, "rate": 0.5})]
        with pytest.raises(UserError, match=r"holds another sweep \(changed since: rate: nothing -> 0.5\)"):
            refuse_unless_same(store, "sweep", changed)
        with pytest.raises(UserError, match="holds a sweep, not a compare"):
            refuse_unless_same(store, "compare", units(2))
