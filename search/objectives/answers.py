"""How good a design's answers are: on the mean chip, on the worst of several, and for most of a production run."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.analog.device.ageing import AGES_S
from codesign.evaluation.evaluate import Evaluation
from search.objectives.base import AbstractObjective, register

CHANCE = 0.9  # error of guessing among ten classes
SIGMAS = 3.0  # 99.87 % of all chips, were their errors normal


@register
class Error(AbstractObjective):
    """Share of wrong answers; descended through the cross-entropy."""

    name, unit, logarithmic, answers, worst = "error", "1", False, True, CHANCE

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Share of wrong answers."""
        return 1 - evaluation.accuracy

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Cross-entropy with label smoothing [nat]."""
        return evaluation.smoothed_loss


@register
class Accuracy(AbstractObjective):
    """Share of right answers, maximised; descended through the cross-entropy."""

    name, unit, direction, logarithmic, answers = "accuracy", "1", "maximise", False, True

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Share of right answers."""
        return evaluation.accuracy

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Cross-entropy with label smoothing [nat], which is minimised."""
        return evaluation.smoothed_loss


@register
class Loss(AbstractObjective):
    """Mean cross-entropy."""

    # worst: ln 10, the loss of guessing among ten classes
    name, unit, logarithmic, answers, worst = "loss", "nat", False, True, 2.3

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Mean cross-entropy [nat]."""
        return evaluation.loss


@register
class WorstChipError(AbstractObjective):
    """Robustness: error of the worst of several simulated chips (4 while searching, all of them when measured)."""

    name, unit, logarithmic, answers, worst, chips = "worst_chip_error", "1", False, True, CHANCE, 4

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Largest share of wrong answers."""
        return 1 - jnp.min(_accuracies(evaluation))

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Cross-entropy of the worst chip [nat]."""
        return jnp.max(_losses(evaluation))


@register
class YieldError(AbstractObjective):
    """Robustness: mean error of several simulated chips plus three standard deviations."""

    name, unit, logarithmic, answers, worst, chips = "error_3_sigma", "1", False, True, CHANCE, 4

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Mean plus three standard deviations of the share of wrong answers."""
        return _upper(1 - _accuracies(evaluation))

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """The same of the cross-entropy [nat]."""
        return _upper(_losses(evaluation))


@register
class AgedError(AbstractObjective):
    """Lifetime: error a month after programming, drift compensated by one factor per layer, read noise included."""

    name, unit, logarithmic, answers, worst, age_s = "aged_error", "1", False, True, CHANCE, AGES_S["month"]

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Share of wrong answers then; now, where no later time was measured."""
        return 1 - (evaluation.accuracy if evaluation.aged_accuracy is None else evaluation.aged_accuracy)

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Cross-entropy then [nat]."""
        # not smoothed: evaluations hold no smoothed loss of a later time
        return evaluation.loss if evaluation.aged_loss is None else evaluation.aged_loss


def _upper(values: Float[Array, " chips"]) -> Float[Array, ""]:
    variance = jnp.var(values)
    some = variance > 1e-12  # the root has no gradient at 0
    return jnp.mean(values) + SIGMAS * jnp.where(some, jnp.sqrt(jnp.where(some, variance, 1)), 0)


def _losses(evaluation: Evaluation) -> Float[Array, " chips"]:
    return evaluation.loss[None] if evaluation.chip_loss is None else evaluation.chip_loss


def _accuracies(evaluation: Evaluation) -> Float[Array, " chips"]:
    return evaluation.accuracy[None] if evaluation.chip_accuracy is None else evaluation.chip_accuracy
