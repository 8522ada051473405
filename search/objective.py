"""Objectives: what a search minimises. Adding one takes ten lines.

@register
class SpikesPerAnswer(AbstractObjective):
    name, unit = "spikes", "1"

    def __call__(self, evaluation):
        return (evaluation.workload.output_rate * evaluation.workload.static("neurons_out")).sum()
"""

import abc
import importlib
from importlib.metadata import entry_points
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.evaluate import Evaluation
from codesign.numerics import safe_log
from search.errors import UserError, nearest


class AbstractObjective(abc.ABC):
    """A quality of a design, to be minimised.

    Attributes:
        name: as in configs and result columns.
        unit: canonical unit of the value.
        differentiable: whether `relaxed` has a useful gradient.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    direction: ClassVar[str] = "minimise"
    differentiable: ClassVar[bool] = True

    @property
    def column(self) -> str:
        """Column of result tables: the name with its unit, such as `energy_pj`."""
        return self.name if self.unit in ("1", "nat") else f"{self.name}_{self.unit.lower().replace('*', '_')}"

    @abc.abstractmethod
    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """The value that is reported, in `unit`."""

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """The smooth, dimensionless form a gradient search descends: by default the logarithm, so that factors count."""
        return safe_log(self(evaluation))


REGISTRY: dict[str, type[AbstractObjective]] = {}


def register(objective: type[AbstractObjective]) -> type[AbstractObjective]:
    """Class decorator that makes an objective known by its name."""
    REGISTRY[objective.name] = objective
    return objective


@register
class Error(AbstractObjective):
    """Share of wrong answers; descended through the cross-entropy."""

    name, unit = "error", "1"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Share of wrong answers."""
        return 1 - evaluation.accuracy

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Cross-entropy with label smoothing [nat]."""
        return evaluation.smoothed_loss


@register
class Loss(AbstractObjective):
    """Mean cross-entropy."""

    name, unit = "loss", "nat"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Mean cross-entropy [nat]."""
        return evaluation.loss

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """The same."""
        return evaluation.loss


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
class EnergyPerCorrectAnswer(AbstractObjective):
    """Energy spent for one correct answer: wrong ones cost and give nothing."""

    name, unit = "energy_per_correct", "pJ"

    def __call__(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Energy over accuracy [pJ]."""
        return evaluation.cost.energy / jnp.maximum(evaluation.accuracy, 1e-3)

    def relaxed(self, evaluation: Evaluation) -> Float[Array, ""]:
        """Log energy plus cross-entropy: the log of the energy over the likelihood of the right answer."""
        return safe_log(evaluation.cost.energy) + evaluation.loss


def available() -> list[str]:
    """Names of all registered objectives, those of installed packages included."""
    return sorted({*REGISTRY, *(point.name for point in entry_points(group="codesign.objectives"))})


def find(name: str) -> AbstractObjective:
    """An objective by registered name, entry point, or import path `package.module:Class`.

    Raises:
        UserError: unknown; the message gives the nearest name.
    """
    if name in REGISTRY:
        return REGISTRY[name]()
    for point in entry_points(group="codesign.objectives"):
        if point.name == name:
            return point.load()()
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)()
        except (ImportError, AttributeError) as error:
            raise UserError(f"objective {name!r} cannot be imported: {error}") from error
    raise UserError(f"unknown objective {name!r}{nearest(name, available())}")
