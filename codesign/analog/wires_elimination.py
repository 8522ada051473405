"""The exact crossbar as one matrix, by eliminating one word line after another.

Each word line, eliminated, leaves a dense admittance `Y_i` between the bit-line nodes of its row. Going down the bit lines with
`P_i` the admittance seen upwards from row i and `r` the resistance of a bit-line segment,

    P_i = Y_i + K_{i-1},    K_i = (P_i^-1 + r)^-1,    T_i = 1 - r K_i,    W[i] = T_{m-1} ... T_i Y_i 1,

where `T_i` carries a current injected at row i past one segment. Nothing is divided by a wire resistance: zero is exact, and
float32 loses about one digit whatever the drop. The work does not depend on the batch or on how severe the drop is, and
derivatives are the adjoint of the same recursion, so they need no field per input.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.analog.wires_line import line_response, product, shared_segments

_Stack = Float[Array, "rows cols cols"]


@jax.jit
def eliminate(G: Float[Array, "rows cols"], r_word: Float[Array, ""], r_bit: Float[Array, ""]) -> Float[Array, "rows cols"]:
    """Effective matrix `W` with `I = V @ W`, exact for any wire resistance.

    Args:
        G: device conductances [S], not negative.
        r_word: resistance of a word-line segment [ohm].
        r_bit: resistance of a bit-line segment [ohm].
    """
    rows, cols = G.shape
    if rows < cols:  # reciprocity: the array driven from its outputs has the transposed matrix, and smaller blocks
        return _eliminate_rows(G.T[::-1, ::-1], r_bit, r_word).T[::-1, ::-1]
    return _eliminate_rows(G, r_word, r_bit)


def _look_up(admittance: _Stack, r: Array) -> _Stack:
    """`K_i` of every row: the root of `K + r P K = P` by Newton steps on matrix products, each started from the row above.

    A row changes little in what the one above it saw, so one or two steps do. Written for K, not for `T = 1 - r K`, a step loses
    no digits to the 1; and unlike Cholesky factors, matrix products run alike on every device.
    """
    accuracy = 0.25 * jnp.finfo(admittance.dtype).eps
    identity = jnp.eye(admittance.shape[1], dtype=admittance.dtype)

    def step(above: Array, Y: Array) -> tuple[Array, Array]:
        P = Y + above
        residual = P - above - r * product(P, above)
        # a Newton step squares the error r R, so it must start below 1; the multiple of 1 does for any P, a neighbour for mild ones
        bound = jnp.max(jnp.sum(jnp.abs(P), axis=1))
        safe = bound / (2 + r * bound)
        near = r * jnp.linalg.norm(residual) < 0.5
        K = jnp.where(near, above, safe * identity)
        residual = jnp.where(near, residual, P - safe * identity - r * safe * P)

        def unfinished(state: tuple[Array, Array]) -> Array:
            K, R = state
            return r * jnp.sum(R * R) > accuracy * jnp.linalg.norm(K)

        def newton(state: tuple[Array, Array]) -> tuple[Array, Array]:
            K, R = state
            K = K + R - r * product(K, R)
            return K, P - K - r * product(P, K)

        K, R = jax.lax.while_loop(unfinished, newton, (K, residual))
        K = K + R - r * product(K, R)
        return K, K

    return jax.lax.scan(step, jnp.zeros_like(identity), admittance)[1]


def _carry_down(K: _Stack, r: Array) -> _Stack:
    """`M_i = T_{m-1} ... T_i` of every row."""

    def step(below: Array, K_i: Array) -> tuple[Array, Array]:
        M = below - r * product(below, K_i)
        return M, M

    return jax.lax.scan(step, jnp.eye(K.shape[1], dtype=K.dtype), K, reverse=True)[1]


@jax.custom_vjp
def _eliminate_rows(G: Array, r_word: Array, r_bit: Array) -> Array:
    return _forward(G, r_word, r_bit)[0]


def _forward(G: Array, r_word: Array, r_bit: Array) -> tuple[Array, tuple[Array, ...]]:
    Q, profile = line_response(G, r_word)
    K = _look_up(G[:, :, None] * Q, r_bit)
    M = _carry_down(K, r_bit)
    W = product(M, (G * profile)[:, :, None])[:, :, 0]
    return W, (G, r_word, r_bit, K, M)


def _transfer_adjoint(injected: Array, K: _Stack, M: _Stack, r: Array, W_bar: Array) -> _Stack:
    """Adjoint of every `T_i`."""
    M_below = jnp.concatenate([M[1:], jnp.eye(M.shape[1], dtype=M.dtype)[None]])

    def step(carry: Array, row: tuple[Array, ...]) -> tuple[Array, Array]:
        h, K_i, below, w_bar = row
        M_bar = carry + w_bar[:, None] * h
        return M_bar - r * product(M_bar, K_i), product(below.T, M_bar)

    return jax.lax.scan(step, jnp.zeros_like(M[0]), (injected, K, M_below, W_bar))[1]


def _admittance_adjoint(K: _Stack, T_bar: _Stack, r: Array) -> tuple[_Stack, Array]:
    """Adjoint of every `Y_i`, and of `r`: `dK = T dP T - K dr K` and `dT = -r dK - dr K`."""

    def step(carry: tuple[Array, Array], row: tuple[Array, Array]) -> tuple[tuple[Array, Array], Array]:
        from_below, r_bar = carry
        K_i, T_i_bar = row
        K_bar = from_below - r * T_i_bar
        right = product(K_bar, K_i)
        r_bar = r_bar - jnp.sum(T_i_bar * K_i) - jnp.sum(right * K_i)
        half = K_bar - r * right
        P_bar = half - r * product(K_i, half)
        return (P_bar, r_bar), P_bar

    (_, r_bar), Y_bar = jax.lax.scan(step, (jnp.zeros_like(K[0]), jnp.zeros_like(r)), (K, T_bar), reverse=True)
    return Y_bar, r_bar


def _backward(saved: tuple[Array, ...], W_bar: Array) -> tuple[Array, Array, Array]:
    G, r_word, r_bit, K, M = saved
    Q, profile = line_response(G, r_word)
    T_bar = _transfer_adjoint(G * profile, K, M, r_bit, W_bar)
    Y_bar, r_bit_bar = _admittance_adjoint(K, T_bar, r_bit)
    injected_bar = product(W_bar[:, None, :], M)
    # dY = Q' dG Q - Y dR Y: one sandwich serves both
    inner = product(product(Q, Y_bar + jnp.swapaxes(injected_bar, 1, 2)), jnp.swapaxes(Q, 1, 2))
    G_bar = jnp.diagonal(inner, axis1=1, axis2=2)
    r_word_bar = -jnp.einsum("ij,ijk,jk,ik->", G, inner, shared_segments(G)[0], G, precision="highest")
    return G_bar, r_word_bar, r_bit_bar


_eliminate_rows.defvjp(_forward, _backward)
