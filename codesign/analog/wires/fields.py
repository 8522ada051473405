"""The exact crossbar input by input: the voltage across every device.

With `R` the wires' resistance between devices, the device voltages obey `d + R (G d) = V`. In `y = sqrt(G) d` the system is
symmetric positive definite with eigenvalues of at least 1, so conjugate gradients on matrix products converge in float32, in a
number of steps that grows with the drop. Zero wire resistance and open cells are exact.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.analog.wires.line import product, shared_segments
from codesign.numerics import safe_divide

_State = tuple[Array, Array, Array, Array, Array]
_Field = Float[Array, "batch rows cols"]

# residual relative to the source at which the iteration stops
_TOLERANCE = {"float32": 4e-7, "float64": 1e-12}


def _drop(current: _Field, r_word: Array, r_bit: Array) -> _Field:
    """Voltage lost in the wires on the way to and from each device when the devices carry `current`."""
    word, bit = shared_segments(current[0])
    return r_word * product(current, word) + r_bit * product(bit, current)


def _respond(G: Array, source: _Field, r_word: Array, r_bit: Array) -> _Field:
    """Device voltages `(1 + R G)^-1 source` by conjugate gradients, starting from one division per device."""
    root = jnp.sqrt(G)
    right_side = root * source
    # the drop with all inputs on makes the Pade form of the answer: a start that mild drops hardly move
    first_order = _drop(G[None], r_word, r_bit)[0]

    def apply(y: Array) -> Array:
        return y + root * _drop(root * y, r_word, r_bit)

    def dot(a: Array, b: Array) -> Array:
        return jnp.sum(a * b, axis=(1, 2), keepdims=True)

    y = right_side / (1 + first_order)
    residual = right_side - apply(y)
    small = (_TOLERANCE[str(G.dtype)] ** 2) * dot(right_side, right_side)
    # a cap, so that a residual which rounding holds above the tolerance does not loop for ever
    most = 10 * (G.shape[0] + G.shape[1])

    def unfinished(state: _State) -> Array:
        return (state[4] < most) & jnp.any(state[3] > small)

    def step(state: _State) -> _State:
        y, residual, direction, norm, count = state
        image = apply(direction)
        # inputs that have converged to zero residual wait for the others: 0 / 0
        length = safe_divide(norm, dot(direction, image))
        y, residual = y + length * direction, residual - length * image
        fresh = dot(residual, residual)
        return y, residual, residual + safe_divide(fresh, norm) * direction, fresh, count + 1

    start = (y, residual, residual, dot(residual, residual), jnp.zeros((), jnp.int32))
    y = jax.lax.while_loop(unfinished, step, start)[0]
    # y / root keeps the digits of a small voltage, the difference serves open and nearly open cells
    conducting = root > 0.03 * jnp.max(root)
    return jnp.where(conducting, y / jnp.where(conducting, root, 1), source - _drop(root * y, r_word, r_bit))


@jax.jit
def device_voltages(
    G: Float[Array, "rows cols"], V: Float[Array, "batch rows"], r_word: Float[Array, ""], r_bit: Float[Array, ""]
) -> _Field:
    """Voltage across every device for every input, exact for any wire resistance.

    Args:
        G: device conductances [S], not negative; at least one row and column.
        V: source voltages of the word lines [V].
        r_word: resistance of a word-line segment [ohm].
        r_bit: resistance of a bit-line segment [ohm].

    Returns:
        `d[b, i, j]` [V]; device currents are `G * d`, column currents `sum_i G * d`.
    """
    return _voltages(G, V, r_word, r_bit)


# by one more solve: loops with an open end have no reverse mode, and sqrt(G) has no slope at an open cell
@jax.custom_vjp
def _voltages(G: Array, V: Array, r_word: Array, r_bit: Array) -> _Field:
    return _forward(G, V, r_word, r_bit)[0]


def _forward(G: Array, V: Array, r_word: Array, r_bit: Array) -> tuple[Array, tuple[Array, ...]]:
    source = jnp.broadcast_to(V[:, :, None], (*V.shape, G.shape[1]))
    d = _respond(G, source, r_word, r_bit)
    return d, (G, d, r_word, r_bit)


def _backward(saved: tuple[Array, ...], d_bar: Array) -> tuple[Array, Array, Array, Array]:
    """`lambda = (1 + G R)^-1 d_bar` by one more solve: `u = R lambda` obeys `(1 + R G) u = R d_bar`."""
    G, d, r_word, r_bit = saved
    u = _respond(G, _drop(d_bar, r_word, r_bit), r_word, r_bit)
    adjoint = d_bar - G * u
    word, bit = shared_segments(G)
    current = G * d
    r_word_bar = -jnp.sum(adjoint * product(current, word))
    r_bit_bar = -jnp.sum(adjoint * product(bit, current))
    return -jnp.sum(u * d, axis=0), jnp.sum(adjoint, axis=2), r_word_bar, r_bit_bar


_voltages.defvjp(_forward, _backward)
