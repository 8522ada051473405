"""How sure prices are: draws of a whole technology from its intervals, and which constants a result hangs on.

A draw belongs to a constant's name: technologies that share a constant share its draws. So a verdict between two chips can be sure
although neither chip's joules are.
"""

import zlib
from collections.abc import Callable
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from codesign.technology.quantity import EVIDENCE
from codesign.technology.sram import FACTORS
from codesign.technology.technology import Technology

DECILE: Final = 1.2815515655446004
"""90th percentile of a standard normal: 80 % lie within so many deviations."""
# CACTI's numbers are a tool's; leakage of logic rests on an assumed width of transistors too, and CACTI's currents jump between nodes
_MEMORY: Final = {name: np.log(EVIDENCE["assumed" if name == "logic_leakage" else "tool"]) for name in FACTORS}
_LEAST: Final = 1e-2  # an interval down to 0 ends here, as a share of the value


def draws(technology: Technology, count: int, seed: int = 0) -> Technology:
    """The technology `count` times, each array with a leading axis `[count]`, its constants drawn from their intervals.

    Each is log-normal on either side of its value, with the interval's ends as 10th and 90th percentile. Map over the result:
    `jax.vmap(lambda prices: chip.cost(workload, prices).energy)(draws(technology, 1000))`.

    Args:
        technology: what is drawn around.
        count: draws.
        seed: of all draws; the same seed gives a constant the same draws in any technology.
    """
    values = {
        quantity.name: technology.values[quantity.name] * _factors(quantity.value, quantity.interval, quantity.name, count, seed)
        for quantity in technology.quantities
    }
    # leaves that are not drawn are the same in every draw
    batched = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), technology)
    drawn = eqx.tree_at(lambda t: t.values, batched, {name: jnp.asarray(value, jnp.float32) for name, value in values.items()})
    if technology.sram is None:
        return drawn
    deviates = [_normal(f"sram {name}", count, seed) * _MEMORY[name] / DECILE for name in FACTORS]
    factors = technology.sram.log_factors + jnp.asarray(np.stack(deviates, 1), jnp.float32)
    return eqx.tree_at(lambda t: t.sram.log_factors, drawn, factors)


def elasticities(quality: Callable[[Technology], Array], technology: Technology) -> dict[str, float]:
    """How much a quality changes with each constant: d ln quality / d ln constant, the largest first.

    Args:
        quality: a positive number that prices decide, such as the energy of a chip.
        technology: where.
    """
    value, slopes = jax.value_and_grad(lambda prices: jnp.log(quality(prices)))(technology)
    del value
    found = {name: float(slope * technology.values[name]) for name, slope in slopes.values.items()}
    if technology.sram is not None:
        found |= {f"sram {name}": float(slope) for name, slope in zip(FACTORS, slopes.sram.log_factors, strict=True)}
    return dict(sorted(found.items(), key=lambda item: -abs(item[1])))


def spreads(technology: Technology) -> dict[str, float]:
    """Standard deviation of the logarithm of each constant: half of its interval, over both sides."""
    found = {}
    for quantity in technology.quantities:
        below, above = _log_sides(quantity.value, quantity.interval)
        found[quantity.name] = float((below + above) / 2 / DECILE)
    return found | {f"sram {name}": float(width) / DECILE for name, width in _MEMORY.items()}


def _factors(value: float, interval: tuple[float, float], name: str, count: int, seed: int) -> Float[np.ndarray, " count"]:
    below, above = _log_sides(value, interval)
    deviate = _normal(name, count, seed) / DECILE
    return np.exp(np.where(deviate < 0, below, above) * deviate)


def _log_sides(value: float, interval: tuple[float, float]) -> tuple[float, float]:
    """Logarithms of value over low and of high over value; nothing is drawn of a constant that is 0."""
    if value == 0:
        return 0.0, 0.0
    # by size: the low end of a negative constant is the larger one
    low, high = sorted(abs(end) for end in interval)
    size = abs(value)
    return float(np.log(size / max(low, _LEAST * size))), float(np.log(high / size))


def _normal(name: str, count: int, seed: int) -> Float[np.ndarray, " count"]:
    # by name, and so the same in every technology
    return np.random.default_rng([seed, zlib.crc32(name.encode())]).standard_normal(count)
