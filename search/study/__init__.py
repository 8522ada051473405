"""A study is a set of units: what they are, their store, the engines that run them, and stopping and resuming without loss.

What a unit does is in `search.unit`, how results look in `search.results`; neither is known here. Only the driver writes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
