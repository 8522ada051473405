"""Yan et al.: a spiking network against the quantised network that is its exact twin, at 22 nm.

"Reconsidering the Energy Efficiency of SNN Inference from Analytical Perspectives" (arXiv 2409.08290 v4, IEEE TCAD 2026). A network of
non-leaky, reset-by-subtraction neurons over T steps computes what a quantised network with b = ceil(log2(T+1)) bits per activation
does. With s spikes per neuron and step, g the QNN's activation sparsity, h hops, Es and Ed the energy per bit and hop of sparse events
and dense data, W the energy of one weight read and M the QNN's multiply term, per synapse and inference:

    SNN = T s (Es h + E_ACC + W) + T overhead / fan_in,      QNN = b Ed h + W + M,      breakeven  s* = SNN = QNN solved for s

In convolutions W is amortised over output positions and drops out. The twin theorem, the bounds (1-g)/T <= s <= 1-g, and the energies
of operations and movement are the paper's; W, M and the per-neuron overhead (two accesses of the state, compare, and subtract per
spike) were inferred from its reported breakevens and are not printed in what could be read. T = 1 with 8-bit weights (reported 0.297) is
not reproduced: the form gives 0.17. No time and no area: latency and area are 0.
"""

from typing import Final

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.numerics import safe_divide, smooth_ceil
from codesign.published.leaves import leaf
from codesign.published.shapes import weighted
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

# 22 nm, TT, 0.80 V, 25 C, 1 GHz [pJ]; arXiv 2409.08290 v4
ACCUMULATE_PJ: Final = 0.05448
COMPARE_PJ: Final = 0.05448
SUBTRACT_PJ: Final = 0.05448
SPARSE_MOVE_PJ: Final = 3.0  # per bit and hop, typical neuromorphic
DENSE_MOVE_PJ: Final = 0.25
# inferred from reported breakevens
READ_PJ_PER_BIT: Final = 0.0388
MULTIPLY_TERM_PJ: Final = (0.0126, 0.0165)  # (1 - g) E_MAC with 4-bit weights, at b = 2 and b = 3
STATE_BITS: Final = 8
COMPONENTS: Final = ("movement", "compute", "weights", "neurons")


def activation_bits(timesteps: ArrayLike, hardness: ArrayLike = 1.0) -> Float[Array, "..."]:
    """Bits of the twin's activations, b = ceil(log2(T + 1))."""
    # enough for 0 to T spikes
    return smooth_ceil(jnp.log2(jnp.asarray(timesteps) + 1.0), hardness)


def twin_spike_count(inputs: ArrayLike, threshold: ArrayLike, timesteps: ArrayLike) -> Array:
    """Spikes of an integrate-and-fire neuron for a constant input in [0, threshold): floor(T x / threshold).

    The neuron starts at 0 and resets by subtraction.
    """
    # whole numbers stay whole: the theorem holds exactly and is tested so
    return jnp.floor_divide(jnp.asarray(timesteps) * jnp.asarray(inputs), jnp.asarray(threshold))


def rate_bounds(sparsity: ArrayLike, timesteps: ArrayLike) -> tuple[Array, Array]:
    """Least and largest spike rate of a network whose twin has the activation sparsity g: (1-g)/T and 1-g."""
    active = 1 - jnp.asarray(sparsity)
    return active / timesteps, active


def compute_only_breakeven(mac_over_accumulate: ArrayLike, sparsity: ArrayLike, timesteps: ArrayLike) -> Array:
    """Spike rate below which the SNN wins when data movement is free: T s < k (1-g)."""
    return jnp.asarray(mac_over_accumulate) * (1 - jnp.asarray(sparsity)) / timesteps


def multiply_term(bits: ArrayLike) -> Float[Array, "..."]:
    """The QNN's term (1-g) E_MAC [pJ] at b activation bits: the line through the two inferred points."""
    low, high = MULTIPLY_TERM_PJ
    # two points say no more than a line; far from 2 and 3 bits it is a guess
    return low + (jnp.asarray(bits) - 2) * (high - low)


def neuron_overhead(state_bits: ArrayLike = STATE_BITS) -> Float[Array, "..."]:
    """Energy of a neuron in one step, spikes aside [pJ]: state read and written, one comparison."""
    return 2 * READ_PJ_PER_BIT * jnp.asarray(state_bits) + COMPARE_PJ


def breakeven_rate(
    timesteps: ArrayLike,
    weight_bits: ArrayLike = 4,
    fan_in: ArrayLike = 4096,
    *,
    hops: ArrayLike = 1.0,
    sparse_move_pj: ArrayLike = SPARSE_MOVE_PJ,
    dense_move_pj: ArrayLike = DENSE_MOVE_PJ,
    weight_scale: ArrayLike = 1.0,
    operation_scale: ArrayLike = 1.0,
) -> Float[Array, "..."]:
    """Spike rate s* at which twin and network cost the same; fully connected, so every weight is read for every use.

    Args:
        timesteps: T.
        weight_bits: width of a weight.
        fan_in: synapses of a neuron, over which the neuron's own cost is spread.
        hops: mean distance.
        sparse_move_pj: energy of an event per bit and hop.
        dense_move_pj: energy of dense data per bit and hop.
        weight_scale: multiplies the energy of a weight read (sensitivity).
        operation_scale: multiplies the energies of accumulate and multiply (sensitivity).
    """
    t, b = jnp.asarray(timesteps), activation_bits(timesteps)
    weight = READ_PJ_PER_BIT * jnp.asarray(weight_bits) * weight_scale
    # dense data move whether zero or not, so no sparsity enters
    qnn = b * dense_move_pj * hops + weight + multiply_term(b) * operation_scale
    per_event = jnp.asarray(sparse_move_pj) * hops + ACCUMULATE_PJ * jnp.asarray(operation_scale) + weight
    fan = jnp.asarray(fan_in)
    # s on both sides of a neuron: its own spikes, at the same mean rate, cost a subtraction each
    return (qnn - t * neuron_overhead() / fan) / (t * (per_event + SUBTRACT_PJ / fan))


def convolution_ratio(
    timesteps: ArrayLike,
    rate: ArrayLike,
    *,
    hops: ArrayLike = 1.0,
    sparse_move_pj: ArrayLike = SPARSE_MOVE_PJ,
    dense_move_pj: ArrayLike = DENSE_MOVE_PJ,
    weight_density: ArrayLike = 1.0,
) -> Float[Array, "..."]:
    """E_SNN / E_QNN of a convolutional network; `weight_density` below 1 gates the operations of zero weights ideally in both."""
    t, b = jnp.asarray(timesteps), activation_bits(timesteps)
    event = jnp.asarray(sparse_move_pj) * hops + ACCUMULATE_PJ * jnp.asarray(weight_density)
    # neither weight reads nor neurons: both are spread over positions and fan-in
    return t * rate * event / (b * dense_move_pj * hops + multiply_term(b) * weight_density)


def dense_regime_ratio(timesteps: ArrayLike) -> Float[Array, "..."]:
    """E_SNN / E_QNN where both move dense data: T one-bit words against one of b bits."""
    return jnp.asarray(timesteps) / activation_bits(timesteps)


class YanTwin(AbstractHardware):
    """Both twins on one neuromorphic mesh. Its constants are its own (22 nm): `technology` is ignored.

    A layer with `spiking` 1 costs what the SNN does, with 0 what a QNN of `activation_bits` does, between a mixture. Convolutions do not
    pay for weight reads.

    Attributes:
        hops: mean distance of a transfer.
        sparse_move_pj, dense_move_pj: energy per bit and hop of events and of dense data.
    """

    hops: Float[Array, "..."] = eqx.field(default=1.0, converter=leaf)
    sparse_move_pj: Float[Array, "..."] = eqx.field(default=SPARSE_MOVE_PJ, converter=leaf)
    dense_move_pj: Float[Array, "..."] = eqx.field(default=DENSE_MOVE_PJ, converter=leaf)

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention: the model counts stored synapses."""
        return "the model counts stored synapses" if layer.kind == "attention" else None

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Energy of one inference; smooth everywhere, so `hardness` does not matter."""
        self.require(workload)
        dtype = workload.input_rate.dtype
        synapses = workload.static("macs") * jnp.asarray(weighted(workload), dtype)
        neurons = workload.static("neurons_out") * jnp.asarray(weighted(workload), dtype)
        # a kernel is read once for all positions
        amortised = jnp.asarray([float(layer.kind != "conv") for layer in workload], dtype)
        weight = amortised * READ_PJ_PER_BIT * workload.weight_bits
        events = workload.timesteps * workload.input_rate
        fired = workload.timesteps * workload.output_rate
        spiking = [
            synapses * events * self.sparse_move_pj * self.hops,
            synapses * events * ACCUMULATE_PJ,
            synapses * events * weight,
            neurons * (workload.timesteps * neuron_overhead(workload.state_bits) + fired * SUBTRACT_PJ),
        ]
        bits = workload.activation_bits
        # one pass: the twin has no steps
        quantised = [
            synapses * bits * self.dense_move_pj * self.hops,
            synapses * multiply_term(bits),
            synapses * weight,
            0 * neurons,
        ]
        share = workload.spiking[:, None]
        return Cost(
            layers=workload.names,
            components=COMPONENTS,
            energy_pj=share * jnp.stack(spiking, -1) + (1 - share) * jnp.stack(quantised, -1),
            latency_ns=jnp.zeros(len(workload), dtype),
            area_um2=jnp.zeros(len(COMPONENTS), dtype),
            utilisation=safe_divide(synapses, synapses),  # 1 where there are synapses, else 0
        )
