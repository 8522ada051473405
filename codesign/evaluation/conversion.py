"""A converted network as a design: what a joint search or fine-tuning starts from."""

from flax import nnx

from codesign.evaluation.evaluate import Design
from codesign.hardware.base import AbstractHardware
from codesign.network.learning.convert import convert
from codesign.network.network import SpikingNetwork
from codesign.network.operation import Operation


def converted_design(
    network: SpikingNetwork, operation: Operation, hardware: AbstractHardware
) -> tuple["nnx.GraphDef[SpikingNetwork]", Design]:
    """A quantised-ReLU network as a spiking design on a chip, to be evaluated, fine-tuned and searched as any other.

    Args:
        network: trained at gate 0 (see `codesign.network.learning.convert`); it is not changed.
        operation: as it was trained.
        hardware: the chip.

    Returns:
        Static structure of the spiking network; its weights, operation (all layers spike, for `2**activation_bits - 1` steps) and chip.

    Raises:
        ValueError: a layer that cannot be converted, or activation bits that are not whole.
    """
    twin, spiking = convert(network, operation)
    graph, state = nnx.split(twin)
    return graph, Design(state, spiking, hardware)
