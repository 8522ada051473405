"""An imported NIR graph: nodes in an order of execution, with loops closed by a delay of their own, or else by one of one step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.nir.nodes import AbstractNode, Delay, Integrator, Neuron, State, Step, has_memory

Edge = tuple[str, str]
"""From the node of one name to that of another."""


class NirError(ValueError):
    """A graph that cannot be read, run or written; the message names the node."""


class Activity(eqx.Module):
    """What a run leaves behind.

    Attributes:
        values: output of each node at each step, `[T, ...]`.
        potentials: membrane potential of each neuron after each step (after reset), `[T, ...]`.
    """

    values: dict[str, Float[Array, "time ..."]]
    potentials: dict[str, Float[Array, "time ..."]]


class Graph(eqx.Module):
    """Nodes and edges, ready to run.

    Attributes:
        nodes: by name; a node of a subgraph is named "subgraph.node".
        order: names in the order of execution.
        edges: edges that carry this step's value.
        delayed: edges that carry what is known before a step, which is how loops run: a delay's output, else the value of the last step.
        inputs: name and sample shape of each input.
        outputs: names of the outputs.
        metadata: of the graph ("" is its own) and of each node that has some, as (name, ((key, value), ...)).
    """

    nodes: dict[str, AbstractNode]
    # the structure is static: it is the program, and only parameters are traced
    order: tuple[str, ...] = eqx.field(static=True)
    edges: tuple[Edge, ...] = eqx.field(static=True)
    delayed: tuple[Edge, ...] = eqx.field(static=True)
    inputs: tuple[tuple[str, tuple[int, ...]], ...] = eqx.field(static=True)
    outputs: tuple[str, ...] = eqx.field(static=True)
    metadata: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = eqx.field(static=True, default=())

    @classmethod
    def of(
        cls,
        nodes: Mapping[str, AbstractNode],
        edges: Iterable[Edge],
        inputs: Mapping[str, tuple[int, ...]],
        outputs: Sequence[str],
        metadata: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> "Graph":
        """A graph from its parts.

        Raises:
            NirError: no input or output, an edge to a node that is not there, or a loop without a neuron or delay in it.
        """
        # may be an iterator, and is read several times
        edges = tuple(edges)
        if not inputs or not outputs:
            raise NirError(f"a graph needs an Input and an Output node, this one has {', '.join(sorted(nodes)) or 'nothing'}")
        for edge in edges:
            for name in edge:
                if name not in nodes:
                    raise NirError(f"edge {edge[0]!r} -> {edge[1]!r}: there is no node {name!r}")
        waited = _out_of_delays(nodes, edges)
        # from the inputs on: where the walk begins decides which edge closes a loop
        delayed = waited | _loops(nodes, [edge for edge in edges if edge not in waited], [*inputs, *nodes])
        direct = tuple(edge for edge in edges if edge not in delayed)
        # a static field has to hash, which a dict does not
        kept = tuple((name, tuple(sorted(each.items()))) for name, each in (metadata or {}).items() if each)
        order = _order(list(nodes), direct)
        return cls(dict(nodes), order, direct, tuple(sorted(delayed)), tuple(inputs.items()), tuple(outputs), kept)

    def metadata_of(self, name: str = "") -> dict[str, Any]:
        """Metadata of a node, or of the graph itself."""
        return dict(dict(self.metadata).get(name, ()))


def _out_of_delays(nodes: Mapping[str, AbstractNode], edges: Sequence[Edge]) -> set[Edge]:
    """Edges of loops out of delays of some time: they close the loop by themselves, in the time that they say."""
    delays = {name for name, node in nodes.items() if isinstance(node, Delay) and min(node.delay) > 0}
    return {edge for edge in edges if edge[0] in delays and edge[0] in _reachable(edges, edge[1])}


def _loops(nodes: Mapping[str, AbstractNode], edges: Sequence[Edge], roots: Sequence[str]) -> set[Edge]:
    """Edges to delay so that no loop is left, all of them out of nodes with memory."""
    after: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        after[source].append(target)
    finished: set[str] = set()
    path: list[str] = []
    back: list[Edge] = []
    for root in roots:
        if root in finished:
            continue
        path.append(root)
        # a stack and not recursion, which long chains would take beyond Python's limit
        stack = [(root, iter(after[root]))]
        while stack:
            name, successors = stack[-1]
            following = next(successors, None)
            if following is None:
                stack.pop()
                finished.add(path.pop())
            elif following in path:
                back.append((name, following))
            elif following not in finished:
                path.append(following)
                stack.append((following, iter(after[following])))
    return {delayed for edge in back for delayed in _from_memory(nodes, edges, edge, edge[1], ())}


def _from_memory(nodes: Mapping[str, AbstractNode], edges: Sequence[Edge], edge: Edge, head: str, passed: tuple[str, ...]) -> set[Edge]:
    """The delay of a loop's last edge, moved upstream to where it leaves a node with memory.

    Delaying spikes, not products of them, keeps biases at the first step.
    """
    source = edge[0]
    if has_memory(nodes[source]):
        return {edge}
    if source in passed or source == head:
        raise NirError(f"the loop through {source!r} has no neuron or delay in it, so it has no order in time")
    # only upstream within the loop: what comes from elsewhere arrives in its own step
    before = [other for other in edges if other[1] == source and other[0] in _reachable(edges, head)]
    return {found for other in before for found in _from_memory(nodes, edges, other, head, (*passed, source))}


def _reachable(edges: Sequence[Edge], start: str) -> set[str]:
    seen, frontier = {start}, [start]
    while frontier:
        name = frontier.pop()
        new = {target for source, target in edges if source == name} - seen
        seen |= new
        frontier += new
    return seen


def _order(names: list[str], edges: Sequence[Edge]) -> tuple[str, ...]:
    """Each node after all those it depends on."""
    waiting = {name: {source for source, target in edges if target == name} for name in names}
    order: list[str] = []
    while waiting:
        # never empty, as no loop is left
        ready = [name for name, sources in waiting.items() if not sources & set(waiting)]
        order += ready
        for name in ready:
            del waiting[name]
    return tuple(order)


def _gather(graph: Graph, name: str, values: Mapping[str, Array], earlier: Mapping[str, Array]) -> Array | None:
    """Sum of what arrives at a node."""
    arriving = [values[source] for source, target in graph.edges if target == name]
    arriving += [earlier[source] for source, target in graph.delayed if target == name]
    return sum(arriving[1:], arriving[0]) if arriving else None


class Layout(NamedTuple):
    """States before the first step, and the shape of what arrives at each node and of what leaves it."""

    states: dict[str, State]
    arriving: dict[str, tuple[int, ...]]
    leaving: dict[str, tuple[int, ...]]


def layout(graph: Graph, step: Step, dtype: Any = jnp.float32) -> Layout:
    """States and shapes, by running the nodes on shapes alone.

    Raises:
        NirError: a node that nothing leads to, or whose inputs do not fit it; names the node.
    """
    found = Layout({}, dict(graph.inputs), {})
    # a delayed edge is read before its source has run: the source's parameters tell the shape
    earlier = {source: _own_shape(graph.nodes[source]) for source, _ in graph.delayed}
    for name in graph.order:
        node = graph.nodes[name]
        sources = [found.leaving[source] for source, target in graph.edges if target == name]
        sources += [earlier[source] for source, target in graph.delayed if target == name]
        if name not in found.arriving and not sources:
            raise NirError(f"node {name!r}: nothing leads to it")
        try:
            shape = found.arriving.setdefault(name, tuple(jnp.broadcast_shapes(*sources)) if sources else ())
            found.states[name] = node.initial(shape, step)
            value = jax.ShapeDtypeStruct(shape, dtype)
            leaving = jax.eval_shape(lambda state, each, at=node: at(state, each, step)[1], found.states[name], value)
        # JAX raises either for shapes that do not fit
        except (TypeError, ValueError) as error:
            kind = type(node).__name__
            raise NirError(f"node {name!r} ({kind}): inputs of shape {sources} do not fit: {error}") from error
        found.leaving[name] = tuple(leaving.shape)
    return found


def _own_shape(node: AbstractNode) -> tuple[int, ...]:
    return node.membrane.r.shape if isinstance(node, Neuron) else getattr(node, "shape", ())


def run(graph: Graph, inputs: Mapping[str, Array], dt: float, integrator: Integrator) -> Activity:
    """All nodes over all steps.

    Args:
        graph: the graph.
        inputs: `[T, *sample shape]` for each input.
        dt: time step, in the unit of the graph's time constants.
        integrator: "euler", "exponential" or "exact".

    Raises:
        NirError: a node whose inputs do not fit it.
    """
    step = Step(dt, integrator)
    dtype = next(iter(inputs.values())).dtype
    found = layout(graph, step, dtype)
    delays = {source: node for source, _ in graph.delayed if isinstance(node := graph.nodes[source], Delay)}
    earlier = {source: jnp.zeros(found.leaving[source], dtype) for source, _ in graph.delayed if source not in delays}

    def advance(carry: tuple[dict[str, State], dict[str, Array]], now: Mapping[str, Array]) -> tuple[Any, Any]:
        states, before = dict(carry[0]), carry[1]
        known = before | {name: node.ahead(states[name], step).astype(dtype) for name, node in delays.items()}
        values: dict[str, Array] = {}
        for name in graph.order:
            arriving = now.get(name, _gather(graph, name, values, known))
            states[name], values[name] = graph.nodes[name](states[name], jnp.asarray(arriving), step)
        potentials = {name: states[name][1] for name, node in graph.nodes.items() if isinstance(node, Neuron)}
        return (states, {name: values[name] for name in before}), (values, potentials)

    _, (values, potentials) = jax.lax.scan(advance, (found.states, earlier), dict(inputs))
    return Activity(values, potentials)
