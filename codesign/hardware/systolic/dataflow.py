"""Which operand of a matrix product stays in a systolic array, and what that makes of cycles and data movement.

A layer is a product of `M` output positions, `K` inputs per output and `N` outputs, once per group (or attention head). The array of
`R x C` processing elements works through it in folds; one fold streams some vectors and pays a fill.

Cycles are the closed forms of SCALE-Sim v2, verified against the tool (reference/relaxation.md), which count the last cycle from 0:
weight stationary `ceil(K/R) ceil(N/C) (M + 2R + C - 2) - 1`, output stationary `ceil(M/R) ceil(N/C) (K + R + C - 2) - 1`, input
stationary `ceil(K/R) ceil(M/C) (N + 2R + C - 2) - 1`.
"""

import abc
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.systolic.products import Products


class Grid(NamedTuple):
    """Size of the array."""

    rows: Float[Array, ""]
    columns: Float[Array, ""]


class Pass(NamedTuple):
    """One step of every product on the array, `[2, layers]`.

    Attributes:
        folds: pieces that the product is cut into.
        stream: vectors that pass through the array in one fold.
        fill: cycles to load and drain a fold.
        vector: elements of the sparse operand that enter (or sit in) the array together, all of which must be 0 to skip a cycle.
        input_passes, weight_passes: how often each input and weight is read from its buffer.
        partial_rounds: how often each output leaves the array unfinished (and comes back).
        partial_sums: unfinished outputs alive at once.
    """

    folds: Array
    stream: Array
    fill: Array
    vector: Array
    input_passes: Array
    weight_passes: Array
    partial_rounds: Array
    partial_sums: Array

    def cycles(self, steps: Array, streamed: Array) -> Array:
        """Cycles of one fold sequence in which `steps` steps of a `streamed` share of the vectors pass; at least 0."""
        # -1: SCALE-Sim counts its last cycle from 0, and the forms are tested against it
        counted = self.folds * (steps * self.stream * streamed + self.fill) - 1
        # a single element without a fill takes no cycle where all is skipped, and not one less
        return jnp.where(counted < 0, 0, counted)


class Bits(NamedTuple):
    """Widths of the operands per layer [bit]."""

    weight: Float[Array, " layers"]
    activation: Float[Array, " layers"]
    partial_sum: Float[Array, " layers"]
    state: Float[Array, " layers"]


class AbstractDataflow(eqx.Module):
    """A dataflow."""

    @abc.abstractmethod
    def one_step(self, shape: Products, grid: Grid, hardness: ArrayLike) -> Pass:
        """Folds, stream and buffer accesses of one step."""

    @abc.abstractmethod
    def together(self, shape: Products, timesteps: Array) -> Float[Array, " layers"]:
        """Timesteps that pass through the array while one fold stays, of the `timesteps` `[layers]` that there are."""

    @abc.abstractmethod
    def kept(self, shape: Products, passes: Pass, bits: Bits, scratchpad_bits: Array) -> tuple[Array, Array]:
        """Shares in [0, 1] of the weights and of the membrane potentials that stay in scratchpads from one step to the next.

        Args:
            shape: the products.
            passes: how they pass through the array.
            bits: widths of the operands.
            scratchpad_bits: what all scratchpads hold together, a scalar.
        """

    @abc.abstractmethod
    def stationary_bits(self, shape: Products, bits: Bits, timesteps: Array) -> Float[Array, "2 layers"]:
        """Bits moved between scratchpads and working registers over all timesteps, per repeat."""

    @abc.abstractmethod
    def register_bits(self, bits: Bits) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
        """Register bits written per multiply-accumulate: those that move every cycle, and those that a zero operand leaves alone."""


def _resident(scratchpad_bits: Array, needed_bits: Array) -> Array:
    return jnp.minimum(scratchpad_bits / needed_bits, 1)


class WeightStationary(AbstractDataflow):
    """WS: weights stay for the positions of one step; partial sums travel. Scratchpads can keep several folds over the steps.

    Folds go through all inputs of one stripe of outputs before the next, as in SCALE-Sim, so that few sums are open and inputs are read
    once per stripe. ZigZag's order holds the single vector of a dense layer at the edge of the array instead.
    """

    def one_step(self, shape: Products, grid: Grid, hardness: ArrayLike) -> Pass:
        """`ceil(K/R) ceil(N/C) (M + 2R + C - 2) - 1` cycles."""
        by_input, by_output = pieces(shape.fan_in, grid.rows, hardness), pieces(shape.outputs, grid.columns, hardness)
        return Pass(
            folds=by_input * by_output,
            stream=shape.positions,
            fill=2 * grid.rows + grid.columns - 2,
            vector=shape.fan_in / by_input,  # a mean fold; the last one is usually shorter
            input_passes=by_output,
            weight_passes=jnp.ones_like(by_input),
            partial_rounds=by_input - 1,  # the last round leaves finished outputs
            partial_sums=shape.positions * shape.outputs / by_output,  # input folds first: one stripe of outputs is open
        )

    def together(self, shape: Products, timesteps: Array) -> Float[Array, " layers"]:
        """One step at a time."""
        return jnp.ones_like(timesteps)

    def kept(self, shape: Products, passes: Pass, bits: Bits, scratchpad_bits: Array) -> tuple[Array, Array]:
        """Weights, as far as all folds of the layer fit."""
        # a fold leaves one weight in each element; pooling has no repeats and must not divide by 0
        needed = jnp.maximum(shape.repeats[0], 1) * passes.folds[0] * bits.weight
        return shape.fixed * _resident(scratchpad_bits, needed), jnp.zeros_like(bits.state)

    def stationary_bits(self, shape: Products, bits: Bits, timesteps: Array) -> Float[Array, "2 layers"]:
        """Every weight once per step."""
        return shape.fan_in * shape.outputs * bits.weight * timesteps

    def register_bits(self, bits: Bits) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
        """Inputs and partial sums move."""
        return bits.activation + bits.partial_sum, jnp.zeros_like(bits.activation)


class SpikeTailored(AbstractDataflow):
    """WS in which all timesteps pass while the weights stay, and a neuron's steps follow each other.

    Weights are read once per inference and membrane potentials never leave the neuron units; the price is that the unfinished
    sums of all timesteps are alive at once. Recurrent layers and attention cannot do this and run as WS.

    Attributes:
        weight_stationary: the dataflow of one step.
    """

    # a part and not a parent: concrete classes are final
    weight_stationary: WeightStationary = WeightStationary()

    def one_step(self, shape: Products, grid: Grid, hardness: ArrayLike) -> Pass:
        """As weight stationary."""
        return self.weight_stationary.one_step(shape, grid, hardness)

    def together(self, shape: Products, timesteps: Array) -> Float[Array, " layers"]:
        """All steps of a layer whose weights are fixed."""
        # a mixture and no branch: `fixed` is an array over layers
        return 1 + shape.fixed * (timesteps - 1)

    def kept(self, shape: Products, passes: Pass, bits: Bits, scratchpad_bits: Array) -> tuple[Array, Array]:
        """Within a batch of steps everything stays; a recurrent layer has batches of one step and keeps nothing."""
        return jnp.zeros_like(bits.weight), jnp.zeros_like(bits.state)

    def stationary_bits(self, shape: Products, bits: Bits, timesteps: Array) -> Float[Array, "2 layers"]:
        """Every weight once per batch of steps."""
        return self.weight_stationary.stationary_bits(shape, bits, timesteps / self.together(shape, timesteps))

    def register_bits(self, bits: Bits) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
        """As weight stationary."""
        return self.weight_stationary.register_bits(bits)


class OutputStationary(AbstractDataflow):
    """OS: a partial sum stays until it is done. Scratchpads can keep membrane potentials where they are."""

    def one_step(self, shape: Products, grid: Grid, hardness: ArrayLike) -> Pass:
        """`ceil(M/R) ceil(N/C) (K + R + C - 2) - 1` cycles."""
        by_position = pieces(shape.positions, grid.rows, hardness)
        by_output = pieces(shape.outputs, grid.columns, hardness)
        return Pass(
            folds=by_position * by_output,
            stream=shape.fan_in,
            fill=grid.rows + grid.columns - 2,
            vector=shape.positions / by_position,
            input_passes=by_output,
            weight_passes=by_position,
            partial_rounds=jnp.zeros_like(by_position),
            partial_sums=jnp.zeros_like(by_position),
        )

    def together(self, shape: Products, timesteps: Array) -> Float[Array, " layers"]:
        """One step at a time."""
        return jnp.ones_like(timesteps)

    def kept(self, shape: Products, passes: Pass, bits: Bits, scratchpad_bits: Array) -> tuple[Array, Array]:
        """Membrane potentials, as far as all folds of the layer fit."""
        # a fold leaves one neuron in each element
        needed = jnp.maximum(shape.repeats[0], 1) * passes.folds[0] * bits.state
        return jnp.zeros_like(bits.weight), _resident(scratchpad_bits, needed)

    def stationary_bits(self, shape: Products, bits: Bits, timesteps: Array) -> Float[Array, "2 layers"]:
        """Every partial sum in and out once per step."""
        return 2 * shape.positions * shape.outputs * bits.partial_sum * timesteps

    def register_bits(self, bits: Bits) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
        """Inputs and weights move, a partial sum changes only for a non-zero product."""
        return bits.activation + bits.weight, bits.partial_sum


class InputStationary(AbstractDataflow):
    """IS: inputs stay, weights stream past them, partial sums travel; new inputs in every step."""

    def one_step(self, shape: Products, grid: Grid, hardness: ArrayLike) -> Pass:
        """`ceil(K/R) ceil(M/C) (N + 2R + C - 2) - 1` cycles."""
        by_input = pieces(shape.fan_in, grid.rows, hardness)
        by_position = pieces(shape.positions, grid.columns, hardness)
        return Pass(
            folds=by_input * by_position,
            stream=shape.outputs,
            fill=2 * grid.rows + grid.columns - 2,
            # weights stream past a whole tile of inputs: all of it must be 0
            vector=shape.fan_in / by_input * shape.positions / by_position,
            input_passes=jnp.ones_like(by_input),
            weight_passes=by_position,
            partial_rounds=by_input - 1,
            partial_sums=shape.positions * shape.outputs / by_position,
        )

    def together(self, shape: Products, timesteps: Array) -> Float[Array, " layers"]:
        """One step at a time."""
        return jnp.ones_like(timesteps)

    def kept(self, shape: Products, passes: Pass, bits: Bits, scratchpad_bits: Array) -> tuple[Array, Array]:
        """Nothing."""
        return jnp.zeros_like(bits.weight), jnp.zeros_like(bits.state)

    def stationary_bits(self, shape: Products, bits: Bits, timesteps: Array) -> Float[Array, "2 layers"]:
        """Every input once per step."""
        return shape.positions * shape.fan_in * bits.activation * timesteps

    def register_bits(self, bits: Bits) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
        """Weights and partial sums move."""
        return bits.weight + bits.partial_sum, jnp.zeros_like(bits.weight)
