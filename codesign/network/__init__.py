"""Networks whose activity, precision and time are part of the gradient.

A network is an encoding, blocks and class scores; its products run on an array that is handed to it. It knows no chip and no price.
"""

from codesign.network.network import SpikingNetwork
from codesign.network.operation import Operation
from codesign.network.run import Activity, Run, Setting
from codesign.network.signal import Signal

__all__ = ["Activity", "Operation", "Run", "Setting", "Signal", "SpikingNetwork"]
