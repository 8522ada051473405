"""Networks in fixed point, and a bit-true inference in NumPy integers.

The float network at its quantised values is in the rooms beside; here is what a digital datapath computes.
"""

from codesign.network.integer.fixed_point import FixedPointNeuron, FixedSynapses
from codesign.network.integer.integer import IntegerActivity, IntegerNetwork
from codesign.network.integer.to_fixed_point import to_fixed_point
from codesign.network.integer.to_integer import to_integer

__all__ = ["FixedPointNeuron", "FixedSynapses", "IntegerActivity", "IntegerNetwork", "to_fixed_point", "to_integer"]
