"""Analog in-memory computing: devices, wires and read-out, inside the gradient.

What a matrix product on real devices gives. No prices, no networks.
"""
