"""What a design costs."""

from typing import Final

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.evaluation.evaluate import Evaluation
from codesign.numerics import safe_log
from search.objectives.base import AbstractObjective, objective, register

LEGAL: Final = 1e-4
"""Excess up to which a design is legal: far above the rounding of float32, far below what a maker would notice."""


@objective("energy", "pJ")
def energy(evaluation: Evaluation) -> Float[Array, ""]:
    """Energy of one inference."""
    return evaluation.cost.energy


@objective("latency", "ns")
def latency(evaluation: Evaluation) -> Float[Array, ""]:
    """Time of one inference."""
    return evaluation.cost.latency


@objective("area", "um2")
def area(evaluation: Evaluation) -> Float[Array, ""]:
    """Silicon area."""
    return evaluation.cost.area


@objective("power", "mW")
def power(evaluation: Evaluation) -> Float[Array, ""]:
    """Mean power while running: energy over latency."""
    return evaluation.cost.power


@register
class EnergyDelayProduct(AbstractObjective):
    """Energy times latency."""

    name, unit = "edp", "pJ*ns"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Energy-delay product [pJ*ns]."""
        return evaluation.cost.edp

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Its logarithm, computed without leaving float32's range."""
        return evaluation.cost.log_edp


@register
class EnergyDelayAreaProduct(AbstractObjective):
    """Energy times latency times area."""

    # in mm2: with um2 a chip of ordinary size would leave float32's range
    name, unit = "edap", "pJ*ns*mm2"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Energy-delay-area product [pJ*ns*mm2]."""
        return evaluation.cost.edp * (evaluation.cost.area * 1e-6)

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Its logarithm, computed without leaving float32's range."""
        return evaluation.cost.log_edp + safe_log(evaluation.cost.area * 1e-6)


@register
class EnergyPerCorrectAnswer(AbstractObjective):
    """Energy spent for one correct answer: wrong ones cost and give nothing."""

    name, unit, answers = "energy_per_correct", "pJ", True

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Energy over accuracy [pJ]."""
        return evaluation.cost.energy / jnp.maximum(evaluation.accuracy, 1e-3)

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Log energy plus cross-entropy: the log of the energy over the likelihood of the right answer."""
        return safe_log(evaluation.cost.energy) + evaluation.loss


@register
class Excess(AbstractObjective):
    """How far a chip asks for more than its technology can do (`Cost.excess`): 0 for a legal one. Searches bound it by 0 on their own."""

    name, unit, logarithmic = "excess", "1", False

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Logarithm of what is asked for over what is possible."""
        # a clock of exactly the fastest is legal, whatever its last bit says
        return jnp.maximum(evaluation.cost.excess - LEGAL, 0)


@objective("spikes")
def spikes(evaluation: Evaluation) -> Float[Array, ""]:
    """Non-zero values that neurons send in one inference; the input's and the read-out's are not counted."""
    work = evaluation.workload
    return jnp.sum((work.output_rate * work.static("neurons_out") * work.timesteps)[:-1])
