"""Design parameters from keyword arguments: float32 leaves, options by name, errors that name the nearest valid choice."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import jax.numpy as jnp

T = TypeVar("T")


def float_leaves(owner: str, defaults: Mapping[str, float], given: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults updated by `given`, as float32 arrays.

    Raises:
        ValueError: an unknown parameter; the message gives the nearest one.
    """
    for name in given:
        if name not in defaults:
            # cutoff 0: however wrong the name, there is a nearest one to tell
            near = difflib.get_close_matches(name, defaults, 1, 0)[0]
            raise ValueError(f"{owner} has no parameter {name!r} (did you mean {near!r}?)")
    # an explicit dtype: a weakly typed leaf would be compiled for once more
    return {name: jnp.asarray(given.get(name, value), jnp.float32) for name, value in defaults.items()}


def option(what: str, choices: Mapping[str, T], given: str | T) -> T:
    """A strategy by its name, or the strategy itself.

    Raises:
        ValueError: an unknown name; the message gives the nearest one.
    """
    if not isinstance(given, str):
        return given
    if given not in choices:
        near = difflib.get_close_matches(given, choices, 1, 0)[0]
        raise ValueError(f"unknown {what} {given!r} (did you mean {near!r}?); known are {', '.join(choices)}")
    return choices[given]


def named_options(what: str, choices: Mapping[str, T], given: str | T | Sequence[str]) -> dict[str, T]:
    """Strategies by their names: one, or those that a search may choose from; one's own goes by its class.

    Raises:
        ValueError: an unknown name; the message gives the nearest.
    """
    if isinstance(given, Sequence) and not isinstance(given, str):
        return {name: option(what, choices, name) for name in given}
    one = option(what, choices, given)
    name = next((name for name, each in choices.items() if type(each) is type(one)), type(one).__name__)
    return {name: one}
