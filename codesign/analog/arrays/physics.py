"""From weights to what the devices of a searched crossbar hold: its array size is a real number, or a legal one known at run time."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.mapping import AbstractWhole, DifferentialPair
from codesign.analog.arrays.slices import Slices
from codesign.analog.device.ageing import AbstractAgeing
from codesign.analog.device.device import Device
from codesign.analog.device.noise import clipped_mean, leaf, standard_normal
from codesign.analog.device.time import Lasting, NoReadNoise
from codesign.analog.wires.cut import Cut, exact_cut, shared_drops, smooth_cut
from codesign.numerics import safe_root


class Held(NamedTuple):
    """A programmed layer.

    Attributes:
        weights: effective weights, as the converters see them.
        variance: of one reading of each weight; None without noise from reading to reading.
        correction: what is added digitally, the same for all outputs; None where nothing is.
        offset: of the converter that would serve an array which begins at this row, in steps of a conversion; None without offsets.
    """

    # fan_in first: `AbstractArray.part` cuts rows leaf by leaf; outputs last, as in every array's form: layers split them into groups
    weights: Float[Array, "fan_in outputs"]
    variance: Float[Array, "fan_in outputs"] | None
    correction: Float[Array, "fan_in outputs"] | None
    offset: Float[Array, "fan_in outputs"] | None = None


class CrossbarPhysics(eqx.Module):
    """What programming, time and wires do to the weights of one crossbar-mapped layer.

    Attributes:
        rows, columns: array size.
        device: range of conductances, and laws of programming, drift and read noise.
        r_word, r_bit: resistance of a wire segment along a row and along a column [ohm].
        mapping: weights to conductances.
        ageing: time since programming, and its compensation; None for right after programming, without read noise.
        spread_share: spread of a weight that is programmed in bit slices, as a multiple of one device's.
        slices: how weights lie in cells that have levels or may be stuck; None for cells that take any level and work.
        cell_bits: of a weight that one device holds; what is solved slice by slice asks for it (`codesign.analog.arrays.slices`).
        exact: array sizes are legal ones (static); else real numbers.
        block: divides every number of rows that may occur (static); None where nothing is known.
    """

    rows: Float[Array, ""]
    columns: Float[Array, ""]
    device: Device
    r_word: Float[Array, ""] = eqx.field(converter=leaf, default=0.0)
    r_bit: Float[Array, ""] = eqx.field(converter=leaf, default=0.0)
    mapping: AbstractWhole = DifferentialPair()
    ageing: AbstractAgeing | None = None
    spread_share: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)
    slices: Slices | None = None
    cell_bits: Float[Array, ""] = eqx.field(converter=leaf, default=16.0)
    exact: bool = eqx.field(static=True, default=False)
    block: int | None = eqx.field(static=True, default=None)

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Held:
        """Devices programmed, aged and behind their wires, put together into weights.

        Reparameterised: the draw depends on `key` only, so gradients reach every law.
        """
        G = self.devices(self.mapping.places(weights / scale), key)
        return self.read_out(G, self.attenuation(G), scale, key)

    def devices(self, places: Float[Array, "planes fan_in outputs"], key: Key[Array, ""]) -> Float[Array, "planes fan_in outputs"]:
        """Conductances of the chip that `key` draws, programmed and aged [S].

        Args:
            places: where in its range each device is meant to be, 0 to 1.
            key: the chip.
        """
        low, span = self._range(places.dtype)
        # no clip: weights arrive quantised and within their scale, and those on its edge keep their slope
        targets = low + span * places
        # folded in, not split: a chip has the same programming noise fresh and aged
        drift_key, _ = jax.random.split(jax.random.fold_in(key, 1))
        G = self._programmed(targets, key)
        if self.slices is not None:
            # 3, as recalibration has folded in 2; before ageing, so that a chip keeps its faults
            G = self.slices(self.device, targets, G, self.spread_share, jax.random.fold_in(key, 3))
        return G if self.ageing is None else self.ageing(self.device, G, drift_key)

    def read_out(
        self,
        G: Float[Array, "planes fan_in outputs"],
        share: Float[Array, "planes fan_in outputs"],
        scale: Float[Array, ""],
        key: Key[Array, ""],
    ) -> Held:
        """Devices put together into weights.

        Args:
            G: their conductances [S].
            share: of its ideal current that each delivers through the wires.
            scale: weight that the largest conductance stands for.
            key: the chip, as for `devices`.
        """
        low, span = self._range(G.dtype)
        _, noise_key = jax.random.split(jax.random.fold_in(key, 1))
        sense = jnp.asarray(self.mapping.sense, G.dtype)[:, None, None]
        gain = self.mapping.reach * scale / span
        held, variance, correction = gain * jnp.sum(sense * share * G, axis=0), None, None
        if self.ageing is not None and not isinstance(self.device.reading, NoReadNoise):
            # currents of planes subtract, their variances add: one draw for what lasts serves both devices of a pair
            lasting, variance = (gain**2 * jnp.sum(share**2 * v, axis=0) for v in self._reading_variances(G))
            held = held + safe_root(lasting) * standard_normal(noise_key, held)
            # a matter of structure, known while tracing
            variance = None if isinstance(self.device.reading, Lasting) else variance
        if not self.mapping.signed:
            correction = jnp.broadcast_to(-scale * self.mapping.zero(low, span), G.shape[1:])
        return Held(held, variance, correction)

    def attenuation(self, G: Float[Array, "planes fan_in outputs"]) -> Float[Array, "planes fan_in outputs"]:
        """Share of its ideal current that each device delivers, by the Pade form of `codesign.analog.wires.wires`."""
        rest, r_word, r_bit = (x.astype(G.dtype) for x in (self.device.g_min, self.r_word, self.r_bit))
        words, bits = self._cut(G.shape[-1], False), self._cut(G.shape[-2], True)

        def of_plane(G: Float[Array, "fan_in outputs"]) -> Float[Array, "fan_in outputs"]:
            # the largest drop that the form is good for is far above those that designs with useful answers have
            return 1 / (1 + r_word * shared_drops(G.T, rest, words).T + r_bit * shared_drops(G, rest, bits))

        # in turn: side by side, conductances would be copied into another order for each of the products, and computed again for each
        return jax.lax.map(of_plane, G)

    def delivered(self, shape: tuple[int, ...], magnitude: ArrayLike) -> Float[Array, "fan_in outputs"]:
        """As `attenuation`, where all devices have the mean conductance of weights of a mean size, half of them of each sign."""
        low, span = self._range(jnp.result_type(float))
        size = jnp.asarray(magnitude, span.dtype)
        mean = low + span * jnp.mean(self.mapping.places(jnp.stack([size, -size])[:, None]))
        word, bit = self.r_word * self._cut(shape[1], False).full, self.r_bit * self._cut(shape[0], True).full
        return 1 / (1 + mean * (word[None, :] + bit[:, None]))

    def _range(self, dtype: jnp.dtype) -> tuple[Array, Array]:
        low = self.device.g_min.astype(dtype)
        return low, self.device.g_max.astype(dtype) - low

    def _programmed(self, targets: Array, key: Array) -> Array:
        """One chip's devices; of bit slices, one device that errs in mean and spread as they do together."""
        law, highest = self.device.programming, self.device.g_max.astype(targets.dtype)
        G = law.sample(targets, highest, key)
        # slices next to zero are cut off one by one, so the mean is that of a single device while the spread averages
        mean = clipped_mean(targets, law.sigma(targets, highest))
        return mean + self.spread_share.astype(G.dtype) * (G - mean)

    def _reading_variances(self, G: Array) -> tuple[Array, Array]:
        """Of each device: of the part of its read noise that lasts, and of the part that is new in every reading [S^2]."""
        assert self.ageing is not None
        highest, law = self.device.g_max.astype(G.dtype), self.device.reading
        slow, fast = (part(G, highest, self.ageing.age_s) ** 2 for part in (law.slow, law.fast))
        return slow, fast

    def _cut(self, count: int, to_ground: bool) -> Cut:
        size = self.rows if to_ground else self.columns
        # of the columns nothing is known but that they are whole
        return exact_cut(count, size, to_ground, self.block if to_ground else None) if self.exact else smooth_cut(count, size, to_ground)
