"""What an event costs on a many-core chip: the technology decides.

A file with measured event energies is used as it is (`measured`); any other prices an event from memories and arithmetic (`synthesised`).
"""

from jax.typing import ArrayLike
from jaxtyping import Array

from codesign.hardware.manycore.core import Core, EventPrices
from codesign.hardware.manycore.measured import measured
from codesign.hardware.manycore.synthesised import synthesised
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload


def has_measured_events(technology: Technology) -> bool:
    """Whether a chip's own events stand for everything around them."""
    # names are static, so this is decided while tracing
    return "neuron_access" in technology.values


def event_prices(
    core: Core, workload: Workload, synapse: str, stored_bits: Array, technology: Technology, hardness: ArrayLike
) -> EventPrices:
    """Prices under a technology: measured ones where it has them, else from memories and arithmetic.

    Args:
        core: the core.
        workload: gives weight, payload and state bits.
        synapse: the format of a dense layer's synapses, `dense` or `sparse`; convolution and pooling share their weights.
        stored_bits: bits of one stored synapse, `[layers]`.
        technology: prices.
        hardness: see `AbstractHardware.cost`.
    """
    if has_measured_events(technology):
        return measured(core, workload, synapse, stored_bits, technology)
    return synthesised(core, workload, stored_bits, technology, hardness)
