"""Algorithm-hardware co-design of neural networks by gradients.

Networks produce a `codesign.workload.Workload`; hardware turns one into a `codesign.cost.Cost`; neither knows the other.
Importing this package imports no JAX, so that command lines stay fast.
"""

__version__ = "0.1.0"
