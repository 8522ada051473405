"""Studies in Python: their tables, the designs that they would build, and designs that can be run.

Reading needs no JAX until a network or a chip is asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
