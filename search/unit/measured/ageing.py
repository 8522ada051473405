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
CALIBRATION_SAMPLES: Final = 256  # of the training split: mean and spread of a column come out within 5 %


class AgedErrors:
    """Test error after an hour, a day and a month, with global drift compensation and read noise: mean and spread over some chips.

    Args:
        problem: what was searched.
        chips: simulated chips that are aged; 0 for none.
        recalibrated: whether they are also measured with gain and offset of each column re-estimated at that age (`recalibrate`).
    """

    def __init__(self, problem: Problem, chips: int, recalibrated: bool) -> None:
        self._chips, self._recalibrated = chips, recalibrated
        self.problem, self._test = problem, as_batch(problem.dataset.test)
        train = as_batch(problem.dataset.train)
        self._calibration = Batch(train.inputs[:CALIBRATION_SAMPLES], train.labels[:CALIBRATION_SAMPLES])
        self._errors = jax.jit(self._errors_traced)

    def __call__(self, network: nnx.State, point: dict[str, Any], keys: Key[Array, " chips"]) -> dict[str, float]:
        """Columns such as `error_1h` and `error_1h_std`; none for a chip that does not age, or whose technology does not say how."""
        if not self._chips or ageing_of(self.problem.hardware, self.problem.technology) is None:
            return {}
        # cloned on purpose: the first of the chips that measured the fresh design, so that age alone makes the difference;
        # data as an argument: closed over, they would become a constant of the compiled program
        values, found = as_values(self.problem.space, point), dict[str, float]()
        kinds = {"": None, "_recalibrated": self._calibration} if self._recalibrated else {"": None}
        for kind, calibration in kinds.items():
            errors = self._errors(network, values, jax.random.clone(keys)[: self._chips], self._test, calibration)
            for name, of_chips in zip(COLUMNS, np.asarray(errors), strict=True):
                found |= _mean_and_spread(f"{name}{kind}", of_chips)
        return found

    def _errors_traced(
        self, network: nnx.State, values: dict[str, Array], keys: Key[Array, " chips"], test: Batch, calibration: Batch | None
    ) -> Array:
        """Errors `[ages, chips]`."""
        problem = self.problem
        design = problem.place(network, values)
        times = jnp.asarray(list(COLUMNS.values()), jnp.float32)
        setting = (problem.graph, design, test, problem.technology, keys, times)
        return age_errors(*setting, calibration=calibration, granularity=problem.granularity, at_once=problem.at_once)


def _mean_and_spread(name: str, errors: np.ndarray) -> dict[str, float]:
    """Columns `name` and `name_std` of errors `[chips]`; a single chip has no spread."""
    return {name: float(errors.mean()), f"{name}_std": float(errors.std(ddof=1)) if len(errors) > 1 else 0.0}
