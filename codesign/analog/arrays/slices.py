"""Weights in bit slices on imperfect cells: every slice may be stuck by itself, and takes one of the levels that its cell has.

A device of `CrossbarPhysics` stands for all cells that hold a weight on one column of a pair. Errors that every cell makes alike are
averaged there (`spread_share`); a stuck cell is another matter: a weight that lost its highest digit is lost, one that lost its lowest
is not. So the digits of a weight are taken apart here and each cell is drawn by itself, what they do wrong is added up with the weights
of their digits, and moves the one device. Nothing but the digits is approximate, and those of legal bits are exact.

Measurements that solve wires have each slice on devices of its own (`Digits`).
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.mapping import AbstractWhole
from codesign.analog.device.device import Device, quantise, stuck_masks
from codesign.analog.device.noise import leaf


class _Cells(NamedTuple):
    """Sums over the cells of a weight, from the highest digit down.

    Attributes:
        left: what is not yet on a cell, in the steps of the lowest digit.
        error: place of the weight on its cells less the place it was meant to have.
        follows: share of the weight on cells that are not stuck.
        squares: of all cells' shares, those of cells that are not stuck, `[2, ...]`.
    """

    left: Array
    error: Array
    follows: Array
    squares: Array


class Slices(eqx.Module):
    """How the weights of a layer lie in cells.

    Attributes:
        stored_bits: bits in the cells of one column of a pair (`AbstractColumns.stored_bits`); taken as the nearest whole number.
        cell_bits: bits of a cell; likewise.
        stuck: whether cells may be stuck (static): the device says how many.
    """

    stored_bits: Float[Array, ""] = eqx.field(converter=leaf)
    cell_bits: Float[Array, ""] = eqx.field(converter=leaf)
    stuck: bool = eqx.field(static=True, default=True)

    def __call__(
        self,
        device: Device,
        targets: Float[Array, "planes fan_in outputs"],
        programmed: Float[Array, "planes fan_in outputs"],
        spread_share: Float[Array, ""],
        key: Key[Array, ""],
    ) -> Float[Array, "planes fan_in outputs"]:
        """Conductances of devices that stand for imperfect cells [S].

        Stuck cells pass no gradient: a weight passes as much as of it lies on others. Bits have the gradient of independent errors,
        which shrink as `spread_share` does.

        Args:
            device: shares of stuck cells, and levels.
            targets: what was meant to be programmed [S].
            programmed: the same with the noise of programming [S].
            spread_share: as of `CrossbarPhysics`.
            key: the faults of this chip.
        """
        low = device.g_min.astype(targets.dtype)
        span = device.g_max.astype(targets.dtype) - low
        cells = jax.lax.stop_gradient(self._cells(device, jax.lax.stop_gradient((targets - low) / span), key))
        share = spread_share.astype(targets.dtype)
        error = cells.error * share / jax.lax.stop_gradient(share)
        kept = cells.follows * targets + jax.lax.stop_gradient((1 - cells.follows) * targets)
        # stuck cells do not spread
        spread = jnp.sqrt(cells.squares[1] / cells.squares[0])
        return jnp.maximum(kept + span * error + spread * (programmed - targets), 0)

    def _cells(self, device: Device, place: Float[Array, "planes fan_in outputs"], key: Key[Array, ""]) -> _Cells:
        bits = jax.lax.stop_gradient(jnp.maximum(jnp.round(self.stored_bits), 1)).astype(place.dtype)
        each = jax.lax.stop_gradient(jnp.maximum(jnp.round(self.cell_bits), 1)).astype(place.dtype)
        count = jnp.ceil(bits / each).astype(jnp.int32)
        steps = jnp.round(2**bits) - 1

        def cell(number: Array, cells: _Cells) -> _Cells:
            index = count - 1 - number
            power = jnp.round(2 ** (each * index))
            # the highest cell has the bits that are left, over all of its range
            most = jnp.round(2 ** jnp.minimum(each, bits - each * index)) - 1
            digit = jnp.clip(jnp.floor(cells.left / power), 0, most)
            held, healthy = self._held(device, digit / most, jax.random.fold_in(key, index))
            share = power * most / steps
            squares = jnp.stack([jnp.full_like(place, share**2), healthy * share**2])
            error = cells.error + share * (held - digit / most)
            return _Cells(cells.left - digit * power, error, cells.follows + share * healthy, cells.squares + squares)

        nothing = jnp.zeros_like(place)
        start = _Cells(jnp.round(place * steps), nothing, nothing, jnp.stack([nothing, nothing]))
        return jax.lax.fori_loop(0, count, cell, start)

    def _held(self, device: Device, digit: Array, key: Array) -> tuple[Array, Array]:
        """Where in its range each cell is, and 1 where it is not stuck."""
        low = device.g_min.astype(digit.dtype)
        span = device.g_max.astype(digit.dtype) - low
        held = (quantise(device, low + span * digit) - low) / span
        if not self.stuck:
            return held, jnp.ones_like(held)
        on, off = stuck_masks(device, digit.shape, key)
        return jnp.where(on, 1, jnp.where(off, 0, held)), jnp.where(on | off, 0, jnp.ones_like(held))


class Digits(NamedTuple):
    """A weight matrix in slices, the lowest digit first; slices that a weight of few bits does not take are empty.

    Attributes:
        places: [slices, planes, fan_in, outputs], where in its range each device is, 0 to 1.
        shares: [slices], part of the weight's range that the range of a slice stands for; 0 of an empty one.
    """

    places: Float[Array, "slices planes fan_in outputs"]
    shares: Float[Array, " slices"]


def digits_of(
    places: Float[Array, "planes fan_in outputs"], weight_bits: ArrayLike, cell_bits: ArrayLike, mapping: AbstractWhole, count: int
) -> Digits:
    """Digits to the base `2^cell_bits` of places that lie on the grid of `weight_bits`.

    The top slice may have fewer bits than a cell; its digits spread over the whole range of the cell, as noise then counts least.

    Args:
        places: of devices that hold the whole weight.
        weight_bits: of a weight with its sign, a whole number.
        cell_bits: of a device, a whole number.
        mapping: weights to devices, which says how many levels a device of the whole weight has.
        count: slices that are given back, at least those that a weight takes (static).
    """
    # `quantise_signed` has 2^(b-1) - 1 steps to either side of zero
    top = mapping.reach * (2.0 ** (jnp.asarray(weight_bits, places.dtype) - 1) - 1)
    bits = jnp.ceil(jnp.log2(top + 1) - 1e-4)
    whole = jnp.round(places * top)

    def digit(place: Array) -> tuple[Array, Array]:
        below = 2.0 ** (place * cell_bits)
        levels = 2.0 ** jnp.clip(bits - place * cell_bits, 0, cell_bits) - 1
        found = jnp.mod(jnp.floor(whole / below), 2.0**cell_bits)
        # an empty slice has one level
        return found / jnp.maximum(levels, 1), below * levels / top

    return Digits(*jax.vmap(digit)(jnp.arange(count, dtype=places.dtype)))


def composed(
    G: Float[Array, "slices planes fan_in outputs"], shares: Float[Array, " slices"], low: Float[Array, ""]
) -> Float[Array, "planes fan_in outputs"]:
    """Conductances of devices that hold whole weights and err as these slices do together [S].

    Args:
        G: of the slices [S].
        shares: of `Digits`.
        low: smallest conductance [S].
    """
    return low + jnp.tensordot(shares, G - low, 1)
