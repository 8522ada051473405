"""A network: an encoding, blocks, and class scores."""

import dataclasses
from collections.abc import Sequence

import jax
from flax import nnx
from jaxtyping import Array, Bool, Float, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.network.answers.readout import AbstractReadout
from codesign.network.codes import encoding_of, with_encoded_inputs
from codesign.network.encoding import AbstractEncoding
from codesign.network.layers.blocks import AbstractBlock, Chain, ScoreLayer
from codesign.network.operation import Operation
from codesign.network.run import Activity, Run
from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown
from codesign.shown.workloads import network_sheet
from codesign.workloads.workload import LayerWork


class SpikingNetwork(Shown, nnx.Module):
    """Blocks between an encoding and a layer of class scores.

    Each layer is gated (`Operation.gate`): a layer of spiking neurons, of quantised rectified numbers, or a relaxed mixture of both.
    """

    def __init__(
        self,
        blocks: Sequence[AbstractBlock],
        scores: ScoreLayer,
        encoding: AbstractEncoding,
        readout: AbstractReadout,
    ) -> None:
        self.body, self.scores = Chain(blocks), scores
        self.encoding, self.readout = encoding, readout

    @property
    def geometries(self) -> tuple[LayerWork, ...]:
        """Layers in the order they run, pooling and attention among them: shapes, neurons, shortcuts, and what encodes the inputs."""
        scores = dataclasses.replace(self.scores.synapses.geometry, neuron=self.readout.neuron)
        first, *others = (*self.body.geometries, scores)
        return (with_encoded_inputs(first) if self.encoding.compares else first, *others)

    def sheet(self) -> Sheet:
        """Layers, neurons and weights; see `codesign.shown`."""
        learned = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(self, nnx.Param)))
        return network_sheet(self.geometries, learned, {"encoding": self.encoding, "readout": self.readout})

    def __call__(
        self,
        inputs: Float[Array, "batch ..."],
        operation: Operation,
        arrays: Sequence[AbstractArray],
        key: Key[Array, ""],
        fresh: Bool[Array, " batch"] | None = None,
    ) -> Activity:
        """Run the network.

        Args:
            inputs: frames with values in [0, 1] `[batch, ...]`, or sequences `[batch, time, ...]`, as the encoding says.
            operation: time, precision and gates; what it chooses in place of what the network was built with.
            arrays: arithmetic of each layer of `geometries` (that of pooling is not used).
            key: the simulated chip (its devices' errors, frozen over batch and time) and the neurons' randomness.
            fresh: samples that rates are those of (`codesign.evaluation.pieces`); None for all.

        Returns:
            Logits and what the workload is made of.

        Raises:
            ValueError: sequences of another length than `operation.longest`.
        """
        # `to_integer.input_codes` splits in the same way, so that encodings which draw spikes draw the same ones
        encoding_key, run_key = jax.random.split(key)
        encoding = encoding_of(self.encoding, operation)
        steps = encoding.steps(inputs, operation.longest)
        run = Run(self.geometries, operation, arrays, self.readout, steps, run_key, fresh)
        signal = encoding(inputs, steps, run.setting(self.geometries[0]).activation_bits, encoding_key)
        return run.activity(self.scores(self.body(signal, run), run))
