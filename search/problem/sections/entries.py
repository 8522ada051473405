"""Entries under `parameters`: the kinds of parameter that a search may move, and what each needs to be told."""

from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from search.problem.sections.strict import Strict

_PER_LAYER: Final = "One value for each layer, instead of one for the whole chip."
_LOG: Final = "Even steps in the logarithm."


class Bounded(Strict):
    """An entry; refused with the parameter's own complaint when its bounds are not legal."""

    @model_validator(mode="after")
    def _legal(self) -> "Bounded":
        make_parameter(self)
        return self


class ContinuousConfig(Bounded):
    """A real number from low to high, hardened to a grid."""

    kind: Literal["continuous"]
    low: float = Field(description="Smallest value.")
    high: float = Field(description="Largest value.")
    log: bool = Field(False, description=_LOG)
    per_layer: bool = Field(False, description=_PER_LAYER)
    steps: int = Field(32, ge=1, le=100_000, description="Intervals of the grid that values are hardened to.")


class IntegerConfig(Bounded):
    """A whole number from low to high."""

    kind: Literal["integer"]
    low: int = Field(description="Smallest value.")
    high: int = Field(description="Largest value.")
    log: bool = Field(False, description=_LOG)
    per_layer: bool = Field(False, description=_PER_LAYER)


class PowerOfTwoConfig(Bounded):
    """A power of two from low to high."""

    kind: Literal["power_of_two"]
    low: int = Field(description="Smallest value, a power of two.")
    high: int = Field(description="Largest value, a power of two.")
    per_layer: bool = Field(False, description=_PER_LAYER)


class ChoiceConfig(Bounded):
    """One of several numbers in rising order."""

    kind: Literal["choice"]
    options: list[float] = Field(description="The numbers, rising.")
    per_layer: bool = Field(False, description=_PER_LAYER)


class GateConfig(Bounded):
    """A switch: 1 where a layer spikes, 0 where it does not."""

    kind: Literal["gate"]
    per_layer: bool = Field(True, description="One switch for each layer, instead of one for the whole network.")


class CategoricalConfig(Bounded):
    """One of several names without an order; the options of `assignment` are the engines of a hybrid chip."""

    kind: Literal["categorical"]
    options: list[str] = Field(description="The names.")
    per_layer: bool = Field(False, description=_PER_LAYER)


# by name: the classes themselves would import JAX
PARAMETERS: Final[dict[type[Strict], str]] = {
    ContinuousConfig: "Continuous",
    IntegerConfig: "Integer",
    PowerOfTwoConfig: "PowerOfTwo",
    ChoiceConfig: "Choice",
    GateConfig: "Gate",
    CategoricalConfig: "Categorical",
}

# told apart by kind, so that a mistake is complained of once and not for each of the six
ParameterConfig = Annotated[
    ContinuousConfig | IntegerConfig | PowerOfTwoConfig | ChoiceConfig | GateConfig | CategoricalConfig, Field(discriminator="kind")
]


def make_parameter(config: Strict) -> Any:
    """The parameter a config entry describes.

    Raises:
        ValueError: bounds that are reversed or not legal.
    """
    # as chips hold their options, which these are compared with
    values = ((name, tuple(value) if isinstance(value, list) else value) for name, value in config if name != "kind")
    return _made(PARAMETERS[type(config)], tuple(values))


@lru_cache(maxsize=4096)
def _made(kind: str, values: tuple[tuple[str, Any], ...]) -> Any:
    """The same for all cells of a sweep that have it: parameters do not change."""
    from codesign.parameters import space as kinds  # imports JAX when asked: not for a file that is missing or is no YAML

    return getattr(kinds, kind)(**dict(values))
