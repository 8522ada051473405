"""Networks in fixed point, and a bit-true inference in NumPy integers.

The float network at its quantised values is in the rooms beside; here is what a digital datapath computes.
"""

from codesign.network.integer.fixed_point import FixedPointNeuron, FixedSynapses
from codesign.network.integer.integer import IntegerActivity, IntegerNetwork

__all__ = ["FixedPointNeuron", "FixedSynapses", "IntegerActivity", "IntegerNetwork"]
