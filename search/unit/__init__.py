"""One unit of a study: a problem, a searcher and a seed, from the first step to measured designs, continued from its journal.

What is stored goes through the journal alone. How a study is stored, distributed and shown is not known here.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
