"""Arithmetic of a layer that has not been given to one engine of a chip yet: shares of it lie on several."""

from typing import Any, Final

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.analog.arrays.array import BELL_SHAPED, AbstractArray
from codesign.numerics import safe_divide, safe_root
from codesign.products.convolve import convolve
from codesign.workloads.workload import LayerWork

# of `fold_in`: far from what the arrays fold into the keys themselves
_OTHERS: Final = 2**30


class MixedArray(AbstractArray):
    """The exact product, and of each analog array's error the part that its share of the layer makes.

    Errors are weighed by the root of the share, so that their variance is in proportion to it: a layer half on a crossbar has half the
    variance of its errors. What an array errs in the same way every time, by clipping say, is weighed alike and so a little heavier than
    its share. With one share of 1 and the others 0 this is that array's product, and with none the exact one.

    Attributes:
        arrays: the analog ones.
        shares: of the layer on each of them, in [0, 1]; the rest of it is digital.
    """

    arrays: tuple[AbstractArray, ...]
    shares: Float[Array, " arrays"]

    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Any:
        """The weights themselves, and as each array holds them."""
        return weights, tuple(array.program(weights, scale, own) for array, own in zip(self.arrays, self._keys(key), strict=True))

    def read(
        self, x: Float[Array, "batch fan_in"], held: Any, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """The mixed product."""
        weights, programmed = held
        parts = zip(self.arrays, programmed, self._keys(key), strict=True)
        return self._mixed(x @ weights, [array.read(x, part, full_scale, own) for array, part, own in parts])

    def read_map(
        self,
        x: Float[Array, "batch height width channels"],
        held: Any,
        full_scale: Float[Array, ""],
        key: Key[Array, ""],
        geometry: LayerWork,
    ) -> Float[Array, "batch height_out width_out outputs"]:
        """The mixed convolution."""
        weights, programmed = held
        parts = zip(self.arrays, programmed, self._keys(key), strict=True)
        read = [array.read_map(x, part, full_scale, own, geometry) for array, part, own in parts]
        return self._mixed(convolve(x, weights, geometry), read)

    def part(self, held: Any, start: int, stop: int) -> tuple["MixedArray", Any]:
        """The rows of each."""
        weights, programmed = held
        arrays, parts = zip(*(array.part(own, start, stop) for array, own in zip(self.arrays, programmed, strict=True)), strict=True)
        return MixedArray(tuple(arrays), self.shares), (weights[start:stop], tuple(parts))

    def delivered(self, shape: tuple[int, ...], magnitude: ArrayLike = BELL_SHAPED) -> Float[Array, "fan_in outputs"]:
        """Of what lies on analog arrays, by their shares: only these draw current by it."""
        weighed = sum(share * array.delivered(shape, magnitude) for share, array in zip(self.shares, self.arrays, strict=True))
        return safe_divide(weighed, jnp.sum(self.shares), 1.0)

    def _mixed(self, exact: Float[Array, "..."], analog: list[Float[Array, "..."]]) -> Float[Array, "..."]:
        # as weights of whole products, not of differences to the exact one: at the ends nothing is rounded
        weights = safe_root(self.shares)
        return (1 - jnp.sum(weights)) * exact + sum(weight * product for weight, product in zip(weights, analog, strict=True))

    def _keys(self, key: Key[Array, ""]) -> list[Key[Array, ""]]:
        """The key itself for the first, so that it errs as on a chip of its own."""
        return [key, *(jax.random.fold_in(key, _OTHERS + i) for i in range(1, len(self.arrays)))]
