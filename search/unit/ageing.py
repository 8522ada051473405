"""What a crossbar design errs some time after programming: columns of a study's table of designs."""

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Key

from codesign.analog.device.ageing import AGES_S
from codesign.evaluation.devices import ageing_of
from codesign.evaluation.evaluate import Batch
from codesign.evaluation.verify import age_errors
from search.problem.batches import as_batch
from search.problem.problem import Problem, as_values

COLUMNS: Final = {"error_1h": AGES_S["hour"], "error_1d": AGES_S["day"], "error_30d": AGES_S["month"]}


class AgedErrors:
    """Test error after an hour, a day and a month, with global drift compensation and read noise: mean and spread over some chips."""

    def __init__(self, problem: Problem, chips: int) -> None:
        self._chips = chips
        self.problem, self._test = problem, as_batch(problem.dataset.test)
        self._errors = jax.jit(self._errors_traced)

    def __call__(self, network: nnx.State, point: dict[str, Any], keys: Key[Array, " chips"]) -> dict[str, float]:
        """Columns such as `error_1h` and `error_1h_std`; none for a chip that does not age, or whose technology does not say how."""
        if not self._chips or ageing_of(self.problem.hardware, self.problem.technology) is None:
            return {}
        # cloned on purpose: the first of the chips that measured the fresh design, so that age alone makes the difference;
        # data as an argument: closed over, they would become a constant of the compiled program
        errors = self._errors(network, as_values(self.problem.space, point), jax.random.clone(keys)[: self._chips], self._test)
        found: dict[str, float] = {}
        for name, of_chips in zip(COLUMNS, np.asarray(errors), strict=True):
            found |= _mean_and_spread(name, of_chips)
        return found

    def _errors_traced(self, network: nnx.State, values: dict[str, Array], keys: Key[Array, " chips"], test: Batch) -> Array:
        """Errors `[ages, chips]`."""
        problem = self.problem
        design = problem.place(network, values)
        times = jnp.asarray(list(COLUMNS.values()), jnp.float32)
        setting = (problem.graph, design, test, problem.technology, keys, times)
        return age_errors(*setting, granularity=problem.granularity, at_once=problem.at_once)


def _mean_and_spread(name: str, errors: np.ndarray) -> dict[str, float]:
    """Columns `name` and `name_std` of errors `[chips]`; a single chip has no spread."""
    return {name: float(errors.mean()), f"{name}_std": float(errors.std(ddof=1)) if len(errors) > 1 else 0.0}
