"""What the Ray engine says where it cannot run; that it does run is tested beside the others."""

import signal
import sys
from pathlib import Path

import pytest

from search.errors import UserError
from search.study import driver
from search.study.engines.ray import Ray
from search.study.store.store import Store
from tests.search.study.toy_work import ToyWork, units
from tests.search.toy import Silent


def refused(folder: Path, engine: Ray) -> str:
    with Store(folder) as store:
        store.add_units(units(1))
        with pytest.raises(UserError) as error:
            driver.run(units(1), store, engine, ToyWork, Silent(), lambda: None)
    return str(error.value)


def test_without_ray_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert refused(tmp_path / "out", Ray(1)) == "--engine ray: Ray is not installed (pip install 'codesign[ray]')"


def test_an_address_that_cannot_stream_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray has no release for this Python")
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    assert "start this on a machine of the cluster, with RAY_ADDRESS=auto" in refused(tmp_path / "out", Ray(1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "message"),
    [
        (Ray(1, memory_gb=1e6), "--memory-per-unit-gb: a unit asks for 1e+06 GB, this machine has"),
        (Ray(1, gpus_per_unit=99), "--gpus-per-unit: a unit asks for 99, this machine has"),
    ],
)
def test_a_machine_that_cannot_hold_a_unit_is_told_at_once(
    engine: Ray, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ray = pytest.importorskip("ray", reason="Ray has no release for this Python")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    before = signal.getsignal(signal.SIGTERM)
    assert message in refused(tmp_path / "out", engine)
    assert signal.getsignal(signal.SIGTERM) is before, "a stop is asked for by signal, which Ray takes for an end"
    assert not ray.is_initialized()
