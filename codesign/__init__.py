"""Algorithm-hardware co-design of neural networks by gradients.

Networks produce a `codesign.workloads.Workload`; hardware turns one into a `codesign.cost.Cost`; neither knows the other.
Importing this package imports no JAX, so that command lines stay fast: rooms are loaded when they are asked for.
"""

import lazy_loader

from codesign import moved

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

moved.install(moved.NAMES)
