"""Former import paths lead to the same things; a name that never was is still an error."""

import importlib

import pytest

from codesign.moved import NAMES


@pytest.mark.parametrize(("former", "new"), [*NAMES.items(), ("search.objective", "search.objectives")])
def test_a_former_path_holds_what_the_new_one_holds(former: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=new):
        module = importlib.import_module(former)
    found = importlib.import_module(new)
    names = [name for name, value in vars(found).items() if getattr(value, "__module__", None) == new]
    assert names or new in ("codesign.parameters", "search.objectives")
    assert all(getattr(module, name) is getattr(found, name) for name in names)


def test_documented_imports_of_before() -> None:
    from codesign.analog.device_catalogue import pcm
    from codesign.evaluate import Batch, evaluate
    from search.objective import objective

    assert all(map(callable, (pcm, Batch, evaluate, objective)))


def test_what_never_was_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"codesign\.evaluated"):
        importlib.import_module("codesign.evaluated")
