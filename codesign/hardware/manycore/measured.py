"""Prices of events as measured on a chip (`loihi_14nm`: SANA-FE's calibration), which carry everything its silicon spends around one."""

from typing import Final

import jax.numpy as jnp
from jaxtyping import Array

from codesign.hardware.manycore.core import (
    FETCHED_BITS,
    Action,
    Core,
    EventPrices,
    encode_pj,
    length_bits,
    neuron_memory_kb,
    payload_pj,
    router_um2,
)
from codesign.hardware.parts.memory import sram_area_um2
from codesign.hardware.parts.neuron import products, update_cycles
from codesign.hardware.parts.supply import delay_factor, energy_factor, leakage_factor
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

MESSAGE_BITS: Final = 32.0
"""Length of Loihi's messages: of the calibrated ones [bit]."""


def measured(core: Core, workload: Workload, synapse: str, stored_bits: Array, technology: Technology) -> EventPrices:
    """SANA-FE's calibration of Loihi, its event times taken as those of 8-bit synapses.

    A graded spike makes messages longer and adds a multiplication (Loihi 1 has none). Energy of messages and hops, and the router's
    area, are in proportion to their bits; links are as wide as the message of a binary spike, so its time stays. Access and update are
    those of the chip's own neuron, current-based with adaptation, whatever a layer has of it; an input that a causal product keeps takes
    a visit and a multiplication. Further words per neuron take area alone: Loihi's own sums gather for many steps ahead.

    Raises:
        KeyError: a format of synapses that nobody measured.
    """
    if f"synapse_{synapse}" not in technology.values:
        formats = [name for name in ("dense", "sparse") if f"synapse_{name}" in technology.values]
        raise KeyError(f"technology {technology.name!r} has measured no event of {synapse!r} synapses, only of {', '.join(formats)}")
    energy, delay = energy_factor(core.supply_v, technology), delay_factor(core.supply_v, technology)
    # a pooling window is a kernel of equal weights, stored once
    formats = [synapse if layer.kind in ("dense", "recurrent") else "conv" for layer in workload]
    bits = length_bits(core, workload)
    length, pieces = bits / MESSAGE_BITS, bits / core.message_bits

    def action(name: str) -> Action:
        return Action(energy * technology[name], delay * technology[f"{name}_time"])

    def message(name: str) -> Action:
        return Action(energy * technology[name] * length, delay * technology[f"{name}_time"] * pieces)

    event_pj = jnp.stack([technology[f"synapse_{name}"] for name in formats]) + payload_pj(workload, technology)
    event_ns = jnp.stack([technology[f"synapse_{name}_time"] for name in formats])
    # the constant is Loihi's core without its SRAM, which is added in the sizes of this one, and with the router of Loihi's messages
    memories = sum(sram_area_um2(kb, technology) for kb in (core.synapse_memory_kb, neuron_memory_kb(core, workload, 0)))
    router = router_um2(core, technology) - router_um2(core._replace(message_bits=jnp.float32(MESSAGE_BITS)), technology)
    area = technology["core_area_um2"] + memories + router + core.scheduler_bits * technology["register_area_per_bit_um2"]
    visit, visits = action("neuron_access"), update_cycles(workload)
    multiply_pj = products(workload) * technology["int_mult_per_bit2_pj"] * workload.weight_bits * workload.state_bits
    return EventPrices(
        access=Action(visit.pj * visits + energy * multiply_pj, visit.ns * visits),
        update=action("neuron_update"),
        spike=action("neuron_spike"),
        synapse=Action(energy * event_pj, delay * event_ns * stored_bits / FETCHED_BITS),
        message=message("message"),
        # the calibration knows a time for it and no energy
        receive=Action(jnp.zeros_like(bits), delay * technology["receive_time"] * pieces),
        east_west=message("hop_east_west"),
        north_south=message("hop_north_south"),
        barrier_tiles=jnp.asarray([1.0, 2.0, 4.0, 29.0], energy.dtype),
        barrier_ns=delay * jnp.stack([technology[f"barrier_{tiles}_tiles"] for tiles in (1, 2, 4, 29)]),
        encode_pj=energy * encode_pj(workload, technology),
        # Loihi has no clock, and its idle power is in the leakage that was measured
        control_mw=jnp.zeros_like(energy),
        leakage_mw=technology["leakage_mw_per_um2"] * area * leakage_factor(core.supply_v, technology),
        area_um2=area,
        excess=jnp.zeros_like(energy),
    )
