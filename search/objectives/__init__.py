"""What a search improves and what it must keep to: objectives, bounds, fronts.

Functions of an `Evaluation` and of tables of values. An objective of one's own is registered here.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
