"""What the engine's options and the environment may ask for."""

import pytest

from search.commands.studies.engines import EngineChoice, engine_of
from search.errors import UserError
from search.launch.precision import refuse_double_precision
from search.study.engines.inline import Inline
from search.study.engines.local import Local
from search.study.engines.ray import Ray


def test_options_choose_the_engine() -> None:
    assert isinstance(engine_of(EngineChoice()), Inline)
    assert isinstance(engine_of(EngineChoice(workers=2)), Local)
    assert isinstance(engine_of(EngineChoice("ray")), Ray)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (EngineChoice(workers=0), "--workers: must be at least 1, got 0"),
        (EngineChoice("ray", gpus_per_unit=-1), "--gpus-per-unit: must be at least 0, got -1"),
        (EngineChoice("ray", gpus_per_unit=1.5), "--gpus-per-unit: must be a share of one or a whole number, got 1.5"),
        (EngineChoice("ray", memory_per_unit_gb=float("nan")), "--memory-per-unit-gb: must be at least 0, got nan"),
        (EngineChoice("local", 2, gpus_per_unit=1), "are for --engine ray"),
    ],
)
def test_what_makes_no_sense_is_refused(choice: EngineChoice, message: str) -> None:
    with pytest.raises(UserError, match=message):
        choice.check()


def test_double_precision_is_refused_before_anything_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_ENABLE_X64", "0")
    refuse_double_precision()
    monkeypatch.setenv("JAX_ENABLE_X64", "True")
    with pytest.raises(UserError, match="JAX_ENABLE_X64 is set"):
        refuse_double_precision()
