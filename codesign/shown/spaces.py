"""What spaces of design parameters show: name, kind and legal values of each."""

import dataclasses
from collections.abc import Mapping, Sequence

from codesign.shown.numbers import between
from codesign.shown.sheet import HEIGHT, Sheet, Table
from codesign.shown.workloads import brief

HEAD = ("parameter", "kind", "legal values", "scale", "one for", "searched")


def space_sheet(parameters: Mapping[str, object], layers: int, inert: frozenset[tuple[str, int]]) -> Sheet:
    """A space: its parameters and how many values they are.

    Args:
        parameters: of `codesign.parameters`, by name.
        layers: of the workload.
        inert: entries (name, layer) that no search moves.
    """
    rows = [_row(name, parameter, layers, sum(1 for other, _ in inert if other == name)) for name, parameter in parameters.items()]
    values = sum(layers if getattr(parameter, "per_layer", False) else 1 for parameter in parameters.values())
    title = f"Space: {len(rows)} parameters, {values} values over {layers} layers, {values - len(inert)} of them searched"
    return Sheet(title, tuple(brief(HEAD, rows, HEIGHT - 1)), (Table("", HEAD, tuple(rows)),))


def legal_values(parameter: object) -> str:
    """Options, or the ends of a range."""
    options: Sequence[object] = getattr(parameter, "options", ())
    if options:
        return ", ".join(f"{option:g}" if isinstance(option, int | float) else str(option) for option in options)
    low, high = getattr(parameter, "low", None), getattr(parameter, "high", None)
    return "off or on" if low is None or high is None else between(low, high, "", 6)


def scale(parameter: object) -> str:
    """Logarithmic or linear, and steps of a grid; nothing where there is no order to speak of."""
    if not {"low", "high"} <= {field.name for field in dataclasses.fields(parameter)}:  # type: ignore[arg-type]
        return ""
    steps = getattr(parameter, "steps", None)
    # powers of two have no choice of scale
    kind = "logarithmic" if getattr(parameter, "log", True) else "linear"
    return kind if steps is None else f"{kind}, {steps} steps"


def _row(name: str, parameter: object, layers: int, inert: int) -> tuple[str, ...]:
    per_layer = bool(getattr(parameter, "per_layer", False))
    values = layers if per_layer else 1
    return (
        name,
        type(parameter).__name__,
        legal_values(parameter),
        scale(parameter),
        "each layer" if per_layer else "all layers",
        f"{values - inert} of {values}",
    )
