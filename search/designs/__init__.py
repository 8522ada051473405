"""Legal designs on their way to a result: points around a relaxed one, scored candidates, and which of them to measure.

Numbers about designs; how they are found and how they are shown is decided elsewhere.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
