"""Analog in-memory computing: devices, wires and read-out, inside the gradient."""
