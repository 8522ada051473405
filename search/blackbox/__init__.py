"""Other ways to search the same problem, with one interface and one budget; `search.compare` puts them side by side.

The joint search is here as one of them. Measuring and judging are not: every searcher's designs are hardened and measured alike.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
