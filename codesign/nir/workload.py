"""From an imported NIR graph to the workload that hardware prices."""

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from codesign.nir.graph import Activity, Graph, NirError, layout
from codesign.nir.nodes import Convolution, Dense, Flatten, Identity, Neuron, Pool, Step, fires
from codesign.workloads.workload import LayerWork, Workload
from codesign.workloads.workload import Neuron as NeuronName


class _Layer(NamedTuple):
    """A layer, the nodes whose values it reads and writes, and its precision."""

    work: LayerWork
    reads: tuple[str, ...]
    writes: str
    weights: tuple[Array, ...]
    precision: dict[str, float]


def to_workload(
    graph: Graph,
    activity: Activity | None = None,
    *,
    timesteps: float | None = None,
    rate: float = 0.1,
    weight_bits: float | None = None,
    activation_bits: float | None = None,
    state_bits: float | None = None,
) -> Workload:
    """The workload of one inference with a graph: its weighted and pooling layers, in the order of execution.

    A dense product from a layer's spikes back to its neurons makes the layer that feeds them "recurrent". What is not given is taken
    from the graph's metadata (`write` puts it there), else it is assumed: 4 timesteps, 8 bits for weights and numbers, 16 for states.

    Args:
        graph: the graph.
        activity: from `record`, or from `jax.vmap` over it: measured rates.
        timesteps: steps of an inference.
        rate: non-zero share of every layer's inputs and outputs where there is no activity.
        weight_bits: precision of weights.
        activation_bits: precision of layer inputs; else spikes have 1 bit, and sums of spikes the bits of the largest sum.
        state_bits: precision of membrane potentials.

    Raises:
        NirError: no layers with weights, or strides that differ between axes; names the node.
    """
    steps = graph.metadata_of().get("timesteps", 4) if timesteps is None else timesteps
    layers = _layers(graph, {"weight_bits": weight_bits, "activation_bits": activation_bits, "state_bits": state_bits})
    if not layers:
        raise NirError("the graph has no layer with weights or pooling")
    # every node of a graph runs at every step: spikes anywhere make all its layers spiking
    spiking = any(fires(node) for node in graph.nodes.values())

    precisions: dict[str, Any] = {name: jnp.asarray([layer.precision[name] for layer in layers]) for name in layers[0].precision}

    def rates(names: Sequence[tuple[str, ...]]) -> Array | float:
        if activity is None:
            return rate
        return _rates(activity.values, tuple(names))

    return Workload.of(
        [layer.work for layer in layers],
        input_rate=rates([layer.reads for layer in layers]),
        output_rate=rates([(layer.writes,) for layer in layers]),
        timesteps=float(steps) if spiking else 1,
        spiking=1 if spiking else 0,
        weight_density=jnp.asarray([_density(layer.weights) for layer in layers]),
        **precisions,
    )


@functools.partial(jax.jit, static_argnums=1)
def _rates(values: dict[str, Array], groups: tuple[tuple[str, ...], ...]) -> Array:
    """Non-zero share of the values of each group of nodes taken together."""
    counts = {name: jnp.sum(values[name] != 0, dtype=jnp.float32) for group in groups for name in group}
    return jnp.stack([sum(counts[name] for name in group) / sum(values[name].size for name in group) for group in groups])


def _density(weights: Sequence[Array]) -> float:
    size = sum(each.size for each in weights)
    return sum(int(np.count_nonzero(each)) for each in weights) / size if size else 1.0


def _layers(graph: Graph, given: dict[str, float | None]) -> list[_Layer]:
    # only shapes are asked for: in endless steps no delay stores anything
    found = layout(graph, Step(math.inf, "euler"))
    loops = _recurrences(graph)
    # a loop is part of the layer that feeds its neuron; without one it is a layer of its own
    fed = {neuron for neuron in loops.values() if any(feed not in loops for feed in _feeding(graph, neuron))}
    layers = []
    for name in graph.order:
        node = graph.nodes[name]
        if not isinstance(node, Dense | Convolution | Pool) or loops.get(name) in fed:
            continue
        back = [loop for loop, neuron in loops.items() if neuron in fed and (name, neuron) in graph.edges]
        work = _work(name, node, found.arriving[name], found.leaving[name], graph.metadata_of(name))
        reads: tuple[str, ...] = tuple(source for source, target in (*graph.edges, *graph.delayed) if target == name)
        weights = () if isinstance(node, Pool) else (node.weight,)
        if back:
            work = LayerWork(name, "recurrent", work.channels_in + work.channels_out, work.channels_out)
            reads = (*reads, loops[back[0]])
            looping = graph.nodes[back[0]]
            weights = (*weights, looping.weight) if isinstance(looping, Dense) else weights
        writes = _boundary(graph, name)
        work = dataclasses.replace(work, neuron=_neuron(graph.nodes[writes]))
        # the neuron's node says state_bits, the layer's all else, and its word counts where both speak
        stated = graph.metadata_of(writes) | graph.metadata_of(name)
        assumed = {"weight_bits": 8.0, "activation_bits": _carried_bits(graph, reads[0]), "state_bits": 16.0}
        precision = {key: float(stated.get(key, assumed[key]) if value is None else value) for key, value in given.items()}
        layers.append(_Layer(work, reads, writes, weights, precision))
    return layers


def _neuron(node: Any) -> NeuronName:
    """What a layer drives; without a neuron its outputs are sums."""
    if not isinstance(node, Neuron):
        return "if" if fires(node) else "integrator"
    if node.synapse_tau is not None:
        return "cuba"
    leaks = node.membrane.tau is not None
    if node.firing is None:
        return "leaky_integrator" if leaks else "integrator"
    return "lif" if leaks else "if"


def _feeding(graph: Graph, neuron: str) -> list[str]:
    """Dense nodes whose outputs arrive at a neuron in the same step."""
    return [source for source, target in graph.edges if target == neuron and isinstance(graph.nodes[source], Dense)]


def _recurrences(graph: Graph) -> dict[str, str]:
    """Dense nodes from a neuron's spikes of the step before back to the same neuron."""
    return {
        target: source
        for source, target in graph.delayed
        if isinstance(graph.nodes[target], Dense)
        and isinstance(graph.nodes[source], Neuron)
        # with other listeners, too, it is more than a recurrence
        and [after for before, after in graph.edges if before == target] == [source]
    }


def _work(name: str, node: Any, given: tuple[int, ...], made: tuple[int, ...], metadata: dict[str, Any]) -> LayerWork:
    if isinstance(node, Dense):
        groups = math.prod(node.weight.shape[:-2])
        outputs, inputs = node.weight.shape[-2:]
        return LayerWork(name, "dense", groups * inputs, groups * outputs, groups=groups)
    kernel: Any = node.kernel if isinstance(node, Pool) else node.weight.shape[2:]
    if len(set(node.stride)) > 1:
        raise NirError(f"node {name!r}: strides {node.stride} differ, and a layer's work has one stride")
    # a sequence is a map of one row
    kernel, before, after = ([1] * (2 - len(each)) + list(each) for each in (kernel, given[1:], made[1:]))
    return LayerWork(
        name,
        "pool" if isinstance(node, Pool) else "conv",
        given[0],
        made[0],
        height_in=before[0],
        width_in=before[1],
        height_out=after[0],
        width_out=after[1],
        # an exported kernel may be padded with zeros: metadata has its true size
        kernel_height=int(metadata.get("kernel_height", kernel[0])),
        kernel_width=int(metadata.get("kernel_width", kernel[1])),
        stride=node.stride[0],
        # as `workload.pool`: each channel on its own
        groups=given[0] if isinstance(node, Pool) else node.groups,
    )


def _boundary(graph: Graph, name: str) -> str:
    """The node whose values leave the layer: the neuron after it where there is one, before the next layer begins."""
    here = name
    while True:
        after = [target for source, target in graph.edges if source == here]
        # at a branch, an end or another layer no single neuron ends this one
        if len(after) != 1 or isinstance(graph.nodes[after[0]], Dense | Convolution | Pool):
            return name
        here = after[0]
        if fires(graph.nodes[here]) or isinstance(graph.nodes[here], Neuron):
            return here


def _carried_bits(graph: Graph, name: str) -> float:
    """Bits of the values that leave a node: 1 for spikes (and for a graph's inputs), more for sums of them."""
    node = graph.nodes[name]
    sources = [source for source, target in graph.edges if target == name]
    if fires(node) or not sources:
        return 1.0
    if isinstance(node, Pool) and len(sources) == 1 and _carried_bits(graph, sources[0]) == 1:
        # sums from 0 to the size of the window
        return float(math.ceil(math.log2(math.prod(node.kernel) + 1)))
    if isinstance(node, Identity | Flatten) and len(sources) == 1:
        return _carried_bits(graph, sources[0])
    return 8.0
