"""Voltage lost along the wires of an array, in four tiers from none to the exact solution with its own adjoint.

Resistances in, effective conductances out. What the devices hold and what is read are decided elsewhere.
"""

from codesign.analog.wires.fields import device_voltages
from codesign.analog.wires.resistance import wire_resistance
from codesign.analog.wires.wires import choose_tier, effective_conductance, predicted_drop, solve, source_power

__all__ = ["choose_tier", "device_voltages", "effective_conductance", "predicted_drop", "solve", "source_power", "wire_resistance"]
