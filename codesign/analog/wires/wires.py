"""Wire resistance of a crossbar (IR drop): one function, four tiers.

Devices are linear, so an array with wires is still one matrix, `I = V @ W`. Compute `W` once per weight update and reuse it over
batch and time steps. Circuit: word line i is driven at column 0 through one segment, bit line j is grounded below the last row
through one segment, all segments of a direction are equal.

| tier | what | root mean square error, 64 x 64, 20k-200k ohm, 2 ohm |
|---|---|---|
| none | `W = G` | 0.155 |
| pade | `G / (1 + x + y)`, x and y the first-order drops along the two lines of a device | 1.1e-3 |
| line mean-field | every line exact in the mean field of the others | 1.0e-4 |
| exact | block elimination | rounding |

Errors are root mean square over outputs, divided by the root mean square current (measured on `tests/golden/irdrop`).
"""

import difflib
from collections.abc import Callable, Mapping
from typing import Final

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.analog.checks import require_array, require_at_least
from codesign.analog.wires.elimination import eliminate
from codesign.analog.wires.fields import device_voltages
from codesign.analog.wires.line import line_profile, product, shared_segments
from codesign.numerics import safe_divide

# The cheapest tier whose error stays below 1e-3 of the root mean square current on every golden array of at least 8 lines: the
# largest predicted drop each tier is used for.
LARGEST_DROP: Final[Mapping[str, float]] = {"none": 5e-4, "pade": 0.05, "line mean-field": 0.3, "exact": float("inf")}

# From this many inputs on, the effective matrix is cheaper than a field for each input.
_BATCH_FOR_MATRIX: Final = 8

_Conductance = Float[Array, "rows cols"]
_Scalar = Float[Array, ""]


def _line_drops(G: _Conductance, r_word: _Scalar, r_bit: _Scalar) -> tuple[_Conductance, _Conductance]:
    """First-order relative voltage drops along the word and the bit line of each device, all inputs on."""
    word_path, bit_path = shared_segments(G)
    return r_word * product(G, word_path), r_bit * product(bit_path, G)


def _ideal(G: _Conductance, r_word: _Scalar, r_bit: _Scalar) -> _Conductance:
    """No wire resistance."""
    return G


def _pade(G: _Conductance, r_word: _Scalar, r_bit: _Scalar) -> _Conductance:
    """Exact to first order in the wire resistance, and bounded for any."""
    word, bit = _line_drops(G, r_word, r_bit)
    return G / (1 + word + bit)


@jax.jit
def _line_mean_field(G: _Conductance, r_word: _Scalar, r_bit: _Scalar) -> _Conductance:
    """Word and bit line of each device solved exactly, in series; then the currents that cross over between them.

    With `a`, `b` the attenuations of the two lines alone, `1/W = (1/a + 1/b - 1)/G` is exact when either wire is ideal. To second
    order it counts `2 G x y` for a current that meets both resistances. One half is right; the other half enters a neighbouring
    bit line and returns along another word line, which `x R_b(G x) / sum R_w` describes with the row replaced by its mean.
    """
    word, bit = _line_drops(G, r_word, r_bit)
    a = line_profile(G, r_word)
    # a bit line begins at its ground, below the last row: turned round, and back
    b = line_profile(G.T[:, ::-1], r_bit).T[::-1]
    # both attenuations may underflow to zero
    attenuation = a * b / jnp.maximum(a + b - a * b, jnp.finfo(G.dtype).tiny)
    word_path, bit_path = shared_segments(G)
    row_mean = product(G, word_path) / word_path.sum(axis=0)
    crossing = row_mean * r_bit * product(bit_path, G * word) - G * word * bit
    # the cube lets the second-order term saturate where the drop is strong
    return G * attenuation + crossing * attenuation**3


# in the order of LARGEST_DROP: "auto" counts the limits that are exceeded and takes that entry
_TIERS: Final[Mapping[str, Callable[[Array, Array, Array], Array]]] = {
    "none": _ideal,
    "pade": _pade,
    "line mean-field": _line_mean_field,
    "exact": eliminate,
}


def predicted_drop(G: ArrayLike, r_word: ArrayLike, r_bit: ArrayLike) -> Array:
    """Share of the ideal current that the wires cost to first order, with all inputs on; above 1 where they cost most of it."""
    G = jnp.asarray(G)
    word, bit = _line_drops(G, jnp.asarray(r_word, G.dtype), jnp.asarray(r_bit, G.dtype))
    # an array of open cells loses nothing
    return safe_divide(jnp.sum(G * (word + bit)), jnp.sum(G))


def choose_tier(drop: float) -> str:
    """The cheapest tier for a predicted drop (`LARGEST_DROP`), for a design whose conductances are known outside `jit`."""
    # infinity ends the list: every number finds a tier
    return next(tier for tier, largest in LARGEST_DROP.items() if drop <= largest)


def effective_conductance(G: ArrayLike, r_word: ArrayLike, r_bit: ArrayLike, tier: str = "auto") -> Array:
    """The matrix `W` of an array with wires, `I = V @ W`; differentiable in every argument.

    Args:
        G: device conductances [rows, cols], S.
        r_word: resistance of a word-line segment [ohm].
        r_bit: resistance of a bit-line segment [ohm].
        tier: "none", "pade", "line mean-field", "exact", or "auto", which picks by `predicted_drop` at run time (under `vmap`
            that computes every tier: there, choose with `choose_tier` once).

    Returns:
        Effective conductances [rows, cols], S.

    Raises:
        ValueError: unknown tier, no rows or columns, or (outside `jit`) a negative or non-finite conductance or resistance.
    """
    G, r_word, r_bit = _checked(G, r_word, r_bit)
    if tier == "auto":
        limits = jnp.asarray(list(LARGEST_DROP.values())[:-1], G.dtype)
        index = jnp.sum(predicted_drop(G, r_word, r_bit) > limits)
        return jax.lax.switch(index, list(_TIERS.values()), G, r_word, r_bit)
    if tier not in _TIERS:
        nearest = difflib.get_close_matches(tier, [*_TIERS, "auto"], 1, 0)[0]
        raise ValueError(f"tier {tier!r} is not one of {[*_TIERS, 'auto']}; did you mean {nearest!r}?")
    return _TIERS[tier](G, r_word, r_bit)


def solve(G: ArrayLike, V: ArrayLike, r_word: ArrayLike, r_bit: ArrayLike) -> Array:
    """Exact column currents for a batch of inputs; differentiable in every argument.

    Args:
        G: device conductances [rows, cols], S.
        V: source voltages [batch, rows], V.
        r_word: resistance of a word-line segment [ohm].
        r_bit: resistance of a bit-line segment [ohm].

    Returns:
        Currents into the virtual grounds [batch, cols], A.

    Raises:
        ValueError: as `effective_conductance`; or V does not fit G.
    """
    G, r_word, r_bit = _checked(G, r_word, r_bit)
    V = jnp.asarray(V, G.dtype)
    if V.ndim != 2 or V.shape[1] != G.shape[0]:
        raise ValueError(f"V has shape {V.shape}; it needs (batch, {G.shape[0]}) to drive the {G.shape[0]} rows of G")
    if V.shape[0] >= _BATCH_FOR_MATRIX:
        return product(V, eliminate(G, r_word, r_bit))
    return jnp.sum(G * device_voltages(G, V, r_word, r_bit), axis=1)


def source_power(G: ArrayLike, V: ArrayLike, r_word: ArrayLike, r_bit: ArrayLike) -> Array:
    """Power that the drivers deliver into devices and wires for each input [batch], W.

    The same device voltages that make the output make the energy: `sum_ij V_i G_ij d_ij`.

    Args:
        G: device conductances [rows, cols], S.
        V: source voltages [batch, rows], V.
        r_word: resistance of a word-line segment [ohm].
        r_bit: resistance of a bit-line segment [ohm].
    """
    G, r_word, r_bit = _checked(G, r_word, r_bit)
    V = jnp.asarray(V, G.dtype)
    # "highest": as for `product`
    return jnp.einsum("bi,bij,ij->b", V, device_voltages(G, V, r_word, r_bit), G, precision="highest")


def _checked(G: ArrayLike, r_word: ArrayLike, r_bit: ArrayLike) -> tuple[Array, Array, Array]:
    require_array("G", G, 2)
    require_at_least("G", G, 0)
    require_at_least("r_word", r_word, 0)
    require_at_least("r_bit", r_bit, 0)
    G = jnp.asarray(G)
    return G, jnp.asarray(r_word, G.dtype), jnp.asarray(r_bit, G.dtype)
