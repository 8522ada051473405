"""The joint search: weights and chips of a whole population moved by the same gradient step, then hardened and fine-tuned.

From a problem to legal designs. Storing, resuming and showing are the study's.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
