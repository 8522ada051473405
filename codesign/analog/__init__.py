"""Analog in-memory computing: devices, wires and read-out, inside the gradient.

What a matrix product on real devices gives. No prices, no networks.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
