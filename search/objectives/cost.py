"""What a design costs."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.evaluation.evaluate import Evaluation
from codesign.numerics import safe_log
from search.objectives.base import AbstractObjective, register


@register
class Energy(AbstractObjective):
    """Energy of one inference."""

    name, unit = "energy", "pJ"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Total energy [pJ]."""
        return evaluation.cost.energy


@register
class Latency(AbstractObjective):
    """Time of one inference."""

    name, unit = "latency", "ns"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Total latency [ns]."""
        return evaluation.cost.latency


@register
class Area(AbstractObjective):
    """Silicon area."""

    name, unit = "area", "um2"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Total area [um2]."""
        return evaluation.cost.area


@register
class Power(AbstractObjective):
    """Mean power while running."""

    name, unit = "power", "mW"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Energy over latency [mW]."""
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
class Spikes(AbstractObjective):
    """Non-zero values that neurons send in one inference; the input's and the read-out's are not counted."""

    name, unit = "spikes", "1"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Rate times neurons times timesteps of all layers but the last."""
        work = evaluation.workload
        return jnp.sum((work.output_rate * work.static("neurons_out") * work.timesteps)[:-1])
