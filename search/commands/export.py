"""Designs of a finished study as files for other tools: NIR graphs, and integer networks for digital chips."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jax
import numpy as np
from flax import nnx

from codesign.analog.arrays.array import DigitalArray
from codesign.evaluation.arithmetic import arrays_of
from codesign.evaluation.evaluate import Design, assigned
from codesign.network.integer.to_fixed_point import to_fixed_point
from codesign.network.integer.to_integer import to_integer
from codesign.network.network import SpikingNetwork
from codesign.network.settled import settled
from codesign.nir import run as nir
from codesign.nir.design import layers_of
from search.errors import UserError
from search.problem.problem import Problem
from search.results.studies.study import load
from search.study.store.tables import reading

Write = Callable[[Path, SpikingNetwork, Design, Problem], None]


def export(folder: Path, design: str | None, kind: str) -> list[Path]:
    """Files of one design, or of all on the front, in `FOLDER/KIND`.

    Args:
        folder: a result folder.
        design: name of a design; None for the front.
        kind: one of `FORMATS`.

    Raises:
        UserError: no finished study there, no such design, or designs that cannot be written (those that can are).
    """
    study = load(folder)
    with reading(folder) as tables:
        # designs of several units share their names, and have a network of each unit
        if (holds := tables.get("kind")) != "run":
            raise UserError(f"{folder} holds a {holds}: {kind} files are written of a study of one unit; run it with `codesign run`")
    if study.designs.empty:
        raise UserError(f"{folder} holds no finished study (a folder that `codesign run` has written)")
    suffix, write = FORMATS[kind]
    designs = [study.design(design)] if design is not None else [study.design(row) for _, row in study.front.iterrows()]
    (folder / kind).mkdir(exist_ok=True)
    written, failed = [], []
    for measured in designs:
        path = folder / kind / f"{measured.name}.{suffix}"
        placed, problem = measured.design, measured.problem
        try:
            network, operation = settled(nnx.merge(problem.graph, placed.network), placed.operation)
            write(path, network, dataclasses.replace(placed, operation=operation), problem)
            written.append(path)
        except (ValueError, TypeError) as error:  # NirError among them
            failed.append(f"{measured.name}: {error}")
    # at the end: a design that cannot be written keeps none of the others from it
    if failed:
        raise UserError("\n".join([*(f"{path}: written" for path in written), *failed]))
    return written


def hardware_point(hardware: Any, layers: int, index: int | None = None) -> dict[str, float | str]:
    """A chip's parameters, choices by name; those of one layer where there is one for each, else those of the whole chip only."""
    point: dict[str, float | str] = {}
    for field in dataclasses.fields(hardware):
        value, options = getattr(hardware, field.name), hardware.choices.get(field.name)
        if options is not None:
            # shares of options: [options], or [layers, options] where every layer chooses
            if (value.ndim == 2) == (index is not None):
                point[field.name] = options[int(np.argmax(value if index is None else value[index]))]
        elif isinstance(value, jax.Array) and value.ndim == 0 and index is None:
            point[field.name] = float(value)
        elif isinstance(value, jax.Array) and value.shape == (layers,) and index is not None:
            point[field.name] = float(value[index])
    return point


def _write_nir(path: Path, network: SpikingNetwork, design: Design, problem: Problem) -> None:
    geometries, operation = network.geometries, design.operation
    points = {layer.name: hardware_point(design.hardware, len(geometries), i) for i, layer in enumerate(geometries)}
    whole: dict[str, float | str] = {"kind": type(design.hardware).__name__, **hardware_point(design.hardware, len(geometries))}
    layers = layers_of(network, operation, {name: point for name, point in points.items() if point})
    events = problem.dataset.kind == "events"
    # without time: a graph describes one step
    shape = problem.dataset.sample_shape[1:] if events else problem.dataset.sample_shape
    flat = layers[0].work.kind != "conv" and len(shape) != 3
    encoding = type(network.encoding).__name__.lower()
    nir.write(
        path, layers, (int(np.prod(shape)),) if flat else shape, timesteps=int(operation.timesteps), hardware=whole, encoding=encoding
    )


def _write_integer(path: Path, network: SpikingNetwork, design: Design, problem: Problem) -> None:
    # asked of the arithmetic, not of the kind of chip: a hybrid may be all digital
    arrays = arrays_of(assigned(problem.graph, design), problem.technology, design.operation, True, problem.granularity, None)
    analog = next((array for array in arrays if not isinstance(array, DigitalArray)), None)
    if analog is not None:
        raise TypeError(
            f"{type(design.hardware).__name__} computes with analog currents ({type(analog).__name__}), which have no bit-true form"
        )
    # all rounding happens in fixed point; the integers are only read off it
    integer = to_integer(to_fixed_point(network, design.operation), design.operation)
    with open(path, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **integer.arrays())


FORMATS: Final[dict[str, tuple[str, Write]]] = {"nir": ("nir", _write_nir), "integer": ("npz", _write_integer)}
