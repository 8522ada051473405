"""From a network and its measured activity to the workload that hardware prices."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.network.codes import spiking_share, with_encoded_inputs
from codesign.network.operation import Operation
from codesign.network.run import Activity
from codesign.workloads.workload import LayerWork, Workload


def trace(geometries: tuple[LayerWork, ...], activity: Activity, operation: Operation) -> Workload:
    """The workload of one inference, differentiable in rates, timesteps, bits and gates.

    What belongs to a layer's own neurons, and what to those it listens to:

    - `spiking` and `timesteps` are the layer's own gate g and duration g T + (1 - g): chips read them for neuron updates and state, for
      how often a layer runs, and for the kind of its arithmetic. An ANN layer between spiking ones runs once, on the counts of
      the spikes it received (networks with an answer per step: at every step).
    - `activation_bits` and `input_rate` are what the layer receives, so the producer's gate decides: spikes (1 bit, or their
      payload) at the rate per step, or numbers of the operation's `activation_bits` that hold for all steps. An ANN layer receives
      spikes as counts, of log2(T + 1) bits rounded up, at the share of neurons that fired at all.
    - Both ways of running are mixed by the steps they take, so that `timesteps * rate` is the gate's mixture of the two numbers of
      events; at gates of 0 and 1 everything is exact. The scores' layer has no neurons: its gate says how it listens.

    Pooling follows its producer. A layer that has no weights, or no neurons, is given the bits of the one before it that has (the first
    has the next one's), so that its own entries in the operation change nothing. A spiking layer that receives numbers is priced at
    every step (direct encoding), though its product could be kept. Zeros among weights are counted where arrays are known too
    (`codesign.evaluation`). With early exit, scores are asked after every step that is run whether they are certain.
    Where the operation chooses the input code, inputs are compared as far as it chooses spikes.

    Args:
        geometries: static shapes and neurons of the layers.
        activity: measured in a forward pass.
        operation: how the network was run.
    """
    ones = jnp.ones(len(geometries), activity.input_rate.dtype)
    # an operation that chooses the input code decides what is compared, whatever the network was built with
    first = geometries[0] if operation.input_code is None else with_encoded_inputs(geometries[0])
    weighted = [layer.has_weights for layer in geometries]
    # the last layer is that of the scores
    with_neurons = [layer.kind != "pool" for layer in geometries[:-1]] + [False]
    return Workload(
        layers=(first, *geometries[1:]),
        input_rate=activity.input_rate,
        output_rate=activity.output_rate,
        timesteps=activity.timesteps,
        spiking=activity.spiking,
        weight_bits=_inherited(operation.weight_bits, weighted),
        activation_bits=activity.payload_bits,
        # times ones: where all layers share one number there is still an entry for each to inherit
        state_bits=_inherited(operation.state_bits * ones, with_neurons),
        weight_density=ones,
        exit_checks=jnp.zeros_like(ones) if operation.exit_entropy is None else jnp.zeros_like(ones).at[-1].set(activity.timesteps[-1]),
        encoded=jnp.broadcast_to(spiking_share(operation), ones.shape),
    )


def _inherited(values: Float[Array, " layers"], own: Sequence[bool]) -> Float[Array, " layers"]:
    if all(own) or not any(own):
        return values
    return values[jnp.asarray([max((j for j in range(i + 1) if own[j]), default=own.index(True)) for i in range(len(own))])]
