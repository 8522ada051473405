"""A bound on an objective, whether that is among the study's objectives or not."""

# annotations stay unread: who looks at results names bounds, and does without JAX
from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from codesign.units import show
from search.objectives.base import AbstractObjective

if TYPE_CHECKING:
    from jax.typing import ArrayLike
    from jaxtyping import Array, Float

    from codesign.evaluation.evaluate import Evaluation


@dataclasses.dataclass(frozen=True)
class Constraint:
    """`objective <= bound`, or `>=` for an objective that is maximised.

    Excess is dimensionless and at most 0 where the constraint holds: the logarithm of value over bound where factors count, else the
    difference as a share of the bound.

    Raises:
        ValueError: a bound that is not finite, or not above 0 where factors count.
    """

    objective: AbstractObjective
    bound: float

    def __post_init__(self) -> None:
        """Refuse bounds that nothing can be compared with."""
        if not math.isfinite(self.bound) or (self.objective.logarithmic and self.bound <= 0):
            raise ValueError(f"a bound of {self.objective.name} must be finite and above 0, got {self.bound:g}")

    @property
    def relation(self) -> str:
        """`<=` or `>=`."""
        return "<=" if self.objective.direction == "minimise" else ">="

    def excess(self, value: ArrayLike) -> Float[Array, ""]:
        """How far a reported value is beyond the bound."""
        import jax.numpy as jnp

        from codesign.numerics import safe_log

        if self.objective.logarithmic:
            return self.objective.sign * (safe_log(value) - math.log(self.bound))
        # a share of a tiny bound would outweigh everything
        return self.objective.sign * (jnp.asarray(value) - self.bound) / max(abs(self.bound), 0.01)

    def steered(self, evaluation: Evaluation, measured: Float[Array, ""]) -> Float[Array, ""]:
        """Excess with the gradient of the objective's relaxed form.

        Args:
            evaluation: of a minibatch.
            measured: excess on validation data; it counts instead of the minibatch's where the objective is about answers.
        """
        import jax.numpy as jnp

        from codesign.numerics import straight_through

        # a minibatch's accuracy is noisy and has no slope: validation data say how far, the loss says which way
        own = self.excess(self.objective(evaluation))
        value = jnp.asarray(measured, own.dtype) if self.objective.answers else own
        return straight_through(value, self.objective.relaxed(evaluation))

    def describe(self, value: float) -> str:
        """`area 7.1 mm2 against at most 5 mm2`."""
        side = "at most" if self.objective.direction == "minimise" else "at least"
        return f"{self.objective.name.replace('_', ' ')} {spell(self.objective, value)} against {side} {spell(self.objective, self.bound)}"


def spell(objective: AbstractObjective, value: float) -> str:
    """A value for people: shares of answers in percent, other units with SI prefixes."""
    if objective.answers and objective.unit == "1":
        return f"{value:.2%}"
    # products of units take no prefix
    if objective.unit in ("1", "nat") or "*" in objective.unit:
        return f"{value:.4g}" + ("" if objective.unit == "1" else f" {objective.unit}")
    return show(value, objective.unit)
