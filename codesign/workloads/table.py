"""Workloads from a small table: one row per layer, in CSV or YAML.

Columns are the fields of `LayerWork` and the per-layer properties of `Workload`; `size` stands for height and width in, `kernel` for both
kernel sides, and output sizes left out follow from stride and `padding` (default "same", kernel // 2; 0 for pooling). YAML is a list of
mappings, or a mapping with `layers` and defaults for all of them under `defaults`.
"""

import csv
import dataclasses
import difflib
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from codesign.workloads.workload import SIZES, LayerWork, Workload

_SHAPE: Final = tuple(field.name for field in dataclasses.fields(LayerWork))
SHORT: Final = MappingProxyType(
    {
        "size": "`height_in` and `width_in` in one",
        "kernel": "`kernel_height` and `kernel_width` in one",
        "padding": "rows and columns added on every side, where output sizes are left out; default `kernel // 2`, 0 for pooling",
    }
)
"""Columns that stand for several fields, and what they mean."""
# without weight_magnitude, which is measured on weights
PROPERTIES: Final = (
    "input_rate",
    "output_rate",
    "timesteps",
    "spiking",
    "weight_bits",
    "activation_bits",
    "state_bits",
    "weight_density",
)
COLUMNS: Final = (*_SHAPE, *SHORT, *PROPERTIES)


# above any layer and any run: products of several still fit the floats that count them
_LARGEST: Final = 10**8
_LONGEST_TEXT: Final = 2**24


class TableError(ValueError):
    """A table that describes no workload; the message names source, line, layer and field."""


def read_workload(path: str | Path, **values: Any) -> Workload:
    """A workload from a `.csv`, `.yaml` or `.yml` file.

    Args:
        path: the file.
        values: replacements for `Workload.of`'s properties.

    Raises:
        TableError: unreadable file, or see `parse_csv` and `parse_yaml`.
    """
    path = Path(path)
    parsers = {".csv": parse_csv, ".yaml": parse_yaml, ".yml": parse_yaml}
    if path.suffix not in parsers:
        raise TableError(f"{path}: a workload table ends in {', '.join(parsers)}")
    try:
        # some spreadsheets begin their CSV with a byte order mark
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read(_LONGEST_TEXT + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: {error}") from error
    if len(text) > _LONGEST_TEXT:
        raise TableError(f"{path}: longer than {_LONGEST_TEXT} characters, which is no table of layers")
    return parsers[path.suffix](text, str(path), **values)


def parse_csv(text: str, source: str = "table", **values: Any) -> Workload:
    """A workload from CSV with a header; empty cells take the default.

    Raises:
        TableError: an unknown column, a cell that is no number, or a wrong shape; the message gives the line.
    """
    reader = csv.DictReader(io.StringIO(text))
    rows, lines = [], []
    for row in _read_rows(reader, source):
        # DictReader files surplus cells under None, and fills missing ones with None
        if None in row or None in row.values():
            raise TableError(f"{source}:{reader.line_num}: expected {len(reader.fieldnames or ())} cells, as in the header")
        rows.append({(key or "").strip(): cell.strip() for key, cell in row.items() if cell.strip()})
        lines.append(reader.line_num)
    return from_rows(rows, source, lines, **values)


def _read_rows(reader: "csv.DictReader[str]", source: str) -> Iterator[dict[str, Any]]:
    try:
        yield from reader
    except csv.Error as error:
        raise TableError(f"{source}:{reader.line_num}: is not valid CSV: {error}") from error


def parse_yaml(text: str, source: str = "table", **values: Any) -> Workload:
    """A workload from YAML 1.2.

    Raises:
        TableError: not a list of layers, an unknown field, or a wrong shape; the message gives the line.
    """
    # only YAML tables need it
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        # the round-trip loader knows the line of every mapping
        document = YAML(typ="rt", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{source}:{mark.line + 1}" if mark else source
        raise TableError(f"{where}: {getattr(error, 'problem', error)}") from error
    # what is no YAML fails in many ways inside the parser
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError) as error:
        raise TableError(f"{source}: is not valid YAML: {str(error)[:120] or type(error).__name__}") from error
    defaults: Mapping[str, Any] = {}
    if isinstance(document, Mapping):
        unknown = [key for key in document if key not in ("layers", "defaults")]
        if unknown:
            raise TableError(f"{source}: unknown key {unknown[0]!r}; expected 'layers' and 'defaults'")
        defaults, document = document.get("defaults") or {}, document.get("layers")
        if not isinstance(defaults, Mapping):
            raise TableError(f"{source}: defaults must be a mapping of fields, got {type(defaults).__name__}")
    # a text is a sequence too
    if not isinstance(document, Sequence) or isinstance(document, str) or not all(isinstance(row, Mapping) for row in document):
        raise TableError(f"{source}: expected a list of layers, each a mapping of fields")
    rows, lines = [{**defaults, **row} for row in document], [row.lc.line + 1 for row in document]
    for row, line in zip(rows, lines, strict=True):
        for name, value in row.items():
            # one that holds itself has no end
            if not isinstance(value, str | int | float):
                raise TableError(f"{source}:{line}: {str(name)[:80]} must be a name or a number, got {type(value).__name__}")
    return from_rows(rows, source, lines, **values)


def from_rows(rows: Sequence[Mapping[str, Any]], source: str = "table", lines: Sequence[int] | None = None, **values: Any) -> Workload:
    """A workload from one mapping per layer.

    Raises:
        TableError: as `parse_csv`.
    """
    if not rows:
        raise TableError(f"{source}: no layers")
    where = [f"{source}:{line}" for line in lines] if lines else [f"{source}: row {i + 1}" for i in range(len(rows))]
    layers = [_layer(row, place, i) for i, (row, place) in enumerate(zip(rows, where, strict=True))]
    # values given by the caller win over columns
    properties = dict(values)
    for name in PROPERTIES:
        if name not in values and any(name in row for row in rows):
            properties[name] = [_property(row, name, place, layer) for row, place, layer in zip(rows, where, layers, strict=True)]
    try:
        return Workload.of(layers, **properties)
    except ValueError as error:
        raise TableError(f"{source}: {error}") from error


def _layer(row: Mapping[str, Any], where: str, index: int) -> LayerWork:
    for name in row:
        if name not in COLUMNS:
            near = difflib.get_close_matches(str(name), COLUMNS, 1, 0)[0]
            raise TableError(f"{where}: unknown field {name!r} (did you mean {near!r}?)")
    label = str(row.get("name", f"layer{index + 1}"))
    for name in ("kind", "channels_in", "channels_out"):
        if name not in row:
            raise TableError(f"{where}: layer {label!r}: {name} is missing")
    shape: dict[str, Any] = {"name": label, "kind": str(row["kind"])}
    shape |= {name: _integer(row, name, where, label) for name in (*SIZES, *SHORT) if name in row}
    if "neuron" in row:
        shape["neuron"] = str(row["neuron"])
    kernel, size = shape.pop("kernel", None), shape.pop("size", None)
    for short, long in ((kernel, ("kernel_height", "kernel_width")), (size, ("height_in", "width_in"))):
        if short is not None:
            # the long names win where both are given
            shape = dict.fromkeys(long, short) | shape
    padding = shape.pop("padding", None)
    if shape["kind"] == "pool":
        # as `pool` does: each channel by itself, windows side by side
        shape = {"groups": shape["channels_in"], "stride": shape.get("kernel_height", 1), "neuron": "integrator"} | shape
    for side in ("height", "width"):
        if f"{side}_in" in shape:
            shape.setdefault(f"{side}_out", _output(shape, side, padding))
        elif f"{side}_out" in shape:
            shape[f"{side}_in"] = _input(shape, side, padding)
    try:
        return LayerWork(**shape)
    except ValueError as error:
        raise TableError(f"{where}: {error}") from error


def _output(shape: Mapping[str, Any], side: str, padding: int | None) -> int:
    return (shape[f"{side}_in"] + 2 * _padding(shape, side, padding) - shape.get(f"kernel_{side}", 1)) // _stride(shape) + 1


def _input(shape: Mapping[str, Any], side: str, padding: int | None) -> int:
    """The smallest map that gives the output."""
    reached = (shape[f"{side}_out"] - 1) * _stride(shape) + shape.get(f"kernel_{side}", 1)
    return max(reached - 2 * _padding(shape, side, padding), 1)


def _stride(shape: Mapping[str, Any]) -> int:
    # a stride of 0 is left to LayerWork, which refuses it by name
    return max(shape.get("stride", 1), 1)


def _padding(shape: Mapping[str, Any], side: str, padding: int | None) -> int:
    kernel = shape.get(f"kernel_{side}", 1)
    # a kernel over one axis, of a sequence, leaves the other as it is
    if padding is None or (kernel == 1 and max(shape.get("kernel_height", 1), shape.get("kernel_width", 1)) > 1):
        return 0 if shape["kind"] == "pool" else kernel // 2
    return padding


def _integer(row: Mapping[str, Any], name: str, where: str, label: str) -> int:
    value = _number(row, name, where, label)
    if value != int(value):
        raise TableError(f"{where}: layer {label!r}: {name} must be a whole number, got {row[name]!r}")
    return int(value)


def _property(row: Mapping[str, Any], name: str, where: str, layer: LayerWork) -> float:
    if name not in row:
        raise TableError(f"{where}: layer {layer.name!r}: {name} is missing, though other layers give it")
    value = _number(row, name, where, layer.name)
    share = name in ("input_rate", "output_rate", "spiking", "weight_density")
    # bits and steps are counts, and nothing runs for 0 steps
    if not (0 <= value <= 1 if share else value > 0):
        raise TableError(f"{where}: layer {layer.name!r}: {name} must be {'in [0, 1]' if share else 'above 0'}, got {value:g}")
    return value


def _number(row: Mapping[str, Any], name: str, where: str, label: str) -> float:
    try:
        # true in YAML would count as 1
        if isinstance(row[name], bool):
            raise ValueError
        value = float(row[name])
        if not math.isfinite(value):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise TableError(f"{where}: layer {label!r}: {name} must be a number, got {row[name]!r}") from None
    if abs(value) > _LARGEST:
        raise TableError(f"{where}: layer {label!r}: {name} must be at most {_LARGEST:g}, got {value:g}")
    return value
