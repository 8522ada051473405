"""Digital neuron models: what one update of one neuron costs and how many state variables it keeps.

The operations of each model are priced one by one, from the same adders, comparators and registers as the rest of the chip.
"""

import abc
from typing import ClassVar, Final

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.technology.technology import Technology


class AbstractNeuron(eqx.Module):
    """A neuron model; `states` is the number of variables it carries from one step to the next."""

    states: eqx.AbstractClassVar[int]

    @abc.abstractmethod
    def update_pj(self, state_bits: ArrayLike, technology: Technology) -> Float[Array, "..."]:
        """Arithmetic and registers of one update [pJ], the memory that holds the states not included."""


def _integrate_and_compare(state_bits: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Add the input, compare with the threshold, reset; registers for the potential and the threshold."""
    per_bit = technology["compare_per_bit_pj"] + technology["mux_per_bit_pj"] + 2 * technology["register_per_bit_pj"]
    return add_pj(state_bits, technology) + per_bit * state_bits


def _decay(state_bits: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Subtract a shifted copy from a state: shifter, adder, multiplexer and register."""
    # with `_integrate_and_compare` these are the parts of SATA's LIF unit (models.md, section 4) and one adder more
    per_bit = technology["shift_per_bit_pj"] + technology["mux_per_bit_pj"] + technology["register_per_bit_pj"]
    return add_pj(state_bits, technology) + per_bit * state_bits


def add_pj(bits: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """One integer addition [pJ]."""
    # a line through Horowitz' 8 and 32 bit adders, hence the offset
    return technology["int_add_offset_pj"] + technology["int_add_per_bit_pj"] * bits


class IntegrateAndFire(AbstractNeuron):
    """IF: add, compare, reset."""

    states: ClassVar[int] = 1

    def update_pj(self, state_bits: ArrayLike, technology: Technology) -> Float[Array, "..."]:
        """Energy of one update [pJ]."""
        return _integrate_and_compare(state_bits, technology)


class LeakyIntegrateAndFire(AbstractNeuron):
    """LIF: IF and a decay of the potential."""

    states: ClassVar[int] = 1

    def update_pj(self, state_bits: ArrayLike, technology: Technology) -> Float[Array, "..."]:
        """Energy of one update [pJ]."""
        return _integrate_and_compare(state_bits, technology) + _decay(state_bits, technology)


class ContinuousSynapse(AbstractNeuron):
    """LIF whose input is a synaptic current that decays on its own: a second state, a second decay and one more addition."""

    states: ClassVar[int] = 2

    def update_pj(self, state_bits: ArrayLike, technology: Technology) -> Float[Array, "..."]:
        """Energy of one update [pJ]."""
        current = _decay(state_bits, technology) + add_pj(state_bits, technology)
        return _integrate_and_compare(state_bits, technology) + _decay(state_bits, technology) + current


def neuron_area_um2(state_bits: ArrayLike, states: int, technology: Technology) -> Float[Array, "..."]:
    """Area of one neuron unit [um2]: an adder and a register for the input, the comparator and each state's decay."""
    # no area of a comparator is sourced: it subtracts, so it counts as an adder with its register
    per_bit = technology["int_add_area_per_bit_um2"] + technology["register_area_per_bit_um2"]
    return (2 + states) * per_bit * jnp.asarray(state_bits)


NEURONS: Final = {"if": IntegrateAndFire(), "lif": LeakyIntegrateAndFire(), "continuous_synapse": ContinuousSynapse()}
"""Neuron models by name."""
