"""What workloads and networks show: the layers' shapes and sizes, and how they run."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from codesign.shown.numbers import concrete, count, number, shape, unit_of
from codesign.shown.sheet import HEIGHT, Sheet, Table, aligned, clipped, grid

HEAD: Final = ("layer", "kind", "inputs", "outputs", "kernel", "weights", "MACs", "neuron")
WIDEST: Final = 18  # of a cell in a terminal


def workload_sheet(layers: Sequence[Any], properties: Mapping[str, object]) -> Sheet:
    """A workload: its size, how it runs, and its layers.

    Args:
        layers: `codesign.workloads.LayerWork`.
        properties: values `[..., layers]`, by name.
    """
    title = f"Workload: {sizes(layers)}"
    facts = grid([f"{name} {number(value, unit_of(name))}" for name, value in properties.items()])
    rows = [_row(layer) for layer in layers]
    # one line for the title, one for the head of the table
    lines = (*facts, *brief(HEAD, rows, HEIGHT - 1 - len(facts)))
    return Sheet(title, lines, _tables(layers, rows, properties))


def network_sheet(layers: Sequence[Any], learned: int, facts: Mapping[str, object]) -> Sheet:
    """A network: its size, what is around its layers, and the layers.

    Args:
        layers: `codesign.workloads.LayerWork`.
        learned: numbers that training moves.
        facts: what else there is to tell, by name.
    """
    told = [("learned numbers", count(learned)), *((name, number(value)) for name, value in facts.items())]
    neurons = sum(layer.neurons_out for layer in layers if layer.neuron not in ("integrator", "leaky_integrator"))
    title = f"SpikingNetwork: {sizes(layers)}, {count(neurons)} neurons"
    lines = grid([f"{name} {value}" for name, value in told])
    rows = [_row(layer) for layer in layers]
    return Sheet(
        title, (*lines, *brief(HEAD, rows, HEIGHT - 1 - len(lines))), (Table("", (), tuple(told)), Table("layers", HEAD, tuple(rows)))
    )


def sizes(layers: Sequence[Any]) -> str:
    """Numbers of layers, weights and multiply-accumulates."""
    weights, macs = sum(layer.weights for layer in layers), sum(layer.macs for layer in layers)
    return f"{len(layers)} layers, {count(weights)} weights, {count(macs)} MACs per step"


def brief(head: Sequence[str], rows: Sequence[Sequence[str]], height: int) -> list[str]:
    """A table in as many lines, the last of which says how much is left out."""
    few = rows if len(rows) < height else rows[: max(height - 2, 0)]
    lines = aligned(head, [[clipped(cell, WIDEST) for cell in row] for row in few])
    return lines if len(few) == len(rows) else [*lines, f"… {len(rows) - len(few)} more"]


def _row(layer: Any) -> tuple[str, ...]:
    inputs, outputs = (layer.channels_in, layer.height_in, layer.width_in), (layer.channels_out, layer.height_out, layer.width_out)
    return (
        layer.name,
        layer.kind,
        shape(_trimmed(inputs)),
        shape(_trimmed(outputs)),
        f"{layer.kernel_height} x {layer.kernel_width}" if layer.kind in ("conv", "pool") else "",
        count(layer.weights),
        count(layer.macs),
        layer.neuron,
    )


def _trimmed(sizes: tuple[int, ...]) -> tuple[int, ...]:
    # dense layers are maps of one pixel
    return sizes if sizes[1:] != (1, 1) else sizes[:1]


def _tables(layers: Sequence[Any], rows: Sequence[tuple[str, ...]], properties: Mapping[str, object]) -> tuple[Table, Table]:
    """What is the same for all layers or has no entry for each, and the layers with what is not."""
    arrays = {name: concrete(value) for name, value in properties.items()}
    varied = {name: array for name, array in arrays.items() if array is not None and array.shape == (len(layers),) and np.ptp(array) > 0}
    same = tuple((name, number(value, unit_of(name))) for name, value in properties.items() if name not in varied)
    head = (*HEAD, *(f"{name} [{unit_of(name)}]" if unit_of(name) else name for name in varied))
    values = ([f"{array[i]:.4g}" for array in varied.values()] for i in range(len(layers)))
    return Table("", (), same), Table("layers", head, tuple((*row, *more) for row, more in zip(rows, values, strict=True)))
