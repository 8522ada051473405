"""What a systolic array cannot do: a clock that its gates or memories do not follow, a network that a closed chip does not hold."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.hardware.parts.memory import sram_maximum_mhz
from codesign.hardware.parts.neuron import kept_words
from codesign.hardware.parts.supply import delay_factor
from codesign.hardware.systolic.traffic import KB_BITS, Memories, has_neurons, map_bits, operand_bits
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload


def maximum_mhz(memories: Memories, supply_v: Array, technology: Technology) -> Float[Array, ""]:
    """Fastest clock at this supply [MHz]: that of the gates, and of a memory that takes an access a cycle.

    No source says how much larger and leakier gates become as a clock nears this bound, so up to it a faster clock is paid for by the
    cycles that stall: registers and sequencer run on while the array waits for the memory off the chip.
    """
    slowest = jnp.min(sram_maximum_mhz(jnp.stack(memories), technology))
    return jnp.minimum(technology["maximum_clock_mhz"], slowest) / delay_factor(supply_v, technology)


def is_closed(technology: Technology) -> bool:
    """Whether there is no memory beside the chip, so that it has to hold the network and its maps."""
    return technology.parts is not None and technology.parts.offchip == "none"


def over_capacity(memories: Memories, workload: Workload) -> Float[Array, ""]:
    """Bits that a closed chip has to hold over those that it can, of the memory that is asked for most.

    All weights at once, as nothing is loaded: their buffer is not double. A layer's map in and its map out, half of the buffer each.
    """
    map_in, map_out = map_bits(workload)
    bits = operand_bits(workload)
    # a skip path waits beside the map that it joins
    map_in = map_in + workload.static("residual_inputs") * bits.activation * workload.timesteps
    states = has_neurons(workload) * workload.static("neurons_out") * bits.state * kept_words(workload)
    asked = jnp.stack([2 * jnp.max(map_in), 2 * jnp.max(map_out), jnp.sum(workload.static("weights") * bits.weight), jnp.max(states)])
    held = jnp.stack([memories.input_buffer_kb, memories.input_buffer_kb, memories.weight_buffer_kb, memories.output_buffer_kb])
    return jnp.max(asked / (held * KB_BITS))
