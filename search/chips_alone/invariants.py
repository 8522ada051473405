"""Whether a relaxed cost model can be exploited: what no chip can do, checked where a search would go.

A gradient finds every hole of a model. A relaxed factor below 1 makes loops vanish, a gate at `factor > 1` left free costs nothing at 0.99,
a dropped ceiling promises designs cheaper than any real one. `find_violations` evaluates a user's claims at random relaxed points *and*
at the points to which descending the model's own cost leads.

    def claims(values, hardness):
        cost = chip(values).cost(workload, technology, hardness)
        return {
            "cycles >= MACs / PEs": at_least(cost.latency * clock_ghz, macs / (values["rows"] * values["columns"])),
            "energy >= cheapest MACs": at_least(cost.energy, macs * cheapest_mac_pj),
        }

    assert not find_violations(space, log_energy, claims, key)
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.cost import Cost
from codesign.parameters.space import Space
from codesign.published.timeloop import model as timeloop
from codesign.published.timeloop.model import Machine, Window
from codesign.workloads.workload import Workload

# below 1, at which the model is exact and nothing is relaxed
HARDNESSES: Final = (0.0, 0.5, 0.9)
_QUICK_TO_COMPILE: Final = {"xla_backend_optimization_level": 0}  # compiles much, runs little

Values = Mapping[str, Array]
Claims = Callable[[Values, Array], dict[str, Float[Array, ""]]]  # name -> relative shortfall, 0 where the claim holds


class Violation(NamedTuple):
    """A claim that does not hold.

    Attributes:
        name: of the claim.
        shortfall: relative.
        hardness: of the model.
        found_by: `random` or `descent`.
        values: the worst point.
    """

    name: str
    shortfall: float
    hardness: float
    found_by: str
    values: dict[str, Any]

    def __str__(self) -> str:
        """One line for people."""
        where = ", ".join(f"{name}={np.array2string(np.asarray(value), precision=4)}" for name, value in self.values.items())
        return f"{self.name} broken by {self.shortfall:.1%} at hardness {self.hardness:g} (found by {self.found_by}): {where}"


def at_least(measured: ArrayLike, floor: ArrayLike) -> Float[Array, ""]:
    """Relative shortfall of the worst entry below a positive floor; infinite where not finite."""
    return _worst(1 - jnp.asarray(measured) / jnp.asarray(floor))


def equal(measured: ArrayLike, expected: ArrayLike) -> Float[Array, ""]:
    """Relative deviation of the worst entry from a positive value; infinite where not finite."""
    return _worst(jnp.abs(jnp.asarray(measured) / jnp.asarray(expected) - 1))


def _worst(shortfall: Array) -> Float[Array, ""]:
    return jnp.maximum(jnp.max(jnp.where(jnp.isfinite(shortfall), shortfall, jnp.inf)), 0)


def cost_claims(
    cost: Cost, workload: Workload, parallelism: ArrayLike, clock_mhz: ArrayLike, cheapest_mac_pj: ArrayLike
) -> dict[str, Array]:
    """What holds for every chip that does the work, for models that skip no zeros.

    Args:
        cost: relaxed or exact.
        workload: what ran.
        parallelism: multiply-accumulates per cycle at most.
        clock_mhz: clock.
        cheapest_mac_pj: energy of the cheapest operation.
    """
    macs = jnp.asarray([layer.macs for layer in workload], workload.input_rate.dtype) * workload.timesteps
    busy = macs > 0
    # ns times MHz are thousandths of a cycle; layers without products (pooling) have no floor to keep
    cycles = jnp.where(busy, cost.latency_ns * jnp.asarray(clock_mhz) / 1000, 1)
    return {
        "cycles >= MACs / parallelism": at_least(cycles, jnp.where(busy, macs / parallelism, 1)),
        "energy >= MACs x cheapest MAC": at_least(cost.energy, jnp.sum(macs) * cheapest_mac_pj),
        **general_claims(cost),
    }


def general_claims(cost: Cost) -> dict[str, Array]:
    """What holds for every chip, whatever it skips."""
    return {
        "utilisation <= 1": at_least(1.0, jnp.max(cost.utilisation)),
        # raised by 1 pJ, as a shortfall is relative to a floor above 0
        "no negative energy": at_least(1 + jnp.min(cost.energy_pj), 1.0),
    }


def mapping_claims(mapping: timeloop.Mapping, dims: Float[Array, " 7"], machine: Machine, hardness: ArrayLike) -> dict[str, Array]:
    """What holds for every mapping under Timeloop's closed form: factors multiply to the dimension, work is done, words arrive."""
    factors = mapping.temporal * mapping.spatial
    lanes = jnp.prod(mapping.spatial)
    macs = jnp.prod(dims)
    moved = timeloop.accesses(mapping, Window())
    energy = jnp.sum(timeloop.energy_uj(moved, machine, hardness))
    return {
        "factors >= 1": at_least(jnp.minimum(mapping.temporal, mapping.spatial), 1.0),
        "product of factors = dimension": equal(jnp.prod(factors, axis=0), dims),
        "MACs conserved": equal(moved.macs, macs),
        "cycles >= MACs / PEs": at_least(timeloop.cycles(moved, mapping, machine, hardness), macs / lanes),
        # prices in pJ, energy in uJ
        "energy >= MACs + one DRAM word each": at_least(energy, 1e-6 * (timeloop.MAC_PJ * macs + timeloop.DRAM_PJ * _words(dims))),
    }


def _words(dims: Float[Array, " 7"]) -> Array:
    """Weights and outputs that must cross the DRAM's pins once (inputs overlap, so they are left out)."""
    return jnp.prod(dims[jnp.asarray([timeloop.R, timeloop.S, timeloop.C, timeloop.K])]) + jnp.prod(
        dims[jnp.asarray([timeloop.P, timeloop.Q, timeloop.K, timeloop.N])]
    )


def find_violations(
    space: Space,
    log_cost: Callable[[Values, Array], Float[Array, ""]],
    claims: Claims,
    key: Key[Array, ""],
    *,
    starts: int = 32,
    steps: int = 200,
    learning_rate: float = 0.03,
    tolerance: float = 1e-3,
) -> list[Violation]:
    """Claims that a relaxed model breaks, at most one entry per claim, the worst first.

    Args:
        space: relaxed points to visit.
        log_cost: what a search would descend, from values and hardness.
        claims: relative shortfalls by name, from values and hardness; see `at_least` and `equal`.
        key: of the random points.
        starts: random points, each of them also the start of a descent.
        steps: of the descents.
        learning_rate: of the descents, in latents.
        tolerance: shortfall that rounding errors explain.
    """
    keys = jax.random.split(key, len(space.parameters))
    latents = {name: jax.random.uniform(k, (starts, *space.shape(name))) for name, k in zip(space.parameters, keys, strict=True)}
    optimiser = optax.adam(learning_rate)

    def descend(z: dict[str, Array], hardness: Array) -> dict[str, Array]:
        def step(carry: tuple[dict[str, Array], optax.OptState], _: None) -> tuple[tuple[dict[str, Array], optax.OptState], None]:
            z, state = carry
            slope = jax.grad(lambda z: log_cost(space.relax(z), hardness))(z)
            # one NaN would stay in Adam's averages for good
            change, state = optimiser.update(jax.tree.map(lambda g: jnp.where(jnp.isfinite(g), g, 0), slope), state)
            return (space.project(optax.apply_updates(z, change)), state), None

        return jax.lax.scan(step, (z, optimiser.init(z)), None, steps)[0][0]

    def both(z: dict[str, Array], hardness: Array) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
        found = descend(z, hardness)
        return found, claims(space.relax(z), hardness), claims(space.relax(found), hardness)

    # hardness is traced: one compilation for all of them
    run = jax.jit(jax.vmap(both, in_axes=(0, None)), compiler_options=_QUICK_TO_COMPILE)
    worst: dict[str, Violation] = {}
    for hardness in HARDNESSES:
        found, at_random, at_end = run(latents, jnp.float32(hardness))
        for found_by, points, shortfalls in (("random", latents, at_random), ("descent", found, at_end)):
            for name, shortfall in shortfalls.items():
                at = int(jnp.argmax(shortfall))
                size = float(shortfall[at])
                if size > max(tolerance, worst[name].shortfall if name in worst else 0):
                    values = space.relax(jax.tree.map(lambda x, at=at: x[at], points))
                    worst[name] = Violation(name, size, hardness, found_by, {k: np.asarray(v) for k, v in values.items()})
    return sorted(worst.values(), key=lambda violation: -violation.shortfall)
