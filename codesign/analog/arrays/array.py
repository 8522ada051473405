"""Matrix products as an array computes them: one interface for exact digital arithmetic and for analog crossbars.

A product has two parts. `program` turns weights into what the chip really holds (programming noise, wire losses): once per weight
update. `read` multiplies by it: reused over the batch and all time steps.
"""

import abc
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Key

from codesign.products.convolve import convolve
from codesign.products.unfold import unfold
from codesign.workloads.workload import LayerWork

# mean size of normal weights that are clipped at 2.5 standard deviations
BELL_SHAPED: Final = 0.32


class AbstractArray(eqx.Module):
    """Arithmetic of one layer."""

    @abc.abstractmethod
    def program(self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]) -> Any:
        """Weights as the chip holds them, in a form of the array's own; `scale` is the weight that the largest conductance stands for."""

    @abc.abstractmethod
    def read(
        self, x: Float[Array, "batch fan_in"], held: Any, full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """Product with held weights.

        Args:
            x: inputs, folded over batch and time.
            held: what `program` returned.
            full_scale: the largest |weight| times the learned share of the rows that may add up.
            key: noise of this reading, drawn anew for every sample and step.
        """

    def read_map(
        self,
        x: Float[Array, "batch height width channels"],
        held: Any,
        full_scale: Float[Array, ""],
        key: Key[Array, ""],
        geometry: LayerWork,
    ) -> Float[Array, "batch height_out width_out outputs"]:
        """Convolution with held weights, one group of channels: a product with each patch of the map. See `read`."""
        product = self.read(unfold(x, geometry), held, full_scale, key)
        return product.reshape(x.shape[0], geometry.height_out, geometry.width_out, -1)

    def part(self, held: Any, start: int, stop: int) -> tuple["AbstractArray", Any]:
        """The rows from `start` to `stop` of what is held, and the array that reads them while the others rest."""
        # rows are the first axis of every leaf; an array of another form cuts its own
        return self, jax.tree.map(lambda leaf: leaf[start:stop], held)

    def behind(self, held: Any, factors: Float[Array, " outputs"]) -> tuple[Any, Float[Array, " outputs"] | None]:
        """What is held, and the factors of the outputs that remain to be applied behind the converters."""
        # left outside by default: a factor inside would move what the converters clip and round
        return held, factors

    def delivered(self, shape: tuple[int, ...], magnitude: ArrayLike = BELL_SHAPED) -> Float[Array, "fan_in outputs"]:
        """Share of its ideal current that each cell delivers, and draws from its driver, where all weights have their mean size.

        Args:
            shape: of the weights.
            magnitude: their mean size as a share of the largest one.
        """
        return jnp.ones(shape)


class DigitalArray(AbstractArray):
    """Exact arithmetic: systolic arrays and many-cores add nothing of their own."""

    def program(
        self, weights: Float[Array, "fan_in outputs"], scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "fan_in outputs"]:
        """The weights themselves."""
        return weights

    def read(
        self, x: Float[Array, "batch fan_in"], held: Float[Array, "fan_in outputs"], full_scale: Float[Array, ""], key: Key[Array, ""]
    ) -> Float[Array, "batch outputs"]:
        """The plain product."""
        # no converter, so full_scale means nothing here
        return x @ held

    def behind(
        self, held: Float[Array, "fan_in outputs"], factors: Float[Array, " outputs"]
    ) -> tuple[Float[Array, "fan_in outputs"], None]:
        """The factors taken into the weights, of which there are fewer than products."""
        return held * factors, None

    def read_map(
        self,
        x: Float[Array, "batch height width channels"],
        held: Float[Array, "fan_in outputs"],
        full_scale: Float[Array, ""],
        key: Key[Array, ""],
        geometry: LayerWork,
    ) -> Float[Array, "batch height_out width_out outputs"]:
        """The plain convolution; in which order a digital array adds it up does not matter."""
        return convolve(x, held, geometry)


def analog_matmul(
    x: Float[Array, "batch fan_in"],
    weights: Float[Array, "fan_in outputs"],
    array: AbstractArray,
    key: Key[Array, ""],
    scale: Float[Array, ""] | float = 1.0,
    full_scale_share: Float[Array, ""] | float = 1.0,
) -> Float[Array, "batch outputs"]:
    """`x @ weights` as one freshly programmed array computes it.

    Args:
        x: inputs, folded over batch and time.
        weights: weights in [-scale, scale].
        array: the arithmetic.
        key: randomness of the programmed devices.
        scale: weight that the largest conductance stands for.
        full_scale_share: a converter's full scale as a share of the largest possible sum of its rows.
    """
    scale = jnp.asarray(scale, weights.dtype)
    # two keys: the chip, and the noise of this reading
    program_key, read_key = jax.random.split(key)
    held = array.program(weights, scale, program_key)
    return array.read(x, held, jnp.asarray(full_scale_share, weights.dtype) * scale, read_key)
