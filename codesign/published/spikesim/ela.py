"""SpikeSim ELA: energy, latency and area of a spiking network on RRAM or SRAM crossbars at 65 nm, as the tool computes them.

Model of Moitra, Bhattacharjee, Kuang, Krishnan, Cao, Panda, "SpikeSim", IEEE TCAD 2023 (arXiv 2210.12899); equations and constants
are those of the public tool (Intelligent-Computing-Lab-Yale/SpikeSim, commit c2627bc), read and run. With crossbar size X, m = X/8,
kernel k, P crossbars (PEs) per tile, T steps, Ho the output size after pooling, n_l = ceil(Cin/X) ceil(Cout/X) crossbars of a layer:

    energy  = T sum_l n_l Ho_l^2 E_cycle
    area    = tiles and their PEs + input buffer over all layers + neuron memory over the first five
    latency = T (sum_{l<last} floor(0.75 N_l) + N_last) 26 clocks,   N_l = Cout Ho^2

Defects kept: latency ignores the crossbar size and the mapping, and counts output elements where energy counts pixels; crossbar
energy and area do not grow with X^2; the SRAM cell constant serves as pJ and as um2; neuron memory exists for five layers only; one
kernel size for the whole network; no DAC, no network on chip, no leakage; spikes, weight bits and ADC bits do not matter; the pooled
Ho undercounts convolutions. Not kept: where the tool refuses, hangs or fails (`verdict`), the same equations still give an answer.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.numerics import quotient, safe_divide, smooth_ceil
from codesign.published.leaves import leaf
from codesign.published.shapes import pooled_positions, rank_among_weighted, weighted
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

Device = Literal["rram", "sram"]
Verdict = Literal["ok", "order_refused", "hang", "IndexError"]
"""What the tool does with a network: a result, or which way it fails."""

# 65 nm; SpikeSim ELA, commit c2627bc: ele.py. Energies per crossbar and cycle [pJ], areas [um2]; m = X/8 columns per ADC
CELL_ENERGY_PJ: Final = {"rram": 1.76423, "sram": 671.089}  # per k^2 m
CELL_AREA_UM2: Final = {"rram": 26.2144, "sram": 671.089}  # per k^2 and PE: the same number as the SRAM energy (defect)
HTREE_PJ: Final = 19.64 * 8
FETCH_PJ: Final = 4.64
NEURON_PJ: Final = 1.274 * 4
TILE_BUFFER_PJ: Final = 397.0
TEMP_BUFFER_PJ: Final = 0.2  # per m
SUBTRACTOR_PJ: Final = 16 * 1.15e-6  # per m
ADC_PJ: Final = 2.03084  # per m^2
MUX_PJ: Final = 0.094245  # per m^2
SUBTRACTOR_UM2: Final = 13411.41498  # per m and tile
TEMP_BUFFER_UM2: Final = 484.643999
TILE_BUFFER_UM2: Final = 0.7391 * 8192
HTREE_UM2: Final = 433660.0
ADC_UM2: Final = 693.633  # per m and PE
MUX_UM2: Final = 45.9
NEURON_MEMORY_UM2: Final = 0.7391 * 22  # per element of a map
CLOCKS_PER_CYCLE: Final = 26
NEURON_MEMORY_LAYERS: Final = 5  # defect: however many there are
MOST_LAYERS: Final = 12  # more, and it fails with an IndexError

COMPONENTS: Final = (
    "crossbar",
    "adc",
    "mux",
    "subtractor",
    "temp_buffer",
    "tile_buffer",
    "htree",
    "memory_fetch",
    "neuron",
    "input_buffer",
    "neuron_memory",
)


class Network(NamedTuple):
    """What the tool reads of a network, one entry per layer with weights.

    Attributes:
        channels_in, channels_out: of the layer.
        pixels_in, pixels_out: of the whole map.
    """

    channels_in: Float[Array, " layers"]
    channels_out: Float[Array, " layers"]
    pixels_in: Float[Array, " layers"]
    pixels_out: Float[Array, " layers"]


def crossbars(network: Network, crossbar_size: ArrayLike, hardness: ArrayLike = 1.0) -> Float[Array, " layers"]:
    """Crossbars of each layer, n = ceil(Cin/X) ceil(Cout/X)."""
    size = jnp.asarray(crossbar_size)
    inputs, outputs = quotient(network.channels_in, size), quotient(network.channels_out, size)
    return smooth_ceil(inputs, hardness) * smooth_ceil(outputs, hardness)


def energy_per_cycle(crossbar_size: ArrayLike, kernel: ArrayLike, device: Device) -> Float[Array, " components"]:
    """Energy of one crossbar for one output pixel, by `COMPONENTS` [pJ]."""
    m = jnp.asarray(crossbar_size) / 8
    one = jnp.ones_like(m)
    return jnp.stack(
        [
            m * jnp.square(kernel) * CELL_ENERGY_PJ[device],
            ADC_PJ * m**2,
            MUX_PJ * m**2,
            SUBTRACTOR_PJ * m,
            TEMP_BUFFER_PJ * m,
            TILE_BUFFER_PJ * one,
            HTREE_PJ * one,
            FETCH_PJ * one,
            NEURON_PJ * one,
            0 * one,  # input buffer and neuron memory have an area only
            0 * one,
        ]
    )


def energy(
    network: Network, crossbar_size: ArrayLike, kernel: ArrayLike, timesteps: ArrayLike, device: Device, hardness: ArrayLike = 1.0
) -> Float[Array, "layers components"]:
    """Energy of one inference by layer and component [pJ]; `timesteps` is a scalar or one value per layer."""
    cycles = crossbars(network, crossbar_size, hardness) * timesteps * network.pixels_out
    return cycles[:, None] * energy_per_cycle(crossbar_size, kernel, device)


def area(
    network: Network,
    crossbar_size: ArrayLike,
    kernel: ArrayLike,
    pes_per_tile: ArrayLike,
    device: Device,
    hardness: ArrayLike = 1.0,
    order: Sequence[int] | None = None,
) -> Float[Array, " components"]:
    """Area by component [um2]: ceil(sum n / P) tiles of P crossbars, buffers and neuron memory.

    `order` is each layer's rank, which decides whether its neurons are counted (the first five are); by default their own order.
    """
    m = jnp.asarray(crossbar_size) / 8
    tiles = smooth_ceil(quotient(jnp.sum(crossbars(network, crossbar_size, hardness)), pes_per_tile), hardness)
    pes = tiles * pes_per_tile
    ranks = np.arange(len(network.channels_in)) if order is None else np.asarray(order)
    first = jnp.asarray(ranks < NEURON_MEMORY_LAYERS, network.channels_in.dtype)
    return jnp.stack(
        [
            pes * jnp.square(kernel) * CELL_AREA_UM2[device],
            pes * m * ADC_UM2,
            pes * m * MUX_UM2,
            tiles * m * SUBTRACTOR_UM2,
            tiles * TEMP_BUFFER_UM2,
            tiles * TILE_BUFFER_UM2,
            tiles * HTREE_UM2,
            0 * tiles,  # fetch and neurons have an energy only
            0 * tiles,
            NEURON_MEMORY_UM2 * jnp.sum(network.channels_in * network.pixels_in),  # all layers, unlike the next
            NEURON_MEMORY_UM2 * jnp.sum(first * network.channels_out * network.pixels_out),
        ]
    )


def latency(network: Network, timesteps: ArrayLike, clock_mhz: ArrayLike, last: Sequence[bool] | None = None) -> Float[Array, " layers"]:
    """Time of each layer [ns]; the last one is counted in full, the others at three quarters. `last` marks it (default: the final)."""
    elements = network.channels_out * network.pixels_out
    final = np.arange(len(elements)) == len(elements) - 1 if last is None else np.asarray(last)
    # `int(0.75 N)` in the tool. Sizes are static, so the floor costs no gradient
    counted = jnp.where(final, elements, jnp.floor(0.75 * elements))
    return counted * timesteps * (CLOCKS_PER_CYCLE * 1000 / jnp.asarray(clock_mhz))


def verdict(channels_in: Sequence[int], channels_out: Sequence[int], crossbar_size: int) -> Verdict:
    """What the tool does with a network: its latency stage judges by Cin Cout / X^2, not rounded.

    Returns:
        `order_refused` where that share falls from one layer to the next, `hang` where it is below 1 everywhere, `IndexError` above
        12 layers, else `ok`.
    """
    share = np.asarray(channels_in, float) * np.asarray(channels_out, float) / crossbar_size**2
    if np.any(np.diff(share) < 0):
        return "order_refused"
    if np.all(share < 1):
        return "hang"
    return "IndexError" if len(share) > MOST_LAYERS else "ok"


class SpikeSim(AbstractHardware):
    """SpikeSim's crossbar chip. Its constants are its own (65 nm): `technology` is ignored.

    A fully connected layer runs as a 1x1 convolution on a 1x1 map. The largest kernel of the network serves for all layers, because
    the tool has one for the whole network. A pooling layer costs nothing and sets the output size of the layer before it.

    Attributes:
        crossbar_size: rows and columns of a crossbar, X.
        pes_per_tile: crossbars of a tile, P.
        clock_mhz: clock [MHz]; a crossbar cycle takes 26.
        device: `rram` or `sram` cells (static).
    """

    crossbar_size: Float[Array, "..."] = eqx.field(default=64.0, converter=leaf)
    pes_per_tile: Float[Array, "..."] = eqx.field(default=8.0, converter=leaf)
    clock_mhz: Float[Array, "..."] = eqx.field(default=250.0, converter=leaf)
    device: Device = eqx.field(default="rram", static=True)

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention and grouped convolutions: the tool has no such layers."""
        if layer.kind == "attention":
            return "SpikeSim maps stored weights only"
        if layer.has_weights and layer.groups > 1:
            return "SpikeSim has no grouped convolutions"
        return None

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference, layers one after another; rates and bits of the workload do not matter (defect of the tool)."""
        self.require(workload)
        dtype = workload.input_rate.dtype
        counted = jnp.asarray(weighted(workload), dtype)
        # pooling layers stand between those that the tool counts: first five and last are by rank, not by position
        ranks = rank_among_weighted(workload)
        final = (ranks == int(weighted(workload).sum()) - 1) & (weighted(workload) > 0)
        pixels_in = [float(layer.height_in * layer.width_in) for layer in workload]
        network = Network(
            workload.static("channels_in") * counted,
            workload.static("channels_out") * counted,
            jnp.asarray(pixels_in, dtype),
            jnp.asarray(pooled_positions(workload), dtype),
        )
        # the default is for a network of pooling alone
        kernel = max([max(layer.kernel_height, layer.kernel_width) for layer in workload if layer.has_weights], default=1)
        n = crossbars(network, self.crossbar_size, hardness)
        cells = self.crossbar_size**2 * n
        return Cost(
            layers=workload.names,
            components=COMPONENTS,
            energy_pj=energy(network, self.crossbar_size, kernel, workload.timesteps, self.device, hardness),
            latency_ns=latency(network, workload.timesteps, self.clock_mhz, final),
            area_um2=area(network, self.crossbar_size, kernel, self.pes_per_tile, self.device, hardness, ranks.tolist()),
            utilisation=jnp.minimum(safe_divide(network.channels_in * network.channels_out, cells), 1),
        )
