"""Weights that a study has stored, for another to start from."""

from typing import Any

import jax
from flax import nnx

from search.errors import UserError
from search.problem.problem import Problem
from search.problem.reading.paths import stored
from search.problem.sections.start import CheckpointStart
from search.sealed import opened, unpacked


def weights(start: CheckpointStart, problem: Problem) -> nnx.State:
    """Those of a stored design.

    Raises:
        UserError: no such file, a damaged one, or one of another network; names the first array that differs. The message begins with
            the key.
    """
    path = stored(start.file, start.design)
    try:
        content = opened(path.read_bytes())
    except OSError as error:
        raise UserError(f"network.start.file: {path}: {error.strerror}") from None
    if content is None:
        raise UserError(f"network.start.file: {path} is damaged, or no checkpoint of a study (checkpoints/UNIT/design_03.eqx)")
    like: Any = jax.eval_shape(problem.build, jax.random.key(0))
    try:
        return unpacked(content, like)
    except ValueError as error:
        raise UserError(f"network.start.file: {path} holds another network: {error}") from None
