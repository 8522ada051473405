"""What an objective is, and the register of all of them.

@register
class SpikesPerAnswer(AbstractObjective):
    name, unit = "spikes_per_answer", "1"

    def __call__(self, evaluation):
        return (evaluation.workload.output_rate * evaluation.workload.static("neurons_out")).sum()
"""

# annotations stay unread: who looks at results names objectives, and does without JAX
from __future__ import annotations

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from codesign.evaluation.evaluate import Evaluation


class AbstractObjective(abc.ABC):
    """A quality of a design.

    Attributes:
        name: as in configs and result columns.
        unit: canonical unit of the value.
        direction: `minimise` or `maximise`; only `relaxed` and `minimised` know of it, and all searches use these.
        differentiable: whether `relaxed` has a useful gradient; where not, only the exact stages of a search see it.
        logarithmic: whether factors count (costs) or differences (errors).
        answers: whether it is about the network's answers, and so noisy over samples.
        worst: value of no worth, where differences count.
        chips: simulated chips that one value needs.
        age_s: time after programming [s] at which `Evaluation.aged_loss` and `aged_accuracy` are needed; None for not at all.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    direction: ClassVar[Literal["minimise", "maximise"]] = "minimise"
    differentiable: ClassVar[bool] = True
    logarithmic: ClassVar[bool] = True
    answers: ClassVar[bool] = False
    worst: ClassVar[float] = 1.0
    chips: ClassVar[int] = 1
    age_s: ClassVar[float | None] = None

    @property
    def column(self) -> str:
        """Column of result tables: the name with its unit, such as `energy_pj`."""
        return self.name if self.unit in ("1", "nat") else f"{self.name}_{self.unit.lower().replace('*', '_')}"

    @property
    def sign(self) -> float:
        """What turns a value into one that is minimised."""
        return 1.0 if self.direction == "minimise" else -1.0

    @abc.abstractmethod
    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """The value that is reported, in `unit`."""

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """The smooth, dimensionless form that a search descends: by default the logarithm, so that factors count."""
        import jax

        from codesign.numerics import safe_log

        value = self(evaluation)
        smooth = self.sign * (safe_log(value) if self.logarithmic else value)
        # its value still frames the front, but says nothing of where to go
        return smooth if self.differentiable else jax.lax.stop_gradient(smooth)

    def share(self, values: NDArray[np.float64], reference: float) -> NDArray[np.float64]:
        """Reported values on a scale where 0 is best and 1 is worth nothing, for hypervolumes; NaN for what is not finite.

        A logarithmic objective spans three decades to the good side of `reference` and one to the other. What is better than the best
        counts as the best; what is worth less than nothing is above 1, beyond the box of a hypervolume.
        """
        values = np.asarray(values, np.float64)
        # infinitely good is a fault and not the best
        values = np.where(np.isfinite(values), values, np.nan)
        if self.logarithmic:
            # the floor is for what can be 0, such as spikes
            shares = (self.sign * np.log10(np.maximum(values, 1e-30) / reference) + 3) / 4
        else:
            shares = values / self.worst if self.direction == "minimise" else 1 - values / self.worst
        return np.clip(shares, 0, None)


REGISTRY: dict[str, type[AbstractObjective]] = {}


def register(objective: type[AbstractObjective]) -> type[AbstractObjective]:
    """Class decorator that makes an objective known by its name."""
    REGISTRY[objective.name] = objective
    return objective


def objective(
    name: str, unit: str = "1", direction: Literal["minimise", "maximise"] = "minimise", *, differentiable: bool = True
) -> Callable[[Callable[[Evaluation], Array]], type[AbstractObjective]]:
    """Decorator that makes a registered objective of a function of an evaluation."""

    def wrap(function: Callable[[Evaluation], Array]) -> type[AbstractObjective]:
        body = {
            "name": name,
            "unit": unit,
            "direction": direction,
            "differentiable": differentiable,
            "__call__": lambda self, evaluation: function(evaluation),
            "__doc__": function.__doc__,
            "__module__": function.__module__,
        }
        return register(type(function.__name__, (AbstractObjective,), body))

    return wrap
