"""Mappings and their machine by gradients: DOSA's problem on Timeloop's closed form (Hong et al., MICRO 2023).

Every layer has one factor per dimension and slot (lanes, registers, accumulator, scratchpad, DRAM), whose product is the dimension. The
logarithms of a dimension's factors are therefore a point of a simplex: gradient steps are projected back onto it, so that relaxed factors
are at least 1 and multiply to the dimension *exactly*, and a slot that the machine does not have is masked. (Left free, a relaxed factor
below 1 makes cycles and accesses vanish: `invariants.py` catches that.) The machine follows from the mappings: a mesh as wide as the
widest layer's lanes, buffers as large as the largest tiles.

Rounding takes the nearest of *all* exact factorisations of every dimension; a greedy polish then moves one prime factor from one slot to
another, or changes the order of the loops at a level.
"""

import itertools
import math
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key
from numpy.typing import NDArray

from codesign.published.timeloop import model as timeloop
from codesign.published.timeloop.gemmini import dimensions
from codesign.published.timeloop.model import ACCUMULATOR, DRAM, SCRATCHPAD, Accesses, C, K, Machine, Mapping, P, Q, Window
from codesign.workloads.workload import Workload

# half the compile time of the default level, the same run time
COMPILER: Final = {"xla_backend_optimization_level": 1}
LANES, TEMPORAL = 0, 1  # row of the lanes among a layer's slots; first row of the four temporal levels
SLOTS: Final = 5
# Gemmini holds weights still: registers loop over pixels only, and lanes run over channels
_FREE: Final = np.zeros((SLOTS, 7))  # slots that a Gemmini mapping may use
_FREE[LANES, [C, K]] = 1
_FREE[TEMPORAL, [P, Q]] = 1
_FREE[TEMPORAL + 1 :] = 1
# the loops of a matrix product; the other four stay inside them, in a fixed order
_ORDERED: Final = (P, C, K)
_ORDERS: Final = np.asarray([[list(p).index(d) if d in p else 3 + d for d in range(7)] for p in itertools.permutations(_ORDERED)])


class Network(NamedTuple):
    """Layers to map.

    Attributes:
        dims: sizes R, S, P, Q, C, K, N of each layer.
        counts: how often each layer occurs.
        mesh: most lanes in one direction.
        strides: of each layer; None where all are 1.
    """

    dims: NDArray[np.float64]
    counts: NDArray[np.float64]
    mesh: int = 128
    strides: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, workload: Workload, mesh: int) -> "Network":
        """The layers of a workload that have weights; groups and time steps run one after another."""
        layers = [(layer, float(steps)) for layer, steps in zip(workload, workload.timesteps, strict=True) if layer.has_weights]
        dims = np.stack([dimensions(layer) for layer, _ in layers])
        counts = np.asarray([layer.groups * steps for layer, steps in layers])
        return cls(dims, counts, mesh, np.asarray([float(layer.stride) for layer, _ in layers]))


class Settings(NamedTuple):
    """How the search is run; see `search.chips_alone.descend.Settings`."""

    starts: int = 64
    steps: int = 400
    learning_rate: float = 0.15
    hardness_start: float = 0.0
    hardness_end: float = 0.95
    polish_rounds: int = 60


class Mapped(NamedTuple):
    """A mapping of every layer: factors (slot 0 lanes, then registers to DRAM) and loop orders, one of six per level."""

    factors: Float[Array, "layers 5 7"]
    orders: Int[Array, "layers 4"]


class Result(NamedTuple):
    """Where every start ended; energy-delay products in uJ * cycles."""

    relaxed_edp: Float[Array, " starts"]
    rounded_edp: Float[Array, " starts"]
    edp: Float[Array, " starts"]
    mapped: Mapped


def bert() -> Network:
    """The unique layers of BERT as in DOSA's artifact (ucb-bar/dosa, dataset/workloads/bert): 128 tokens, width 768."""
    dims = [(1, 1, 128, 1, c, k, 1) for c, k in ((768, 768), (64, 128), (128, 64), (768, 3072), (3072, 768))]
    return Network(np.asarray(dims, float), np.asarray([2.0, 1, 1, 1, 1]))


def as_mapping(factors: Float[Array, "5 7"], orders: Int[Array, " 4"]) -> Mapping:
    """One layer in Timeloop's terms: lanes over C feed the accumulator, lanes over K the scratchpad."""
    spatial = jnp.ones((4, 7), factors.dtype)
    spatial = spatial.at[ACCUMULATOR, C].set(factors[LANES, C]).at[SCRATCHPAD, K].set(factors[LANES, K])
    return Mapping(factors[TEMPORAL:], spatial, jnp.asarray(_ORDERS)[orders])


class _Layer(NamedTuple):
    """What one layer asks of the machine, and does on it."""

    moved: Accesses
    mapping: Mapping
    lanes: Float[Array, ""]
    accumulator_kb_per_lane: Float[Array, ""]
    scratchpad_kb: Float[Array, ""]


def _layer(factors: Float[Array, "5 7"], orders: Int[Array, " 4"], stride: Float[Array, ""]) -> _Layer:
    mapping, window = as_mapping(factors, orders), Window(stride, stride)
    accumulator, scratchpad = timeloop.buffers_needed_kb(mapping, window)
    widest = jnp.maximum(factors[LANES, C], factors[LANES, K])
    return _Layer(timeloop.accesses(mapping, window), mapping, widest, accumulator / factors[LANES, K], scratchpad)


def machine(layers: _Layer, hardness: Array) -> Machine:
    """The smallest Gemmini that runs all layers; buffers are whole KiB, and every lane has as much accumulator as any layer needs."""
    mesh = jnp.maximum(jnp.max(layers.lanes), 2)

    def whole(kb: Array) -> Array:
        # between whole KiB rounding is noise, so it has no gradient; 1e-4 keeps float32 from lifting a whole number to the next
        return kb + hardness * jax.lax.stop_gradient(jnp.ceil(kb - 1e-4) - kb)

    return Machine(mesh, whole(mesh * jnp.max(layers.accumulator_kb_per_lane)), whole(jnp.max(layers.scratchpad_kb)))


def log_edp(layers: _Layer, counts: Float[Array, " layers"], hardness: Array) -> Float[Array, ""]:
    """Logarithm of the network's energy [uJ] times its cycles."""
    chip = machine(layers, hardness)
    cycles = jax.vmap(lambda m, p: timeloop.cycles(m, p, chip, hardness))(layers.moved, layers.mapping)
    energy = jax.vmap(lambda m: jnp.sum(timeloop.energy_uj(m, chip, hardness)))(layers.moved)
    return jnp.log(jnp.sum(counts * cycles)) + jnp.log(jnp.sum(counts * energy))


def network_log_edp(mapped: Mapped, counts: Float[Array, " layers"], strides: Float[Array, " layers"], hardness: Array) -> Float[Array, ""]:
    """`log_edp` of mapped layers."""
    return log_edp(jax.vmap(_layer)(*mapped, strides), counts, hardness)


def smallest_machine(mapped: Mapped, network: Network) -> Machine:
    """The Gemmini that a network's mappings need, exactly."""
    return machine(jax.vmap(_layer)(*mapped, jnp.asarray(_strides(network))), jnp.float32(1))


def _strides(network: Network) -> NDArray[np.float32]:
    return np.ones(len(network.dims), np.float32) if network.strides is None else np.asarray(network.strides, np.float32)


def project(logs: Float[Array, "5 7"], log_dims: Float[Array, " 7"], log_mesh: float) -> Float[Array, "5 7"]:
    """The nearest log factors that are at least 0, vanish in masked slots, and sum to the dimension's logarithm.

    Euclidean projection onto a simplex (Held, Wolfe and Crowder 1974), per dimension; lanes beyond the mesh become DRAM loops.
    """
    # so far below any logarithm of a dimension that the projection leaves masked slots at 0
    masked = jnp.where(_FREE > 0, logs, -1e3)
    falling = -jnp.sort(-masked, axis=0)
    rank = jnp.arange(1, SLOTS + 1)[:, None]
    level = (jnp.cumsum(falling, axis=0) - log_dims) / rank
    last = jnp.maximum(jnp.sum(falling > level, axis=0) - 1, 0)
    threshold = jnp.take_along_axis(level, last[None], axis=0)
    inside = jnp.maximum(masked - threshold, 0)
    beyond = jnp.maximum(inside[LANES] - log_mesh, 0)
    return inside.at[LANES].add(-beyond).at[TEMPORAL + DRAM].add(beyond)


def factorisations(size: int, free: NDArray[np.bool_], mesh: int) -> NDArray[np.float64]:
    """All ways to write `size` as a product of whole factors in the free slots, lanes at most `mesh`; `[ways, 5]`."""
    found = np.ones((1, SLOTS))
    slots = np.flatnonzero(free)
    for prime, power in _primes(size):
        # stars and bars: bars share the copies of a prime among the slots
        bars = np.asarray(list(itertools.combinations(range(power + len(slots) - 1), len(slots) - 1))).reshape(-1, len(slots) - 1)
        edges = np.concatenate([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), power + len(slots) - 1)], axis=1)
        ways = np.ones((len(bars), SLOTS))
        ways[:, slots] = float(prime) ** (np.diff(edges, axis=1) - 1)
        found = (found[:, None] * ways[None]).reshape(-1, SLOTS)
    return found[found[:, LANES] <= mesh]


def _primes(size: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    divisor = 2
    while size > 1:
        power = 0
        while size % divisor == 0:
            size, power = size // divisor, power + 1
        if power:
            found.append((divisor, power))
        divisor += 1
    return found


def after_moves(factors: Float[Array, "5 7"], moves: Float[Array, "moves 5 7"], mesh: int) -> Float[Array, "moves 5 7"]:
    """What each of several moves of a prime factor makes of a layer's factors; the same factors where it is not legal."""
    moved = jnp.round(factors * moves)
    # what the prime does not divide has been rounded, and its dimension's product is another
    whole = jnp.all(jnp.prod(moved, axis=1) == jnp.prod(factors, axis=0), 1)
    legal = whole & jnp.all(moved[:, LANES] <= mesh, 1)
    return jnp.where(legal[:, None, None], moved, factors)


class MappingSearch:
    """The search for one network, compiled once."""

    def __init__(self, network: Network, settings: Settings = Settings()) -> None:  # noqa: B008 - an immutable value
        self.network, self.settings = network, settings
        self._log_dims = jnp.log(jnp.asarray(network.dims, jnp.float32))
        self._counts, self._strides = jnp.asarray(network.counts, jnp.float32), jnp.asarray(_strides(network))
        self._optimiser = optax.adam(optax.cosine_decay_schedule(settings.learning_rate, settings.steps, alpha=0.05))
        self._moves = self._all_moves()
        self._relax_jit = jax.jit(jax.vmap(self._relax), compiler_options=COMPILER)
        self._polish_jit = jax.jit(lambda mapped: jax.lax.map(self._polish, mapped, batch_size=8), compiler_options=COMPILER)

    def run(self, key: Key[Array, ""]) -> Result:
        """Search from random mappings and random loop orders."""
        logs, orders, relaxed = self._relax_jit(jax.random.split(key, self.settings.starts))
        rounded, polished, mapped = self._polish_jit(Mapped(self.round(np.asarray(logs)), orders))
        return Result(jnp.exp(relaxed), jnp.exp(rounded), jnp.exp(polished), mapped)

    def polish_random(self, key: Key[Array, ""]) -> Result:
        """The same without gradients: random legal mappings and the polish alone."""
        order_key, *keys = jax.random.split(key, self.settings.starts + 1)
        logs = jnp.stack([self._random(k) for k in keys])
        orders = jax.random.randint(order_key, (self.settings.starts, *self.network.dims.shape[:1], 4), 0, len(_ORDERS))
        rounded, polished, mapped = self._polish_jit(Mapped(self.round(np.asarray(logs)), orders))
        return Result(jnp.full(polished.shape, jnp.nan), jnp.exp(rounded), jnp.exp(polished), mapped)

    def round(self, logs: NDArray[np.float32]) -> Float[Array, "starts layers 5 7"]:
        """The exact factorisation of every dimension that is nearest to `logs` `[starts, layers, 5, 7]`, in logarithms."""
        whole = np.ones(logs.shape, np.float32)
        for layer, dims in enumerate(self.network.dims):
            for dimension in range(7):
                # not traced: each dimension has its own number of factorisations
                ways = factorisations(int(dims[dimension]), _FREE[:, dimension] > 0, self.network.mesh)
                far = ((np.log(ways)[None] - logs[:, layer, None, :, dimension]) ** 2).sum(-1)
                whole[:, layer, :, dimension] = ways[np.argmin(far, axis=1)]
        return jnp.asarray(whole)

    def _random(self, key: Key[Array, ""]) -> Float[Array, "layers 5 7"]:
        # uniform over the simplex of log factors; the projection then empties masked slots
        shares = jax.random.dirichlet(key, jnp.ones(SLOTS), (len(self.network.dims), 7)).transpose(0, 2, 1)
        return self._project(shares * self._log_dims[:, None])

    def _project(self, logs: Float[Array, "layers 5 7"]) -> Float[Array, "layers 5 7"]:
        return jax.vmap(lambda x, d: project(x, d, math.log(self.network.mesh)))(logs, self._log_dims)

    def _relax(self, key: Key[Array, ""]) -> tuple[Float[Array, "layers 5 7"], Int[Array, "layers 4"], Float[Array, ""]]:
        settings = self.settings
        factor_key, order_key = jax.random.split(key)
        # an order has no gradient: it stays as drawn until the polish
        orders = jax.random.randint(order_key, (len(self.network.dims), 4), 0, len(_ORDERS))
        logs = self._random(factor_key)

        def value(logs: Array, hardness: Array) -> Array:
            return network_log_edp(Mapped(jnp.exp(logs), orders), self._counts, self._strides, hardness)

        def step(carry: tuple[Array, optax.OptState], at: Array) -> tuple[tuple[Array, optax.OptState], Array]:
            logs, state = carry
            share = jnp.minimum(at / (0.9 * settings.steps), 1)
            now, slope = jax.value_and_grad(value)(
                logs, settings.hardness_start + (settings.hardness_end - settings.hardness_start) * share
            )
            # along the simplex: Adam would turn the common part, which the projection undoes, into most of the step
            along = (slope - jnp.sum(slope * _FREE, axis=-2, keepdims=True) / np.sum(_FREE, axis=0)) * _FREE
            change, state = self._optimiser.update(jnp.where(jnp.isfinite(along), along, 0), state)
            return (self._project(optax.apply_updates(logs, change)), state), now

        (logs, _), course = jax.lax.scan(step, (logs, self._optimiser.init(logs)), jnp.arange(settings.steps))
        return logs, orders, course[-1]

    def _all_moves(self) -> NDArray[np.float32]:
        """Per layer, what a prime factor's move multiplies the factors by: `[layers, moves, 5, 7]`, padded with ones."""
        moves: list[list[NDArray[np.float32]]] = []
        for dims in self.network.dims:
            mine = []
            for dimension in np.flatnonzero(dims > 1):
                for (prime, power), (a, b) in itertools.product(_primes(int(dims[dimension])), itertools.permutations(range(SLOTS), 2)):
                    for step in range(1, min(power, 3) + 1):
                        if _FREE[a, dimension] and _FREE[b, dimension]:
                            change = np.ones((SLOTS, 7), np.float32)
                            change[a, dimension], change[b, dimension] = float(prime) ** -step, float(prime) ** step
                            mine.append(change)
            moves.append(mine)
        longest = max(len(m) for m in moves)
        pad = np.ones((SLOTS, 7), np.float32)
        return np.asarray([[*m, *[pad] * (longest - len(m))] for m in moves])

    def _polish(self, start: Mapped) -> tuple[Float[Array, ""], Float[Array, ""], Mapped]:
        exact, layers = jnp.float32(1), len(self.network.dims)
        moves = jnp.asarray(self._moves)
        # not of the registers: of the loops that can be ordered they have but one
        reorder = jnp.asarray([(level, order) for level in range(1, 4) for order in range(len(_ORDERS))])

        def candidates(mapped: Mapped, layer: Array) -> Mapped:
            factors, orders = mapped.factors[layer], mapped.orders[layer]
            moved = after_moves(factors, moves[layer], self.network.mesh)
            reordered = jax.vmap(lambda change: orders.at[change[0]].set(change[1]))(reorder)
            same = jnp.broadcast_to(factors, (len(reorder), *factors.shape))
            return Mapped(jnp.concatenate([moved, same]), jnp.concatenate([jnp.broadcast_to(orders, (len(moved), 4)), reordered]))

        def visit(carry: tuple[Mapped, _Layer, Array], layer: Array) -> tuple[tuple[Mapped, _Layer, Array], None]:
            mapped, known, best = carry
            tried = candidates(mapped, layer)
            # only this layer is analysed anew; the machine and the sums take all others from `known`
            results = jax.vmap(lambda factors, orders: _layer(factors, orders, self._strides[layer]))(*tried)

            def with_one(result: _Layer) -> Array:
                return log_edp(jax.tree.map(lambda all_, one: all_.at[layer].set(one), known, result), self._counts, exact)

            scores = jax.vmap(with_one)(results)
            at = jnp.argmin(scores)
            improved = scores[at] < best
            new = (
                Mapped(mapped.factors.at[layer].set(tried.factors[at]), mapped.orders.at[layer].set(tried.orders[at])),
                jax.tree.map(lambda all_, one: all_.at[layer].set(one[at]), known, results),
                scores[at],
            )
            return jax.tree.map(lambda a, b: jnp.where(improved, a, b), new, carry), None

        def sweep(carry: tuple[Mapped, _Layer, Array, Array, Array]) -> tuple[Mapped, _Layer, Array, Array, Array]:
            mapped, known, before, _, rounds = carry
            (mapped, known, after), _ = jax.lax.scan(visit, (mapped, known, before), jnp.arange(layers))
            return mapped, known, after, after < before, rounds + 1

        known = jax.vmap(_layer)(*start, self._strides)
        first = log_edp(known, self._counts, exact)
        begin = (start, known, first, jnp.ones((), bool), jnp.zeros((), jnp.int32))
        mapped, _, last, _, _ = jax.lax.while_loop(lambda c: c[3] & (c[4] < self.settings.polish_rounds), sweep, begin)
        return first, last, mapped
