"""Operation and memory energies at 45 nm, 0.9 V that most algorithm papers use, and their usual operation count.

Horowitz, "Computing's energy problem", ISSCC 2014, read through two independent code bases that carry the table. The count is the one of
Rathi and Roy and most papers since: E_ANN = sum operations E_MAC, E_SNN = sum operations s T E_AC, with s the spikes per neuron and step
that feed a layer; a first layer with real-valued input multiplies. No memory, neuron, address or routing cost.
"""

from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.published.leaves import leaf
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

# pJ per operation
INT8_ADD: Final = 0.03
INT32_ADD: Final = 0.1
INT8_MULTIPLY: Final = 0.2
INT32_MULTIPLY: Final = 3.1
FP32_ADD: Final = 0.9
FP32_MULTIPLY: Final = 3.7
# pJ per 64-bit access by capacity [KB]
SRAM_64BIT: Final = {8: 10.0, 32: 20.0, 1024: 100.0}
# least-squares line through their logarithms: pJ per 64-bit access at 1 KB, exponent
SRAM_COEFFICIENT: Final = 3.8025
SRAM_EXPONENT: Final = 0.4726


def sram_64bit(capacity_kb: ArrayLike) -> Float[Array, "..."]:
    """Energy of one 64-bit access to an SRAM of a capacity [pJ]: the power law through the three published points."""
    return SRAM_COEFFICIENT * jnp.power(jnp.asarray(capacity_kb), SRAM_EXPONENT)


def operation_energy(operations: ArrayLike, accumulate_pj: ArrayLike, spikes_per_step: ArrayLike, timesteps: ArrayLike) -> Array:
    """Energy of a spiking layer by operation count [pJ].

    Args:
        operations: multiply-accumulates of one dense pass.
        accumulate_pj: energy of an accumulate.
        spikes_per_step: mean spikes per neuron and *step*, s; a count over the whole window goes in with `timesteps` 1. The rate
            enters once: one paper's table multiplies by it twice.
        timesteps: T.
    """
    return jnp.asarray(operations) * accumulate_pj * spikes_per_step * timesteps


class OperationCount(AbstractHardware):
    """The hardware-agnostic estimate. Its constants are its own (45 nm): `technology` is ignored.

    A spiking layer accumulates for its spikes, any other layer multiplies and accumulates for all of its inputs; so does the first layer
    where its inputs have two bits or more (between one and two, in proportion). No time, no area.

    Attributes:
        mac_pj, accumulate_pj: energy of an operation; by default 32-bit floating point.
    """

    mac_pj: Float[Array, "..."] = eqx.field(default=FP32_ADD + FP32_MULTIPLY, converter=leaf)
    accumulate_pj: Float[Array, "..."] = eqx.field(default=FP32_ADD, converter=leaf)

    def unsupported(self, layer: LayerWork) -> str | None:
        """Every layer is counted; pooling has no multiply-accumulates and is free."""
        return None

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Energy of one inference; linear, so `hardness` does not matter."""
        macs = workload.static("macs")
        spikes = operation_energy(macs, self.accumulate_pj, workload.input_rate, workload.timesteps)
        # all inputs, zeros too: the count knows no ANN that skips them
        values = macs * self.mac_pj * workload.timesteps
        # a payload behind the first layer is no direct encoding: pooled spikes, which the papers accumulate
        numbers = jnp.zeros_like(macs).at[0].set(jnp.clip(workload.activation_bits[0] - 1, 0, 1))
        accumulated = workload.spiking * (1 - numbers)
        zeros = jnp.zeros_like(macs)
        return Cost(
            layers=workload.names,
            components=("accumulate", "multiply_accumulate"),
            energy_pj=jnp.stack([accumulated * spikes, (1 - accumulated) * values], axis=-1),
            latency_ns=zeros,
            area_um2=jnp.zeros(2, macs.dtype),
            utilisation=jnp.asarray(np.ones(len(workload)), macs.dtype),  # no units, so none is idle
        )
