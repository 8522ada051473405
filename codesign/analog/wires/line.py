"""One resistive line: an ideal source, equal segments, and a conductance to ground at every node.

A word line is such a line with its devices as the conductances, and so is a bit line seen from its grounded end. Everything here
is a sum, product or quotient of positive numbers, so float32 keeps its relative precision and zero wire resistance is exact.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

# accelerators would otherwise round the factors of a product to 10 or 7 bits
product = functools.partial(jnp.matmul, precision="highest")


def _right_conductance(G: Float[Array, "lines nodes"], r: Float[Array, ""]) -> Float[Array, "lines nodes"]:
    """Conductance seen from each node away from the source, the node's own device excluded [S]."""

    def step(beyond: Array, g: Array) -> tuple[Array, Array]:
        total = g + beyond
        # not 1 / (r + 1 / total): ideal wires and open devices stay exact
        return total / (1 + r * total), beyond

    return jax.lax.scan(step, jnp.zeros_like(G[:, 0]), G.T, reverse=True)[1].T


def _left_segments(G: Float[Array, "lines nodes"], r: Float[Array, ""]) -> Float[Array, "lines nodes"]:
    """Resistance seen from each node towards the source in segments, the node's own device excluded."""

    def step(before: Array, g: Array) -> tuple[Array, Array]:
        # counted in segments, so that nothing is divided by r
        return 1 + before / (1 + g * r * before), before

    return jax.lax.scan(step, jnp.ones_like(G[:, 0]), G.T)[1].T


def _log_attenuation(G: Array, r: Array, right: Array) -> Array:
    """Minus the logarithm of each node's voltage per volt at the source: every segment is a voltage divider."""
    # in logarithms, which line_response centres: the product itself underflows on long lines of good conductors
    return jnp.cumsum(jnp.log1p(r * (G + right)), axis=1)


@jax.jit
def line_profile(G: Float[Array, "lines nodes"], r: Float[Array, ""]) -> Float[Array, "lines nodes"]:
    """Node voltage per volt at the source.

    Args:
        G: conductance from each node to ground [S]; the first column is nearest to the source.
        r: resistance of one segment [ohm], also between the source and the first node.
    """
    return jnp.exp(-_log_attenuation(G, r, _right_conductance(G, r)))


class Lines(NamedTuple):
    """Response of lines whose devices return to nodes of their own; leading axes are lines.

    With the source at `V` and the return nodes at `b`, the devices see `Q (V - b)`, where `Q = (1 + r S diag(G))^-1` and
    `S[j, k] = min(j, k) + 1`. `Q = 1 - r Z diag(G)`, and `Z[j, k] = near[min(j, k)] far[max(j, k)]` takes two vectors.

    Attributes:
        G: device conductances [S].
        near: voltage at a node per current into it and ohm of a segment, times a factor that grows with the distance.
        far: one over that factor.
        diagonal: of `Q`.
        profile: `Q 1`, the node voltages per volt at the source.
    """

    G: Float[Array, "... nodes"]
    near: Float[Array, "... nodes"]
    far: Float[Array, "... nodes"]
    diagonal: Float[Array, "... nodes"]
    profile: Float[Array, "... nodes"]


@jax.jit
def line_response(G: Float[Array, "lines nodes"], r: Float[Array, ""]) -> Lines:
    """Respond to any voltages at the source and behind the devices.

    Args:
        G: device conductances [S].
        r: resistance of one segment [ohm].
    """
    right, left = _right_conductance(G, r), _left_segments(G, r)
    loss = _log_attenuation(G, r, right)
    meeting = 1 + r * left * (right + G)
    # centred and clipped: a line would have to lose a factor exp(-2 reach) before its far end lost relative precision
    # 0.45: `near` and `far` lie up to twice the reach apart, which must stay inside the exponents of the dtype
    reach = 0.45 * math.log(jnp.finfo(G.dtype).max)
    growth = jnp.exp(jnp.clip(loss - loss[:, -1:] / 2, -reach, reach))
    # 1 - near far G r would cancel for a long line of good conductors
    diagonal = (1 + r * left * right) / meeting
    return Lines(G, left / meeting * growth, 1 / growth, diagonal, jnp.exp(-loss))


def transfer(line: Lines) -> Float[Array, "nodes nodes"]:
    """`Z` of one line."""
    nodes = jnp.arange(line.G.shape[0])
    upper = nodes[:, None] <= nodes
    return jnp.where(upper, line.near[:, None] * line.far, line.far[:, None] * line.near)


def device_response(line: Lines, transfer: Float[Array, "nodes nodes"], r: Array) -> Float[Array, "nodes nodes"]:
    """`Q` of one line; `diag(G) Q` is the symmetric admittance between its return nodes."""
    nodes = jnp.arange(line.G.shape[0])
    return jnp.where(nodes[:, None] == nodes, line.diagonal, -r * transfer * line.G)


def shared_segments(G: Float[Array, "rows cols"]) -> tuple[Float[Array, "cols cols"], Float[Array, "rows rows"]]:
    """Wire segments that the paths of two devices share: along a word line to its source, along a bit line to ground."""
    rows, cols = (jnp.arange(length) for length in G.shape)
    word = jnp.minimum(cols[:, None], cols) + 1
    bit = G.shape[0] - jnp.maximum(rows[:, None], rows)
    return word.astype(G.dtype), bit.astype(G.dtype)
