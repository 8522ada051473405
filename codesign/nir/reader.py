"""From `nir` objects to an executable graph."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from codesign.nir.graph import Edge, Graph, NirError
from codesign.nir.nodes import AbstractNode, Convolution, Delay, Dense, Firing, Flatten, Identity, Membrane, Neuron, Pool, Scale, Threshold


def package() -> Any:
    """The `nir` package, imported only when it is needed.

    Raises:
        ImportError: it is not installed.
    """
    try:
        import nir
    except ImportError as error:
        raise ImportError("reading and writing NIR needs the package nir: install codesign[nir]") from error
    return nir


_LARGEST: Final = 2**30  # numbers of a sample


class Source(NamedTuple):
    """A `nir` node on its way in; `array` gives a field as a checked array."""

    name: str
    node: Any
    array: Callable[[str], Array]
    metadata: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Name of the node's class."""
        return type(self.node).__name__


def unsupported(nodes: str) -> str:
    """The message for nodes that cannot be imported."""
    return f"node {nodes} is not supported; supported are {', '.join(SUPPORTED)}"


def from_nir(document: Any, dtype: Any = jnp.float32) -> Graph:
    """A graph from a `nir.NIRGraph`; its subgraphs are flattened, with names joined by a dot.

    Raises:
        NirError: a node that is not supported, or edges that make no graph; names the node.
    """
    flat: dict[str, Any] = {}
    edges: list[Edge] = []
    metadata = {"": _plain(document.metadata)}
    inputs, outputs = _flatten(document, "", flat, edges)
    # the ends of subgraphs; listed first, since nodes are removed on the way
    for name in [name for name, node in flat.items() if type(node).__name__ in ("Input", "Output")]:
        if name not in (*inputs, *outputs):
            edges = _spliced(edges, name)
            del flat[name]
    nodes = {}
    for name, node in flat.items():
        metadata[name] = _plain(node.metadata)
        nodes[name] = _convert(name, node, dtype, metadata[name])
    shapes = {name: _shape(name, flat[name]) for name in inputs}
    return Graph.of(nodes, edges, shapes, outputs, metadata)


def _flatten(document: Any, prefix: str, nodes: dict[str, Any], edges: list[Edge]) -> tuple[list[str], list[str]]:
    """Collect nodes and edges of a graph and its subgraphs; returns the names of its inputs and outputs."""
    ends: dict[str, tuple[list[str], list[str]]] = {}
    inputs, outputs = [], []
    for key, node in document.nodes.items():
        name, kind = f"{prefix}{key}", type(node).__name__
        if kind == "NIRGraph":
            ends[key] = _flatten(node, f"{name}.", nodes, edges)
            continue
        nodes[name] = node
        ends[key] = [name], [name]
        if kind == "Input":
            inputs.append(name)
        elif kind == "Output":
            outputs.append(name)
    for source, target in document.edges:
        for key in (source, target):
            if key not in ends:
                raise NirError(f"edge {source!r} -> {target!r}: there is no node {prefix}{key!r}")
        # an edge of a subgraph is one of each of its outputs to each of the next one's inputs
        edges += [(a, b) for a in ends[source][1] for b in ends[target][0]]
    return inputs, outputs


def _spliced(edges: list[Edge], name: str) -> list[Edge]:
    """Edges past a subgraph's end, which only passes values on."""
    before = [source for source, target in edges if target == name]
    after = [target for source, target in edges if source == name]
    return [edge for edge in edges if name not in edge] + [(source, target) for source in before for target in after]


def _shape(name: str, node: Any) -> tuple[int, ...]:
    sizes = np.atleast_1d(node.input_type["input"])
    # a sample of an input, which a caller is to make
    if sizes.dtype.kind not in "iuf" or not ((sizes >= 1) & (sizes == np.floor(sizes))).all() or np.prod(sizes, dtype=float) > _LARGEST:
        raise NirError(f"node {name!r} (Input): {sizes.tolist()} is no shape of a sample")
    return tuple(int(size) for size in sizes)


def _plain(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata as plain, hashable Python values; groups become "group.key"."""
    out: dict[str, Any] = {}
    for key, value in dict(metadata or {}).items():
        if isinstance(value, Mapping):
            out |= {f"{key}.{inner}": each for inner, each in _plain(value).items()}
        elif isinstance(value, np.ndarray):
            out[key] = tuple(value.ravel().tolist()) if value.ndim else value.item()
        elif isinstance(value, bytes):
            out[key] = value.decode()
        else:
            out[key] = value.item() if isinstance(value, np.generic) else value
    return out


def _convert(name: str, node: Any, dtype: Any, metadata: Mapping[str, Any]) -> AbstractNode:
    # by the name of the class itself: a subclass may compute something else
    kind = type(node).__name__
    if kind not in _CONVERTERS:
        raise NirError(unsupported(f"{name!r} ({kind})"))

    def array(field: str) -> Array:
        value = np.asarray(getattr(node, field))
        if value.dtype.kind not in "fiub":
            raise NirError(f"node {name!r} ({kind}): {field} must be real numbers, got {value.dtype}")
        # no potential of NaN exceeds a threshold: neurons would just stay silent; what float32 cannot hold becomes infinite
        if not (np.abs(value.astype(np.float64)) <= np.finfo(np.dtype(dtype)).max).all():
            raise NirError(f"node {name!r} ({kind}): {field} is not finite in {np.dtype(dtype).name}")
        return jnp.asarray(value, dtype)

    return _CONVERTERS[kind](Source(name, node, array, metadata))


def _pair(value: Any, axes: int) -> tuple[int, ...]:
    # NIR also takes one number for all axes
    return tuple(int(each) for each in np.broadcast_to(np.asarray(value), axes))


def _dense(source: Source) -> Dense:
    return Dense(source.array("weight"), source.array("bias") if source.kind == "Affine" else None)


def _pool(source: Source) -> Pool:
    kernel, stride, padding = (_pair(getattr(source.node, field), 2) for field in ("kernel_size", "stride", "padding"))
    return Pool(kernel, stride, padding, 1.0 if source.kind == "SumPool2d" else 1 / math.prod(kernel))


def _delay(source: Source) -> Delay:
    delays = np.asarray(source.node.delay, float)
    if not (np.isfinite(delays) & (delays >= 0)).all():
        raise NirError(f"node {source.name!r} (Delay): delays must be at least 0")
    # a static field has to hash: flat, with the shape beside it
    return Delay(tuple(delays.ravel().tolist()), delays.shape)


def _convolution(source: Source) -> Convolution:
    node, weight = source.node, source.array("weight")
    axes = weight.ndim - 2
    stride, dilation = _pair(node.stride, axes), _pair(node.dilation, axes)
    reach = [spread * (size - 1) for spread, size in zip(dilation, weight.shape[2:], strict=True)]
    padding: tuple[tuple[int, int], ...]
    if isinstance(node.padding, str):
        if node.padding not in ("same", "valid"):
            raise NirError(f"node {source.name!r}: padding {node.padding!r} is unknown; use 'same', 'valid' or numbers")
        # the odd one after, as PyTorch pads
        padding = tuple((extra // 2, extra - extra // 2) if node.padding == "same" else (0, 0) for extra in reach)
    else:
        padding = tuple((each, each) for each in _pair(node.padding, axes))
    # the format allows none
    bias = None if getattr(node, "bias", None) is None else source.array("bias")
    return Convolution(weight, bias, stride, padding, dilation, int(node.groups))


def _neuron(source: Source) -> Neuron:
    kind, array = source.kind, source.array
    # NIR itself knows no reset mode, and resets to v_reset
    reset = source.metadata.get("reset", "hard")
    if reset not in ("hard", "soft"):
        raise NirError(f"node {source.name!r}: metadata reset is {reset!r}; use 'hard' or 'soft'")
    # names tell what a neuron has: L a leak, F a threshold, Cuba a synapse
    leaky, fires, synapse = kind not in ("I", "IF"), kind.endswith("IF"), kind.startswith("Cuba")
    tau = array("tau_mem" if synapse else "tau") if leaky else None
    synapse_tau = array("tau_syn") if synapse else None
    for each in (tau, synapse_tau):
        if each is not None and not (np.asarray(each) > 0).all():
            raise NirError(f"node {source.name!r} ({kind}): time constants must be above 0")
    membrane = Membrane(array("r"), tau, array("v_leak") if leaky else None)
    firing = Firing(array("v_threshold"), array("v_reset"), reset == "soft") if fires else None
    return Neuron(membrane, firing, synapse_tau, array("w_in") if synapse else None)


_CONVERTERS: Final[dict[str, Callable[[Source], AbstractNode]]] = {
    "Input": lambda source: Identity(),
    "Output": lambda source: Identity(),
    "Affine": _dense,
    "Linear": _dense,
    "Scale": lambda source: Scale(source.array("scale")),
    "Conv1d": _convolution,
    "Conv2d": _convolution,
    "SumPool2d": _pool,
    "AvgPool2d": _pool,
    "Flatten": lambda source: Flatten(int(source.node.start_dim), int(source.node.end_dim)),
    "Threshold": lambda source: Threshold(source.array("threshold")),
    "Delay": _delay,
    **dict.fromkeys(("I", "IF", "LI", "LIF", "CubaLI", "CubaLIF"), _neuron),
}

SUPPORTED: Final = tuple(sorted((*_CONVERTERS, "NIRGraph")))
"""Kinds of node that can be imported."""
