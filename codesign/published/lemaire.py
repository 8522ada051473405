"""Lemaire et al.: energy of formal and spiking layers from operations, memory accesses and addressing.

"An Analytical Estimation of Spiking Neural Networks Energy Efficiency", ICONIP 2022 (arXiv 2210.13107), as implemented by the authors'
group (qualia-plugin-snn 2.6.0) and by SpikingJelly 2.0.0; 32-bit operands, 45 nm. E = E_ops + E_memory + E_addressing; the energy of an
access depends on the size of the memory that holds the data. th_in, th_out: spikes entering and leaving a layer over all T steps.

The programs disagree, and the paper with both: its fully connected accumulate equation multiplies by N_in once too often (not kept);
the plug-in uses the spike *rate* where the count is meant in fully connected addressing, and N_in N_out for formal layers (not kept);
they differ in the address additions per spike of a convolution (`addresses_per_spike`).
"""

from typing import Final, Literal, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.published.horowitz import INT32_ADD, INT32_MULTIPLY, SRAM_64BIT
from codesign.published.leaves import leaf
from codesign.published.shapes import weighted
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

# the plug-in's rounding of `memory_regression`: pJ per stored bit and access, and pJ per access
SLOPE_PJ_PER_BIT: Final = 1.09e-5
OFFSET_PJ: Final = 13.2
# SpikingJelly's piecewise linear memory: stored bytes, pJ per access
PIECES: Final = ((0.0, 8 * 1024.0, 32 * 1024.0, 1024 * 1024.0), (0.0, 10.0, 20.0, 100.0))

COMPONENTS: Final = ("operations", "input_reads", "weight_reads", "bias_reads", "potentials", "output_writes", "addressing")
MemoryLaw = Literal["regression", "piecewise"]
Neuron = Literal["if", "lif"]
Addresses = Literal["kernel", "kernel_channels"]


def memory_regression() -> tuple[float, float]:
    """Slope [pJ/bit] and offset [pJ] of the line through Horowitz' SRAM points; capacities in decimal KB, the largest 1000."""
    # decimal sizes give the published line; binary ones would give a slope of 1.04e-5
    bits = np.asarray([8000 * min(capacity, 1000) for capacity in SRAM_64BIT], float)
    slope, offset = np.polyfit(bits, list(SRAM_64BIT.values()), 1)
    return float(slope), float(offset)


def access_energy(stored_bits: ArrayLike, law: MemoryLaw = "regression") -> Float[Array, "..."]:
    """Energy of one 32-bit access to a memory that stores `stored_bits` [pJ]."""
    if law == "regression":
        return SLOPE_PJ_PER_BIT * jnp.asarray(stored_bits) + OFFSET_PJ
    points = jnp.asarray(PIECES)
    # held at the last point, as `interp` does: larger memories cost no more
    return jnp.interp(jnp.asarray(stored_bits) / 8, points[0], points[1])


class Shapes(NamedTuple):
    """Layers, `[layers]` each: `kernel` is k^2 of a convolution, `reach` ceil(k/S)^2; a fully connected layer has 1 for both.

    `reads` is the number of input reads of a formal layer: Ci Co Ho Wo k^2 of a convolution, N_in of a fully connected one.
    """

    inputs: ArrayLike
    outputs: ArrayLike
    channels_out: ArrayLike
    weights: ArrayLike
    macs: ArrayLike
    kernel: ArrayLike
    reach: ArrayLike
    reads: ArrayLike
    convolution: ArrayLike


def formal_energy(shapes: Shapes, bits: ArrayLike, law: MemoryLaw = "regression") -> Float[Array, "layers components"]:
    """Energy of one pass of formal layers by component [pJ]."""
    outputs, macs = jnp.asarray(shapes.outputs), jnp.asarray(shapes.macs)
    output_access = access_energy(outputs * bits, law)
    biases = access_energy(jnp.asarray(shapes.channels_out) * bits, law)
    addresses = shapes.inputs + outputs + shapes.convolution * jnp.asarray(shapes.channels_out) * shapes.kernel
    parts = (
        macs * (INT32_MULTIPLY + INT32_ADD) + outputs * INT32_ADD,
        shapes.reads * access_energy(jnp.asarray(shapes.inputs) * bits, law),
        macs * access_energy(jnp.asarray(shapes.weights) * bits, law),
        outputs * biases,
        0 * outputs,  # formal neurons keep no potential
        outputs * output_access,
        addresses * INT32_ADD,
    )
    return jnp.stack(parts, axis=-1)


def spiking_energy(
    shapes: Shapes,
    spikes_in: ArrayLike,
    spikes_out: ArrayLike,
    timesteps: ArrayLike,
    bits: ArrayLike,
    neuron: Neuron = "lif",
    law: MemoryLaw = "regression",
    addresses_per_spike: Addresses = "kernel_channels",
) -> Float[Array, "layers components"]:
    """Energy of spiking layers over all steps by component [pJ].

    Args:
        shapes: layers.
        spikes_in: spikes that enter over all steps, th_in, a scalar or `[layers]`; they are read from a FIFO of size 0.
        spikes_out: spikes that leave, th_out, likewise.
        timesteps: T.
        bits: operand width.
        neuron: `lif` multiplies every potential in every step, `if` does not.
        law: memory energy.
        addresses_per_spike: additions that find a spike's targets in a convolution: k^2, or Co k^2.
    """
    outputs = jnp.asarray(shapes.outputs)
    into, out = (jnp.broadcast_to(spikes, outputs.shape) for spikes in (spikes_in, spikes_out))
    # a stride skips positions of the kernel, so a spike reaches ceil(k / S)^2 of them; its weights are read k^2 times all the same
    fan_out = shapes.reach * jnp.asarray(shapes.channels_out)
    events, updates = into * fan_out, outputs * timesteps
    leak = updates * (INT32_MULTIPLY + INT32_ADD) if neuron == "lif" else 0 * updates
    # of size 0: the regression's offset, and nothing under the piecewise law
    fifo = access_energy(0.0, law)
    targets = shapes.kernel * (jnp.asarray(shapes.channels_out) if addresses_per_spike == "kernel_channels" else 1)
    # as published: 2 MACs a spike, and an addition a target
    convolution = into * (2 * (INT32_MULTIPLY + INT32_ADD) + targets * INT32_ADD)
    parts = (
        leak + (events + updates + out) * INT32_ADD,
        into * fifo,
        into * shapes.channels_out * shapes.kernel * access_energy(jnp.asarray(shapes.weights) * bits, law),
        updates * access_energy(jnp.asarray(shapes.channels_out) * bits, law),
        2 * (events + updates) * access_energy(outputs * bits, law),  # read and written back
        out * fifo,
        jnp.where(jnp.asarray(shapes.convolution) > 0, convolution, into * shapes.channels_out * INT32_ADD),
    )
    return jnp.stack(parts, axis=-1)


class Lemaire(AbstractHardware):
    """Lemaire's estimate. Its constants are its own (45 nm): `technology` is ignored.

    A layer's `spiking` mixes the spiking and the formal estimate. No time and no area in this model: latency and area are 0.

    Attributes:
        bits: operand width.
        neuron: leak or no leak (static).
        law: memory energy (static).
        addresses_per_spike: see `spiking_energy` (static).
    """

    bits: Float[Array, "..."] = eqx.field(default=32.0, converter=leaf)
    neuron: Neuron = eqx.field(default="lif", static=True)
    law: MemoryLaw = eqx.field(default="regression", static=True)
    addresses_per_spike: Addresses = eqx.field(default="kernel_channels", static=True)

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention: the model reads stored weights."""
        return "Lemaire's model has no attention" if layer.kind == "attention" else None

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Energy of one inference; smooth everywhere, so `hardness` does not matter."""
        self.require(workload)
        dtype = workload.input_rate.dtype
        shapes = layer_shapes(workload)
        steps = workload.timesteps
        into = workload.input_rate * shapes.inputs * steps
        out = workload.output_rate * shapes.outputs * steps
        spiking = spiking_energy(shapes, into, out, steps, self.bits, self.neuron, self.law, self.addresses_per_spike)
        # the formal estimate is of one pass
        formal = steps[:, None] * formal_energy(shapes, self.bits, self.law)
        share = workload.spiking[:, None]
        # pooling goes through the equations and is taken out here: its biases and potentials would count
        counted = jnp.asarray(weighted(workload), dtype)
        return Cost(
            layers=workload.names,
            components=COMPONENTS,
            energy_pj=counted[:, None] * (share * spiking + (1 - share) * formal),
            latency_ns=jnp.zeros(len(workload), dtype),
            area_um2=jnp.zeros(len(COMPONENTS), dtype),
            utilisation=jnp.ones(len(workload), dtype),
        )


def layer_shapes(workload: Workload) -> Shapes:
    """A workload's layers as the model sees them; a group's spikes reach the channels of that group."""
    rows = []
    for layer in workload:
        convolution = layer.kind in ("conv", "pool")
        kernel = layer.kernel_height * layer.kernel_width if convolution else 1
        # ceilings of whole numbers by floor division: nothing rounds
        reach = -(-layer.kernel_height // layer.stride) * -(-layer.kernel_width // layer.stride) if convolution else 1
        reads = layer.macs if convolution else layer.neurons_in
        channels = layer.channels_out // layer.groups
        rows.append((layer.neurons_in, layer.neurons_out, channels, layer.weights, layer.macs, kernel, reach, reads, float(convolution)))
    return Shapes(*(jnp.asarray(column, workload.input_rate.dtype) for column in np.asarray(rows, float).T))
