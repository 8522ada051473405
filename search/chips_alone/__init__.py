"""Search of chips without a network: many starts by gradient over costs alone, loop tilings, and checks of relaxed models.

No data and no training; workloads come from presets and tables.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
