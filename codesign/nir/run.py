"""Networks in and out in the Neuromorphic Intermediate Representation (NIR).

`read` a graph, `simulate` it, turn it `to_workload`; `write` a chain of layers with its precision and hardware point in the nodes'
metadata. Needs the package `nir`: install codesign[nir].

Source: J. Pedersen et al., "Neuromorphic intermediate representation", Nature Communications 15, 2024.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.data.reading.hdf5 import complaint
from codesign.nir.graph import Activity, Graph, NirError, run
from codesign.nir.nodes import AbstractNode, Delay, Integrator, Neuron
from codesign.nir.reader import SUPPORTED, from_nir, package, unsupported
from codesign.nir.workload import to_workload
from codesign.nir.writer import Layer, to_nir, write

__all__ = ["Activity", "Graph", "Layer", "NirError", "from_nir", "read", "record", "simulate", "to_nir", "to_workload", "write"]


def read(path: Path | str) -> Graph:
    """A graph from a `.nir` file.

    Raises:
        ImportError: the package `nir` is not installed.
        NirError: an unreadable file, or a node that is not supported; names file and node.
    """
    nir = package()
    _check_file(Path(path))
    try:
        # the package's check takes grouped convolutions for wrong and may add inputs; `layout` checks shapes here
        document = nir.read(path, type_check=False)
    except Exception as error:  # the package asserts on what it does not know
        raise NirError(f"{path}: {_why_unreadable(Path(path), error)}") from error
    try:
        return from_nir(document)
    except NirError as error:
        raise NirError(f"{path}: {error}") from error
    except Exception as error:  # fields of a wrong type or shape
        raise NirError(f"{path}: not a valid NIR graph ({error!r})") from error


def _check_file(path: Path) -> None:
    """Refuse a file that reads others, or unpacks to more than it can hold; what is no HDF5 is told when it is read."""
    import h5py

    try:
        with h5py.File(path) as file:
            why = complaint(file)
    # no HDF5, or a damaged one, which makes h5py raise anything: reading it says so
    except Exception:
        return
    if why is not None:
        raise NirError(f"{path}: {why}")


def _why_unreadable(path: Path, error: Exception) -> str:
    # comes with the package nir, and is as optional
    import h5py

    if not path.is_file():
        return "no such file"
    kinds: dict[str, str] = {}

    def note(name: str, item: Any) -> None:
        if name.endswith("/type"):
            # subgraphs lie in node/nodes/a/nodes/b; named as `from_nir` does
            kinds[name.removeprefix("node/nodes/").removesuffix("/type").replace("/nodes/", ".")] = item[()].decode()

    try:
        with h5py.File(path) as file:
            file.visititems(note)
    except Exception:  # as a corrupt file makes h5py raise anything
        return f"not a readable HDF5 file ({error})"
    unknown = [f"{name!r} ({kind})" for name, kind in kinds.items() if kind not in SUPPORTED]
    return unsupported(", ".join(unknown)) if unknown else f"not a valid NIR graph ({error!r})"


def _time_step(graph: Graph, dt: float | None) -> float:
    """The step asked for, else the one in the graph's metadata, else 1 where no node has a time constant."""
    chosen = graph.metadata_of().get("dt") if dt is None else dt
    if chosen is None:
        timed = [name for name, node in graph.nodes.items() if _has_time(node)]
        if timed:
            raise NirError(f"give dt: node {timed[0]!r} has a time constant, and the graph's metadata has no dt")
        return 1.0
    if not (math.isfinite(chosen) and chosen > 0):
        raise NirError(f"dt must be above 0, got {chosen}")
    return float(chosen)


def _has_time(node: AbstractNode) -> bool:
    return isinstance(node, Delay) or (isinstance(node, Neuron) and node.membrane.tau is not None)


def _named(graph: Graph, inputs: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, Array]:
    given = dict(inputs) if isinstance(inputs, Mapping) else {graph.inputs[0][0]: inputs}
    expected = dict(graph.inputs)
    if set(given) != set(expected):
        raise NirError(f"the graph has the inputs {', '.join(expected)}; given: {', '.join(given)}")
    # inputs take the precision of the graph's parameters
    leaves = jax.tree.leaves(eqx.filter(graph.nodes, eqx.is_inexact_array))
    dtype = leaves[0].dtype if leaves else jnp.float32
    arrays = {name: jnp.asarray(value, dtype) for name, value in given.items()}
    for name, value in arrays.items():
        if value.ndim < 1 or value.shape[1:] != expected[name]:
            raise NirError(f"input {name!r} needs shape [T, {', '.join(map(str, expected[name]))}], got {list(value.shape)}")
    if len({len(value) for value in arrays.values()}) > 1:
        raise NirError("inputs must have the same number of steps")
    return arrays


# dt stays a Python number, and so static: while tracing, delays become whole steps
@eqx.filter_jit
def _run(graph: Graph, inputs: dict[str, Array], dt: float, integrator: Integrator) -> Activity:
    return run(graph, inputs, dt, integrator)


# apart from `_run`, so that nothing but outputs is kept over time
@eqx.filter_jit
def _outputs(graph: Graph, inputs: dict[str, Array], dt: float, integrator: Integrator) -> dict[str, Array]:
    values = run(graph, inputs, dt, integrator).values
    return {name: values[name] for name in graph.outputs}


def _known(integrator: Integrator) -> Integrator:
    if integrator not in get_args(Integrator):
        raise NirError(f"integrator {integrator!r} is unknown; use one of {', '.join(get_args(Integrator))}")
    return integrator


def record(
    graph: Graph, inputs: ArrayLike | Mapping[str, ArrayLike], dt: float | None = None, integrator: Integrator = "euler"
) -> Activity:
    """Outputs of all nodes and potentials of all neurons; arguments and errors as for `simulate`."""
    return _run(graph, _named(graph, inputs), _time_step(graph, dt), _known(integrator))


def simulate(
    graph: Graph, inputs: ArrayLike | Mapping[str, ArrayLike], dt: float | None = None, integrator: Integrator = "euler"
) -> Array | dict[str, Array]:
    """Run a graph in discrete time. Map it over samples with `jax.vmap`.

    A loop's spikes arrive one step later; all else arrives in the same step.

    Args:
        graph: from `read` or `from_nir`.
        inputs: `[T, *sample shape]`, or one such array for each input by name.
        dt: time step in the unit of the graph's time constants (seconds, as a rule). None takes `dt` of the graph's metadata, or 1
            where no node has a time constant (graphs whose IF neurons count steps).
        integrator: "euler", as in most simulators; "exponential", exact for inputs that are constant over a step; or "exact", which
            also resets a neuron at the moment it reaches its threshold and not at the end of the step.

    Returns:
        `[T, *shape]`, or one array for each output by name where there are several.

    Raises:
        NirError: inputs of a wrong shape, no dt, or a node whose inputs do not fit it; names the node.
    """
    outputs = _outputs(graph, _named(graph, inputs), _time_step(graph, dt), _known(integrator))
    return outputs[graph.outputs[0]] if len(outputs) == 1 else outputs
