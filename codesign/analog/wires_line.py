"""One resistive line: an ideal source, equal segments, and a conductance to ground at every node.

A word line is such a line with its devices as the conductances, and so is a bit line seen from its grounded end. Everything here
is a sum, product or quotient of positive numbers, so float32 keeps its relative precision and zero wire resistance is exact.
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

# accelerators would otherwise round the factors of a product to 10 or 7 bits
product = functools.partial(jnp.matmul, precision="highest")


def _right_conductance(G: Float[Array, "lines nodes"], r: Float[Array, ""]) -> Float[Array, "lines nodes"]:
    """Conductance seen from each node away from the source, the node's own device excluded [S]."""

    def step(beyond: Array, g: Array) -> tuple[Array, Array]:
        total = g + beyond
        return total / (1 + r * total), beyond

    return jax.lax.scan(step, jnp.zeros_like(G[:, 0]), G.T, reverse=True)[1].T


def _left_resistance(G: Float[Array, "lines nodes"], r: Float[Array, ""]) -> Float[Array, "lines nodes"]:
    """Resistance seen from each node towards the source, the node's own device excluded [ohm]."""

    def step(before: Array, g: Array) -> tuple[Array, Array]:
        return r + before / (1 + g * before), before

    return jax.lax.scan(step, jnp.full_like(G[:, 0], r), G.T)[1].T


def _log_attenuation(G: Array, r: Array, right: Array) -> Array:
    """Minus the logarithm of each node's voltage per volt at the source: every segment is a voltage divider."""
    return jnp.cumsum(jnp.log1p(r * (G + right)), axis=1)


@jax.jit
def line_profile(G: Float[Array, "lines nodes"], r: Float[Array, ""]) -> Float[Array, "lines nodes"]:
    """Node voltage per volt at the source.

    Args:
        G: conductance from each node to ground [S]; the first column is nearest to the source.
        r: resistance of one segment [ohm], also between the source and the first node.
    """
    return jnp.exp(-_log_attenuation(G, r, _right_conductance(G, r)))


@jax.jit
def line_response(
    G: Float[Array, "lines nodes"], r: Float[Array, ""]
) -> tuple[Float[Array, "lines nodes nodes"], Float[Array, "lines nodes"]]:
    """Device voltages of a line whose devices return to nodes of their own, and its profile.

    With the source at `V` and the return nodes at `b`, the devices see `Q (V - b)`, `Q = (1 + R diag(G))^-1` and
    `R[j, k] = r (min(j, k) + 1)`; `diag(G) Q` is the symmetric admittance between the return nodes.

    Args:
        G: conductance of each device [S].
        r: resistance of one segment [ohm].

    Returns:
        `Q`, and `Q 1`, which equals `line_profile(G, r)`.
    """
    nodes = jnp.arange(G.shape[1])
    right, left = _right_conductance(G, r), _left_resistance(G, r)
    loss = _log_attenuation(G, r, right)
    own = left / (1 + left * (right + G))
    first = jnp.where(nodes[:, None] <= nodes, own[:, :, None], own[:, None, :])
    transfer = first * jnp.exp(-jnp.abs(loss[:, :, None] - loss[:, None, :]))
    # 1 - own * G would cancel for a long line of good conductors
    diagonal = (1 + left * right) / (1 + left * (right + G))
    Q = jnp.where(nodes[:, None] == nodes, diagonal[:, :, None], -transfer * G[:, None, :])
    return Q, jnp.exp(-loss)


def shared_segments(G: Float[Array, "rows cols"]) -> tuple[Float[Array, "cols cols"], Float[Array, "rows rows"]]:
    """Wire segments that the paths of two devices share: along a word line to its source, along a bit line to ground."""
    rows, cols = (jnp.arange(length) for length in G.shape)
    word = jnp.minimum(cols[:, None], cols) + 1
    bit = G.shape[0] - jnp.maximum(rows[:, None], rows)
    return word.astype(G.dtype), bit.astype(G.dtype)
