"""A study from its first step to measured designs: stored, stopped and resumed at any point without loss.

Only the driver writes. How results look is in `results`, which the command calls when the study has returned.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
