"""What a network asks of digital logic beside products and neurons: skip paths, encoding of inputs, early exit."""

from jaxtyping import Array, Float

from codesign.hardware.parts.neuron import add_pj
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload


def residual_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Additions of skip paths in one inference, as wide as the state [pJ]; reading the path is the memory's."""
    return workload.static("residual_inputs") * workload.timesteps * add_pj(workload.state_bits, technology)


def encoding_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Turning numbers into spikes in one inference [pJ]: a comparison with a threshold, as wide as the state, per element and step."""
    compared = technology["compare_per_bit_pj"] * workload.state_bits
    return workload.encoded * workload.static("encoded_inputs") * workload.timesteps * compared


def exit_pj(workload: Workload, technology: Technology) -> Float[Array, " layers"]:
    """Asking in one inference whether the answer is certain enough [pJ]; reading the outputs is the memory's.

    Entropy by a table: a multiply-accumulate and a comparison per output, as wide as the state. The table is not charged.
    """
    bits = workload.state_bits
    multiply = technology["int_mult_per_bit2_pj"] * bits**2
    per_output = multiply + add_pj(bits, technology) + technology["compare_per_bit_pj"] * bits
    return workload.exit_checks * workload.static("neurons_out") * per_output
