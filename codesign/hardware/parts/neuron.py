"""Digital neurons: what one update costs, what it keeps from step to step, and how large a unit is, on every family alike.

A layer says which neuron it has (`LayerWork.neuron`); the operations of each are counted once, in `NEURONS`, and priced from the same
adders, comparators and registers as the rest of the chip. A layer that does not spike rectifies instead; `Workload.spiking` mixes both.
Functions return one entry per layer.
"""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.technology.technology import Technology
from codesign.workloads.workload import Neuron, Workload


@dataclasses.dataclass(frozen=True)
class NeuronModel:
    """Operations of one update, as wide as the state, and what is kept.

    A reset takes no operation of its own: the comparator has subtracted the threshold, and a multiplexer selects.

    Attributes:
        additions, comparisons, selections, shifts: adders, comparators, multiplexers and shifters that switch.
        registers: that are written or hold a constant.
        states: variables kept from one step to the next, each read and written in an update.
        causal: instead of states the inputs of all T steps are kept, and an update is a row of their causal product: (T + 1) / 2
            multiply-accumulates on average, with weights of the layer's own bits.
    """

    additions: int = 0
    comparisons: int = 0
    selections: int = 0
    shifts: int = 0
    registers: int = 0
    states: int = 1
    causal: bool = False

    def __add__(self, other: "NeuronModel") -> "NeuronModel":
        """Both, one after the other."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "causal"]
        counts = {name: getattr(self, name) + getattr(other, name) for name in names}
        return NeuronModel(**counts, causal=self.causal or other.causal)


# with a comparison these are the parts of SATA's LIF unit (models.md, section 4) and one adder more: the leak subtracts a shifted copy
_DECAY: Final = NeuronModel(additions=1, selections=1, shifts=1, registers=1, states=0)
_INTEGRATE: Final = NeuronModel(additions=1, registers=1)
# the threshold has a register
_COMPARE: Final = NeuronModel(comparisons=1, selections=1, registers=1, states=0)
_LIF: Final = _INTEGRATE + _COMPARE + _DECAY
# the adaptation in units of the threshold (Bellec et al. 2018): it decays, grows by a constant where a spike is sent, and is added to
# the threshold
_ADAPT: Final = _DECAY + NeuronModel(additions=2, selections=1, registers=1)
# the synaptic current decays, and is added to the potential
_CURRENT: Final = _DECAY + NeuronModel(additions=1)

NEURONS: Final[Mapping[Neuron, NeuronModel]] = MappingProxyType(
    {
        "if": _INTEGRATE + _COMPARE,
        "lif": _LIF,
        "adaptive": _LIF + _ADAPT,
        "cuba": _LIF + _CURRENT,
        # Fang et al. 2023: no reset, so nothing is selected
        "parallel": NeuronModel(comparisons=1, registers=1, states=0, causal=True),
        # no threshold: class scores, and the sums of pooling
        "integrator": _INTEGRATE,
        "leaky_integrator": _INTEGRATE + _DECAY,
    }
)
"""Neuron models by the names of `LayerWork.neuron`."""
RECTIFIER: Final = NeuronModel(additions=1, comparisons=1, selections=1, registers=1, states=0)
"""What an ANN layer has in their place: a bias, and the larger of the sum and 0; what it is scaled by is left to the families."""


def add_pj(bits: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """One integer addition [pJ]."""
    # a line through Horowitz' 8 and 32 bit adders, hence the offset
    return technology["int_add_offset_pj"] + technology["int_add_per_bit_pj"] * bits


def update_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Arithmetic and registers of one update [pJ]; causal products and the memory of the states come on top."""
    per_bit = (
        _count("comparisons", workload) * technology["compare_per_bit_pj"]
        + _count("selections", workload) * technology["mux_per_bit_pj"]
        + _count("shifts", workload) * technology["shift_per_bit_pj"]
        + _count("registers", workload) * technology["register_per_bit_pj"]
    )
    return _count("additions", workload) * add_pj(workload.state_bits, technology) + per_bit * workload.state_bits


def products_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Causal products of one update [pJ]: a multiplication, an addition and a register each."""
    bits = workload.state_bits
    multiply = technology["int_mult_per_bit2_pj"] * workload.weight_bits * bits
    return products(workload) * (multiply + add_pj(bits, technology) + technology["register_per_bit_pj"] * bits)


def products(workload: Workload) -> Float[Array, " layers"]:
    """Multiply-accumulates of one update: step t of a causal product takes t of them."""
    return _count("causal", workload) * (workload.timesteps + 1) / 2


def update_cycles(workload: Workload) -> Float[Array, " layers"]:
    """Cycles that an update occupies a unit, which has one multiplier."""
    return 1 + products(workload) - _count("causal", workload)


def kept_words(workload: Workload) -> Float[Array, " layers"]:
    """Words of the state's width that a neuron keeps between steps."""
    return _count("states", workload) + _count("causal", workload) * workload.timesteps


def moved_words(workload: Workload, batches: ArrayLike) -> Float[Array, " layers"]:
    """Words that move between a neuron and its memory in one inference of `batches` batches of steps, in either direction.

    Nothing is read before the first batch, nor written after the last. Of a causal product's inputs, batch b reads those of all
    before it: T (B - 1) / 2 in all.
    """
    turns = jnp.maximum(jnp.asarray(batches) - 1, 0)
    inputs = workload.timesteps * (1 / jnp.maximum(jnp.asarray(batches), 1) + 0.5)
    return turns * (2 * _count("states", workload) + _count("causal", workload) * inputs)


def visited_words(workload: Workload) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
    """Words that a neuron in memory has read when it is visited in a step, and written when it is updated."""
    # currents gather in memory, also where no state is kept: an ANN layer's, and the newest of a causal product's inputs
    states = _mixed(workload, lambda model: max(model.states, 1))
    return states + products(workload) - _count("causal", workload), states


def parameter_words(workload: Workload) -> Float[Array, " layers"]:
    """Constants that a neuron in memory has to itself, each of the state's width: a threshold per comparison, a rate per decay."""
    return _count("comparisons", workload) + _count("shifts", workload)


def register_bits(workload: Workload) -> Float[Array, " layers"]:
    """Registers of a unit that an update passes [bit]."""
    return (_count("registers", workload) + _count("causal", workload)) * workload.state_bits


def unit_um2(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Area of a neuron unit that serves the layer [um2]: adders, registers, and the multiplier of a causal product.

    No area of a comparator is sourced: it subtracts, so it counts as an adder. Multiplexers and shifts by a constant are left out.
    """
    causal = _count("causal", workload)
    adders = _count("additions", workload) + _count("comparisons", workload) + causal
    registers = _count("registers", workload) + causal
    per_bit = adders * technology["int_add_area_per_bit_um2"] + registers * technology["register_area_per_bit_um2"]
    return workload.state_bits * (per_bit + causal * workload.weight_bits * technology["int_mult_area_per_bit2_um2"])


def _count(field: str, workload: Workload) -> Float[Array, " layers"]:
    return _mixed(workload, lambda model: getattr(model, field))


def _mixed(workload: Workload, quantity: Callable[[NeuronModel], int]) -> Float[Array, " layers"]:
    """Of every layer's model, and of a rectifier as far as it does not spike."""
    own = jnp.asarray([float(quantity(NEURONS[layer.neuron])) for layer in workload], workload.input_rate.dtype)
    return workload.spiking * own + (1 - workload.spiking) * float(quantity(RECTIFIER))
