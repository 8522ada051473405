"""What `codesign cost --set NAME=VALUE` means: a chip parameter, an option of the chip, or a property of the workload."""

import dataclasses
import inspect
import math
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp

from codesign.parameters.legal import LegalRange
from codesign.published.timeloop.model import Mapping as Mapping_
from codesign.published.timeloop.text import parse_all
from codesign.workloads.table import PROPERTIES
from codesign.workloads.workload import Neuron
from search.errors import UserError, nearest

# at most 1, and 0 is a value: other properties are above 0
_SHARES = ("input_rate", "output_rate", "spiking", "weight_density")


def split(settings: Sequence[str], chip_fields: Sequence[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Settings of the chip, as text, and of the workload: numbers, and the names of neurons.

    Args:
        settings: `NAME=VALUE` each.
        chip_fields: names the chip knows.

    Raises:
        UserError: not `NAME=VALUE`, a name that neither knows (with the nearest), one that is set twice, or a bad number.
    """
    chip: dict[str, str] = {}
    workload: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals or not text.strip():
            raise UserError(f"--set {setting}: expected NAME=VALUE")
        if name in chip or name in workload:
            raise UserError(f"--set {name}: given twice")
        if name in chip_fields:
            chip[name] = text.strip()
        elif name == "neuron":
            workload[name] = _neurons(text)
        elif name in PROPERTIES:
            workload[name] = numbers(name, text, upper=1 if name in _SHARES else math.inf, above_zero=name not in _SHARES)
        else:
            known = [*chip_fields, *PROPERTIES, "neuron"]
            raise UserError(f"--set {name}: no such parameter{nearest(name, known)}")
    return chip, workload


def _neurons(text: str) -> str | list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in typing.get_args(Neuron):
            raise UserError(f"--set neuron: {name!r} is unknown{nearest(name, typing.get_args(Neuron))}")
    return names[0] if len(names) == 1 else names


def numbers(name: str, text: str, *, upper: float = math.inf, above_zero: bool = True) -> float | list[float]:
    """A number, or a list of them separated by commas (one per layer).

    Raises:
        UserError: not a number, or out of range.
    """
    values = []
    for part in text.split(","):
        try:
            value = float(part)
        except ValueError:
            raise UserError(f"--set {name}: expected a number, got {part.strip()!r}") from None
        if not math.isfinite(value) or value < 0 or value > upper or (above_zero and value == 0):
            wanted = "above 0" if upper == math.inf else "between 0 and 1"
            raise UserError(f"--set {name}: must be {wanted}, got {part.strip()}")
        values.append(value)
    return values[0] if len(values) == 1 else values


def fields(chip: type) -> list[str]:
    """Names a chip can be set by."""
    return [field.name for field in dataclasses.fields(chip)]


def make(chip: type, settings: Mapping[str, str]) -> Any:
    """A chip from settings as text.

    Raises:
        UserError: a value the chip refuses.
    """
    values = {name: _value(chip, name, text) for name, text in settings.items()}
    try:
        # models of the literature have no `of`: their constructor takes the numbers
        made = getattr(chip, "of", chip)(**values)
    except (ValueError, TypeError) as error:
        raise UserError(f"--set: {error}") from None
    check(values, getattr(made, "ranges", {}))
    return made


def check(values: Mapping[str, Any], ranges: Mapping[str, LegalRange]) -> None:
    """Refuse a number that no chip has.

    Raises:
        UserError: names the parameter and its range.
    """
    for name, legal in ranges.items():
        given = values.get(name, [])
        if not isinstance(given, str) and (complaint := legal.complaint(given if isinstance(given, list) else [given])) is not None:
            raise UserError(f"--set {name}: {complaint}")


def _value(chip: type, name: str, text: str) -> Any:
    """The text as what the field holds: a choice, a truth value or numbers."""
    annotation: Any = next(field.type for field in dataclasses.fields(chip) if field.name == name)
    # what `of` takes by name the field holds in another form (columns, shares of dataflows)
    maker = getattr(chip, "of", None)
    if maker is not None and name in inspect.signature(maker).parameters:
        annotation = inspect.signature(maker).parameters[name].annotation
        # also `str | AbstractColumns`, of which only the name can be typed
        if str in typing.get_args(annotation) or annotation is str:
            return text
        raise UserError(f"--set {name}: cannot be set from the command line")
    if typing.get_origin(annotation) is typing.Literal:
        if text not in typing.get_args(annotation):
            raise UserError(f"--set {name}: {text!r} is unknown{nearest(text, list(typing.get_args(annotation)))}")
        return text
    if annotation is bool:
        if text.lower() not in ("true", "false"):
            raise UserError(f"--set {name}: expected true or false, got {text!r}")
        return text.lower() == "true"
    if annotation is str:
        return text
    if Mapping_ in typing.get_args(annotation):
        return _mappings(text)
    return numbers(name, text)


def _mappings(path: str) -> Mapping_:
    """Loop nests of layers in Timeloop's notation, one a line, as `codesign mappings` writes them."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--set mapping: {path}: {getattr(error, 'strerror', None) or 'is not text'}") from None
    texts = [line for line in lines if line.strip() and not line.startswith("#")]
    if not texts:
        raise UserError(f"--set mapping: {path} holds no mapping, one a line")
    try:
        temporal, spatial, order = parse_all(texts)
    except ValueError as error:
        raise UserError(f"--set mapping: {path}: {error}") from None
    return Mapping_(jnp.asarray(temporal, jnp.float32), jnp.asarray(spatial, jnp.float32), jnp.asarray(order))
