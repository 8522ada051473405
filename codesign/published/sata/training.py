"""SATA, training: energy of one training step (forward, backward through time, weight update), as the tool's older half computes it.

Model of Yin et al., "SATA", IEEE TCAD 2022 (arXiv 2204.05422); equations and constants of training_energy_cal of the public tool
(RuokaiYin/SATA_Sim, commit d447058, read and run). With W weights, O outputs, I inputs, E^2 output and H^2 input positions, T steps,
b forward bits, s and d the zero shares of spikes and membrane gradients:

    lif = pgu = O T;  mac_fwd = mac_wup = (1-s) W E^2 T;  mac_bwd = (1-d) W H^2 T
    dram_fwd = W + (O + I/b) T;  glb_fwd = 2 dram_fwd;  spad_fwd = 2 (W + T I/b)
    dram_bwd = T (O + I/b);  glb_bwd = 7 T O + 2 T I/b + W;  spad_bwd = W + T O
    dram_wup = 2 W;  glb_wup = 2 (1+T) W + T (I/b + O);  spad_wup = glb_wup + 2 T W

Defects kept: each linear layer overwrites the forward MACs counted so far (later convolutions add to it) and ignores sparsity; the
output layer costs nothing; spike traffic is divided by the forward bits; the sparsity of firing gradients has no effect. The tool names
no unit; its numbers are read as pJ. There is no time and no area in this model: latency and area are 0.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

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

# 16-bit units [pJ as read], training_energy_cal/energy_configs.py
MULTIPLY: Final = 0.239
ACCUMULATE: Final = 0.0389
ADD: Final = 0.00967
AND: Final = 0.000794
COMPARE: Final = 0.00309
MUX: Final = 0.00172
REGISTER: Final = 0.0301
SHIFT: Final = 0.00605
DRAM: Final = 55.58  # DRAM, SRAM and scratchpad are 200, 7.02 and 1 MAC
SRAM: Final = 1.95
SCRATCHPAD: Final = 0.2779
MAC: Final = 0.2779  # one 16-bit multiply-accumulate, by which the tool normalises
FULL_BITS: Final = 16

FORWARD: Final = ("lif", "mac_fwd", "dram_fwd", "glb_fwd", "spad_fwd")
BACKWARD: Final = ("pgu", "mac_bwd", "dram_bwd", "glb_bwd", "spad_bwd")
UPDATE: Final = ("mac_wup", "dram_wup", "glb_wup", "spad_wup")
COMPONENTS: Final = (*FORWARD, *BACKWARD, *UPDATE)


class Shapes(NamedTuple):
    """Layers as the tool counts them, `[layers]` each; an output layer has 0 everywhere.

    Attributes:
        weights: W.
        outputs: neurons, O.
        inputs: I.
        positions_out: output pixels, E^2 (1 for a linear layer).
        positions_in: input pixels, H^2 (1 for a linear layer).
        linear: whether the layer is linear: no sparsity, and it overwrites `mac_fwd`.
    """

    weights: ArrayLike
    outputs: ArrayLike
    inputs: ArrayLike
    positions_out: ArrayLike
    positions_in: ArrayLike
    linear: Sequence[bool]


def operation_counts(
    shapes: Shapes, timesteps: ArrayLike, forward_bits: ArrayLike, spike_sparsity: ArrayLike, gradient_sparsity: ArrayLike
) -> Float[Array, "layers operations"]:
    """Operations of one step by layer and kind (`COMPONENTS`); the other arguments are scalars or one value per layer."""
    linear = np.asarray(shapes.linear, bool)
    # defect: the tool assigns where it should add, so only the last linear layer and what follows are left
    last = int(np.flatnonzero(linear)[-1]) if linear.any() else 0
    survives = np.arange(len(linear)) >= last
    w, o, i = (jnp.asarray(part) for part in (shapes.weights, shapes.outputs, shapes.inputs))
    t = jnp.asarray(timesteps) * jnp.ones_like(w)
    # defect: spikes are one bit already, yet divided by the forward bits
    packed = t * i / forward_bits
    # linear layers ignore both sparsities, as in the tool
    spikes = jnp.where(linear, 1, 1 - jnp.asarray(spike_sparsity)) * w * shapes.positions_out * t
    gradients = jnp.where(linear, 1, 1 - jnp.asarray(gradient_sparsity)) * w * shapes.positions_in * t
    dram_fwd = w + t * o + packed
    glb_wup = 2 * (1 + t) * w + packed + t * o
    counts = {
        "lif": o * t,
        "mac_fwd": jnp.where(survives, spikes, 0),
        "dram_fwd": dram_fwd,
        "glb_fwd": 2 * dram_fwd,
        "spad_fwd": 2 * (w + packed),
        "pgu": o * t,
        "mac_bwd": gradients,
        "dram_bwd": t * o + packed,
        "glb_bwd": 7 * t * o + 2 * packed + w,
        "spad_bwd": w + t * o,
        "mac_wup": spikes,
        "dram_wup": 2 * w,
        "glb_wup": glb_wup,
        "spad_wup": glb_wup + 2 * t * w,
    }
    return jnp.stack([counts[name] for name in COMPONENTS], axis=-1)


def unit_energies(forward_bits: ArrayLike) -> Float[Array, "... operations"]:
    """Energy of one operation by kind (`COMPONENTS`) [pJ]; forward units scale with the bits, the others are 16-bit."""
    lif = ADD + COMPARE + 2 * MUX + 3 * REGISTER + SHIFT
    forward = jnp.asarray((lif, ACCUMULATE + AND, DRAM, SRAM, SCRATCHPAD))
    pgu = MULTIPLY + 2 * ADD + MUX + 2 * SHIFT
    rest = jnp.asarray((pgu, MULTIPLY + ACCUMULATE, DRAM, SRAM, SCRATCHPAD, ACCUMULATE + AND, DRAM, SRAM, SCRATCHPAD))
    scale = jnp.asarray(forward_bits)[..., None] / FULL_BITS
    return jnp.concatenate([scale * forward, jnp.broadcast_to(rest, (*scale.shape[:-1], len(rest)))], axis=-1)


class SataTraining(AbstractHardware):
    """SATA's training accelerator, one sample and one step. Its constants are its own (28 nm): `technology` is ignored.

    Spike sparsity is 1 - `input_rate`, forward bits are `weight_bits`. The last layer, where it is fully connected, is the output
    layer. Layers without weights vanish, as they do in the tool.

    Attributes:
        gradient_rate: non-zero share of the membrane gradients, 1 - d.
    """

    gradient_rate: Float[Array, "..."] = eqx.field(default=0.3, converter=leaf)

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention and grouped convolutions: the tool has no such layers."""
        if layer.kind == "attention":
            return "SATA counts convolutions and fully connected layers only"
        if layer.has_weights and layer.groups > 1:
            return "SATA has no grouped convolutions"
        return None

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Energy of one training step; smooth everywhere, so `hardness` does not matter."""
        self.require(workload)
        dtype = workload.input_rate.dtype
        counts = operation_counts(
            _shapes(workload), workload.timesteps, workload.weight_bits, 1 - workload.input_rate, 1 - self.gradient_rate
        )
        return Cost(
            layers=workload.names,
            components=COMPONENTS,
            energy_pj=(counts * unit_energies(workload.weight_bits)).astype(dtype),
            latency_ns=jnp.zeros(len(workload), dtype),
            area_um2=jnp.zeros(len(COMPONENTS), dtype),
            utilisation=jnp.ones(len(workload), dtype),
        )


def _shapes(workload: Workload) -> Shapes:
    """The workload's layers; those that cost nothing have sizes of 0."""
    layers = workload.layers
    counted = [layer.has_weights for layer in layers]
    ends = [index for index, has_weights in enumerate(counted) if has_weights]
    # the tool has an output kind of layer that costs nothing; here it is known by its place
    if ends and layers[ends[-1]].kind != "conv":
        counted[ends[-1]] = False
    mask = np.asarray(counted, float)
    columns = [[layer.weights, layer.neurons_out, layer.neurons_in, layer.positions, layer.height_in * layer.width_in] for layer in layers]
    dtype = workload.input_rate.dtype
    weights, outputs, inputs, out, into = (jnp.asarray(size, dtype) for size in (np.asarray(columns, float) * mask[:, None]).T)
    linear = [used and layer.kind != "conv" for used, layer in zip(counted, layers, strict=True)]
    return Shapes(weights, outputs, inputs, out, into, linear)
