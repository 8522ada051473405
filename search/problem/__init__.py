"""A problem: data, network, chip, what may change and what counts; from a config or in Python.

Nothing runs here. Configs are checked without JAX until something has to be built.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
