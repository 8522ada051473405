"""What lies between engines: a double buffer, and a link with its router.

A map crosses when it is finished. It fills half of the buffer while the other half is read, and where it outgrows a half it passes in
parts, each with a handshake of both engines; the engine that made it holds the rest meanwhile.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.hardware.parameters.pieces import pieces
from codesign.hardware.parts.memory import logic_leakage_mw, sram_area_um2, sram_leakage_mw, sram_pj_per_bit
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload

_KB_BITS = 8192


class Transfer(NamedTuple):
    """Energy [pJ] and time [ns] per layer, area [um2], leakage power [mW]."""

    energy_pj: Float[Array, " layers"]
    latency_ns: Float[Array, " layers"]
    area_um2: Float[Array, ""]
    leakage_mw: Float[Array, ""]


def transfer(
    buffer_kb: Array,
    link_gbit_per_s: Array,
    changes: Float[Array, " layers"],
    workload: Workload,
    technology: Technology,
    hardness: ArrayLike,
) -> Transfer:
    """Transfers of an inference, at the technology's supply: an engine's own says nothing of what lies between engines.

    Args:
        buffer_kb: double buffer [kB].
        link_gbit_per_s: bandwidth [Gbit/s]; at the technology's fastest clock it says how many wires the link has.
        changes: chance that each layer's input comes from another engine.
        workload: what runs.
        technology: prices.
        hardness: see `AbstractHardware.cost`.
    """
    # the whole map, zeros included: no coding is assumed between engines
    crossing = _arriving(workload) * workload.activation_bits * workload.timesteps
    half = buffer_kb / 2 * _KB_BITS
    handshakes = pieces(crossing, half, hardness) * technology["barrier_first_tile_ns"]
    # reading follows writing by a part; bit / (Gbit/s) = ns
    passing = (crossing + jnp.minimum(crossing, half)) / link_gbit_per_s
    wires = 1000 * link_gbit_per_s / technology["maximum_clock_mhz"]
    router = technology["router_area_um2"] * wires / technology["router_link_bits"]
    used = any_of(changes)
    return Transfer(
        energy_pj=changes * crossing * (2 * sram_pj_per_bit(buffer_kb, technology) + technology["hop_pj_per_bit"]),
        latency_ns=changes * (passing + handshakes),
        area_um2=used * (sram_area_um2(buffer_kb, technology) + router),
        leakage_mw=used * (sram_leakage_mw(buffer_kb, technology) + logic_leakage_mw(router, technology)),
    )


def any_of(shares: Float[Array, " layers"]) -> Float[Array, ""]:
    """Whether any of the shares is in use: `1 - prod(1 - share)`."""
    # smooth in all shares, where a maximum would follow the largest alone; 1 as soon as one layer is here in full
    return 1 - jnp.prod(1 - shares)


def _arriving(workload: Workload) -> Float[Array, " layers"]:
    """Elements of the map that comes from the layer before: a recurrent layer's own outputs never leave it."""
    elements = [layer.neurons_in - (layer.neurons_out if layer.kind == "recurrent" else 0) for layer in workload]
    return jnp.asarray(np.asarray(elements, float), workload.input_rate.dtype)
