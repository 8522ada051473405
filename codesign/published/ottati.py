"""Ottati et al., "To Spike or Not to Spike" (IEEE JETCAS 2023, arXiv 2306.15749): the authors' two estimates of a layer.

Equations and constants of their scripts (fabrizio-ottati/to-spike-or-not), read and run; 45 nm energies of Horowitz.

Model A (2024): one dense convolution, every operand read from a 1 MB SRAM (100 pJ per 64 bit), no reuse, no sparsity.
Model B (2023): inputs are sparse; 2.5 pJ per 8-bit word (20 pJ per 64 bit), a spike an eighth of it; costs arise per non-zero input and
per output. Its script prints nJ under the name of uJ (not kept).

Neither has time or area: latency and area are 0. Both are for one step; T steps cost T times as much.
"""

from typing import Final

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.published.horowitz import INT8_ADD, INT8_MULTIPLY, INT32_ADD
from codesign.published.shapes import weighted
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

MULTIPLY_32: Final = 3.0  # their rounding of 3.1 pJ
# model A: 100 pJ per 64 bit, by the width of a word [pJ]
WORD_8_A: Final = 12.5
WORD_32_A: Final = 50.0
SPIKE_A: Final = 1.5625
# model B: 20 pJ per 64 bit
WORD_8_B: Final = 2.5
SPIKE_B: Final = 2.5 / 8
LEAK_B: Final = 0.2
COMPONENTS_A: Final = ("compute", "memory")
COMPONENTS_B: Final = ("inputs", "neurons", "outputs")


def ann_dense(macs: ArrayLike, outputs: ArrayLike, channels: ArrayLike) -> Float[Array, "... 2"]:
    """Model A, conventional layer: compute and memory of one pass [pJ]."""
    m, n = jnp.asarray(macs), jnp.asarray(outputs)
    compute = m * (INT8_MULTIPLY + INT32_ADD) + n * (INT32_ADD + INT8_ADD + MULTIPLY_32)
    # no reuse: weight and activation of every product are read; two parameters a channel
    return jnp.stack([compute, 2 * m * WORD_8_A + n * WORD_8_A + 2 * jnp.asarray(channels) * WORD_32_A], axis=-1)


def snn_dense(macs: ArrayLike, outputs: ArrayLike, channels: ArrayLike) -> Float[Array, "... 2"]:
    """Model A, spiking layer: compute and memory of one step [pJ]."""
    m, n = jnp.asarray(macs), jnp.asarray(outputs)
    # per output: add and reset, compare, and a leak by multiplication
    compute = m * INT32_ADD + n * (2 * INT32_ADD + INT32_ADD + MULTIPLY_32)
    # weight and spike of every product; state read and written, spike out; three parameters a channel
    memory = m * (WORD_8_A + SPIKE_A) + n * (2 * WORD_8_A + SPIKE_A) + 3 * jnp.asarray(channels) * WORD_32_A
    return jnp.stack([compute, memory], axis=-1)


EVENT_SNN: Final = WORD_8_B + SPIKE_B + INT8_ADD
EVENT_ANN: Final = 2 * WORD_8_B + INT8_MULTIPLY + INT8_ADD


def crossover_spikes_per_synapse() -> float:
    """Model B: spikes per synapse and inference, over the share of non-zero inputs of the ANN, below which the SNN is cheaper."""
    return EVENT_ANN / EVENT_SNN


def ann_sparse(macs: ArrayLike, outputs: ArrayLike, rate: ArrayLike, recurrent: ArrayLike = 0.0) -> Float[Array, "... 3"]:
    """Model B, conventional layer, one pass [pJ]: non-zero inputs, hidden state (1 for a recurrent layer), outputs."""
    n = jnp.asarray(outputs)
    # three words and one MAC, by which the script reads and writes the state
    hidden = 3 * WORD_8_B + INT8_MULTIPLY + INT8_ADD
    return jnp.stack([jnp.asarray(macs) * rate * EVENT_ANN, n * recurrent * hidden, n * WORD_8_B], axis=-1)


def snn_sparse(macs: ArrayLike, outputs: ArrayLike, rate: ArrayLike) -> Float[Array, "... 3"]:
    """Model B, spiking layer, one step [pJ], in expectation over independent inputs.

    A neuron reads, leaks, adds to and writes its state only if a spike arrives; it writes an output in any case.
    """
    m, n = jnp.asarray(macs), jnp.asarray(outputs)
    fan_in = m / jnp.maximum(n, 1)
    # pooling has no fan-in here: a power below 1 would have no finite slope at rate 1
    silent = jnp.power(jnp.maximum(1 - jnp.asarray(rate), 0), jnp.maximum(fan_in, 1))
    state = 2 * WORD_8_B + LEAK_B + INT8_ADD
    return jnp.stack([m * rate * EVENT_SNN, n * (1 - silent) * state, n * SPIKE_B], axis=-1)


def _no_attention(layer: LayerWork) -> str | None:
    return "the scripts have no attention" if layer.kind == "attention" else None


def _cost(workload: Workload, components: tuple[str, ...], spiking: Array, conventional: Array) -> Cost:
    dtype = workload.input_rate.dtype
    share = workload.spiking[:, None]
    used = jnp.asarray(weighted(workload), dtype) * workload.timesteps
    return Cost(
        layers=workload.names,
        components=components,
        energy_pj=used[:, None] * (share * spiking + (1 - share) * conventional),
        latency_ns=jnp.zeros(len(workload), dtype),
        area_um2=jnp.zeros(len(components), dtype),
        utilisation=jnp.ones(len(workload), dtype),
    )


class OttatiDense(AbstractHardware):
    """Model A. Its constants are its own (45 nm): `technology`, rates and bits are ignored.

    `spiking` mixes both estimates. There is no design parameter.
    """

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention."""
        return _no_attention(layer)

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Energy of one inference; linear, so `hardness` does not matter."""
        self.require(workload)
        sizes = tuple(workload.static(field) for field in ("macs", "neurons_out", "channels_out"))
        return _cost(workload, COMPONENTS_A, snn_dense(*sizes), ann_dense(*sizes))


class OttatiSparse(AbstractHardware):
    """Model B. Its constants are its own (45 nm): `technology` and bits are ignored.

    `spiking` mixes both estimates. There is no design parameter.
    """

    def unsupported(self, layer: LayerWork) -> str | None:
        """Attention."""
        return _no_attention(layer)

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Energy of one inference; smooth everywhere, so `hardness` does not matter."""
        self.require(workload)
        macs, outputs, rate = workload.static("macs"), workload.static("neurons_out"), workload.input_rate
        recurrent = jnp.asarray([float(layer.kind == "recurrent") for layer in workload], rate.dtype)
        conventional = ann_sparse(macs, outputs, rate, recurrent)
        return _cost(workload, COMPONENTS_B, snn_sparse(macs, outputs, rate), conventional)
