"""A memory budget becomes pieces, and all that goes through a split goes through it in pieces."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from search.errors import UserError
from search.joint.gradient import JointSearch
from search.joint.harden import Hardener
from search.joint.scalarise import Wish
from search.problem import build, config
from search.problem.batches import as_batch
from search.problem.problem import Problem
from search.problem.schedule import Settings
from search.unit.measured.ageing import AgedErrors
from tests.search.toy import toy_config


def problem_with(path: Path, budget_gb: str) -> Problem:
    return build.build(config.read(path, [f"search.memory_gb={budget_gb}"]))


def test_samples_follow_from_the_budget(tmp_path: Path) -> None:
    path = toy_config(tmp_path)
    small, large = problem_with(path, "0.01"), problem_with(path, "0.1")
    assert small.at_once is not None
    assert large.at_once is not None
    assert small.at_once.bit_count() == large.at_once.bit_count() == 1
    assert 4 <= large.at_once / small.at_once <= 32  # about ten times the samples
    # twice the steps, half the samples
    longer = dataclasses.replace(small.operation, longest=2 * small.operation.longest)
    assert dataclasses.replace(small, operation=longer).at_once == small.at_once // 2
    # by default, a small study runs as if there were no budget
    free = build.build(config.read(path))
    assert free.at_once is not None
    assert free.at_once > len(free.dataset.validation.labels)


def test_a_budget_names_nothing_that_is_computed(tmp_path: Path) -> None:
    path = toy_config(tmp_path)
    assert len({config.read(path, changes).config.hash() for changes in ([], ["search.memory_gb=1"], ["search.memory_gb=2"])}) == 1


def test_a_budget_below_one_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"search\.memory_gb: one sample takes .* kB, more than 1 kB"):
        problem_with(toy_config(tmp_path), "1e-6")


def intermediates(found: Any) -> Iterator[int]:
    """Elements of all that a traced program computes on the way."""
    for equation in found.eqns:
        for value in equation.params.values():
            for part in value if isinstance(value, tuple | list) else [value]:
                inner = getattr(part, "jaxpr", part)
                if hasattr(inner, "eqns"):
                    yield from intermediates(inner)
        yield from (out.aval.size for out in equation.outvars)


def test_all_that_goes_through_a_split_goes_in_pieces(tmp_path: Path) -> None:
    whole = dataclasses.replace(build.build(config.read(toy_config(tmp_path))), steps_at_once=None)
    pieces = dataclasses.replace(whole, steps_at_once=8 * whole.operation.longest)
    settings, key = Settings(population=2), jax.random.key(0)
    keys = jax.random.split(key, 2)

    def programs(problem: Problem) -> dict[str, Callable[[], Any]]:
        hardener, joint = Hardener(problem, settings), JointSearch(problem, settings)
        network, split = problem.build(0), as_batch(problem.dataset.test)
        middle = {name: jnp.full(problem.space.shape(name), 0.5) for name in problem.space.parameters}
        values = problem.space.relax(middle)
        stacked = {name: value[None] for name, value in values.items()}
        wish = Wish.of(jnp.ones(len(problem.objectives)) / len(problem.objectives))
        return {
            "measure and validate": lambda: hardener._verify_traced(network, values, keys, split),
            "score": lambda: hardener._score_traced(network, stacked, wish, key),
            "claim": lambda: joint._claim_traced(network, middle, key, split),
            "look": lambda: joint._step._look(network, middle, key, (jnp.zeros(()), jnp.ones(()), jnp.ones(())), split),
            "ageing": lambda: AgedErrors(problem, 2, False)._errors_traced(network, values, keys, split, None),
        }

    together, apart, everything = programs(whole), programs(pieces), whole.dataset.test.inputs.size
    for name in together:
        most, less = (max(intermediates(jax.make_jaxpr(found[name])().jaxpr)) for found in (together, apart))
        # nothing but weights and answers is larger than a piece, and these are few
        assert less < everything <= most, name
