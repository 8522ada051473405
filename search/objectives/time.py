"""What early answers are worth: the loss of every step's answer, and the steps that are really taken."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.evaluation.evaluate import Evaluation
from search.objectives.base import AbstractObjective, register


@register
class StepLoss(AbstractObjective):
    """Mean over the steps of each step's cross-entropy (TET, Deng et al. 2022): answers that are right early."""

    # worst: ln 10, the loss of guessing among ten classes
    name, unit, logarithmic, answers, worst = "tet", "nat", False, True, 2.3

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Mean cross-entropy [nat]."""
        return evaluation.loss if evaluation.step_loss is None else evaluation.step_loss


@register
class Timesteps(AbstractObjective):
    """Steps of an inference; with an early exit, the mean over the samples."""

    name, unit = "mean_timesteps", "1"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Steps of the layer that runs longest."""
        return jnp.max(evaluation.workload.timesteps)
