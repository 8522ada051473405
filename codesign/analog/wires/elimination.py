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

from codesign.analog.wires.line import Lines, device_response, line_response, product, transfer

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


def _look_up(lines: Lines, r_word: Array, r: Array) -> _Stack:
    """`K_i` of every row: the root of `K + r P K = P` by Newton steps on matrix products, each started from the row above.

    The loss `P - K` changes little from row to row, so it starts the next row, and one or two steps do. Written for K, not for
    `T = 1 - r K`, a step loses no digits to the 1; and unlike Cholesky factors, matrix products run alike on every device.
    """
    nodes = lines.G.shape[1]
    # the root takes a trace to a Frobenius norm: n eigenvalues add up to at most sqrt(n) times it
    accuracy = 0.25 * jnp.finfo(lines.G.dtype).eps / nodes**0.5

    def step(above: tuple[Array, Array], line: Lines) -> tuple[tuple[Array, Array], Array]:
        K_above, loss = above
        P = line.G[:, None] * device_response(line, transfer(line), r_word) + K_above
        K = P - loss
        residual = loss - r * product(P, K)
        start = K, residual, jnp.vdot(residual, residual)
        # a Newton step squares the error r R, so it must start below 1
        K, R, square = jax.lax.cond(r**2 * start[2] < 0.25, lambda: start, lambda: _cold_start(P, r))
        trace = jnp.trace(P)
        enough = accuracy * trace / (1 + r * trace)  # a lower bound of the norm of K, times the accuracy

        def newton(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            K, R, _ = state
            K = K + R - r * product(K, R)
            # computed anew and not carried on, so that rounding errors do not pile up
            R = P - K - r * product(P, K)
            return K, R, jnp.vdot(R, R)

        # one more step follows and squares the error, so the loop stops when r R^2, not R, is below rounding
        K, R, _ = jax.lax.while_loop(lambda state: r * state[2] > enough, newton, (K, R, square))
        K = K + R - r * product(K, R)
        return (K, P - K), K

    nothing = jnp.zeros((nodes, nodes), lines.G.dtype)
    return jax.lax.scan(step, (nothing, nothing), lines)[1]


def _cold_start(P: Array, r: Array) -> tuple[Array, Array, Array]:
    """The multiple of 1 from which Newton steps reach K for any P, and its residual."""
    # bounds the eigenvalues of P; those of 1 + r P lie in [1, 1 + r bound], and the multiple of 1 that inverts them with
    # the least error, always below 1, is T = 2 / (2 + r bound)
    bound = jnp.max(jnp.sum(jnp.abs(P), axis=0))
    start = bound / (2 + r * bound) * jnp.eye(P.shape[0], dtype=P.dtype)
    residual = P - start - r * bound / (2 + r * bound) * P
    return start, residual, jnp.vdot(residual, residual)


def _carry_down(injected: Float[Array, "rows cols"], K: _Stack, r: Array) -> tuple[Array, _Stack]:
    """`T_{m-1} ... T_i` times the current injected at each row, and `T_{m-1} ... T_{i+1}`."""

    def step(below: Array, row: tuple[Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        h, K_i = row
        # `below` is kept as well: the adjoint of T_i needs it
        M = below - r * product(below, K_i)
        return M, (product(M, h), below)

    return jax.lax.scan(step, jnp.eye(K.shape[1], dtype=K.dtype), (injected, K), reverse=True)[1]


# loops with an open end have no reverse mode, and the adjoint needs no iteration
@jax.custom_vjp
def _eliminate_rows(G: Array, r_word: Array, r_bit: Array) -> Array:
    return _forward(G, r_word, r_bit)[0]


def _forward(G: Array, r_word: Array, r_bit: Array) -> tuple[Array, tuple[Array, ...]]:
    lines = line_response(G, r_word)
    K = _look_up(lines, r_word, r_bit)
    W, below = _carry_down(G * lines.profile, K, r_bit)
    # the lines' responses are a few vectors each and computed again; the stacks of matrices are kept
    return W, (G, r_word, r_bit, K, below)


def _carry_adjoint(
    injected: Float[Array, "rows cols"], K: _Stack, below: _Stack, r: Array, W_bar: Float[Array, "rows cols"]
) -> tuple[_Stack, Float[Array, "rows cols"]]:
    """Adjoint of every `T_i`, and of every injected current."""

    def step(carry: Array, row: tuple[Array, ...]) -> tuple[Array, tuple[Array, Array]]:
        h, K_i, below_i, w_bar = row
        M_bar = carry + w_bar[:, None] * h
        arrived = product(w_bar, below_i)
        return M_bar - r * product(M_bar, K_i), (product(below_i.T, M_bar), arrived - r * product(arrived, K_i))

    return jax.lax.scan(step, jnp.zeros_like(K[0]), (injected, K, below, W_bar))[1]


def _backward(saved: tuple[Array, ...], W_bar: Array) -> tuple[Array, Array, Array]:
    """Adjoint: `dT = -r dK - dr K`, `dK = T dP T - K dr K`, `dY = Q' dG Q - Y dr_w S Y`."""
    G, r_word, r_bit, K, below = saved
    lines = line_response(G, r_word)
    T_bar, injected_bar = _carry_adjoint(G * lines.profile, K, below, r_bit, W_bar)

    def step(carry: tuple[Array, Array, Array], row: tuple[Lines, Array, Array, Array]) -> tuple[tuple[Array, Array, Array], Array]:
        from_below, r_word_bar, r_bit_bar = carry
        line, K_i, T_i_bar, h_bar = row
        # K_i acts twice: in T_i, and as K_{i-1} on the row below
        K_bar = from_below - r_bit * T_i_bar
        right = product(K_bar, K_i)
        half = K_bar - r_bit * right
        P_bar = half - r_bit * product(K_i, half)
        Z = transfer(line)
        Q = device_response(line, Z, r_word)
        response = product(Q, P_bar + h_bar[:, None])
        G_bar = jnp.sum(response * Q, axis=1)
        # S Y = Z diag(G): the wire's own derivative needs no further product
        r_word_bar -= jnp.sum(jnp.sum(line.G[:, None] * response * Z, axis=0) * line.G)
        r_bit_bar -= jnp.sum(jnp.sum(T_i_bar * K_i + right * K_i, axis=0))
        return (P_bar, r_word_bar, r_bit_bar), G_bar

    zero = jnp.zeros_like(r_word)
    (_, r_word_bar, r_bit_bar), G_bar = jax.lax.scan(
        step, (jnp.zeros_like(K[0]), zero, zero), (lines, K, T_bar, injected_bar), reverse=True
    )
    return G_bar, r_word_bar, r_bit_bar


_eliminate_rows.defvjp(_forward, _backward)
