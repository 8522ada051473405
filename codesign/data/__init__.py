"""Data sets, their splits, and the encoders that turn samples into spikes.

`registry.load` is the way in. No networks and no chips; files are found through `$CODESIGN_DATA`, the user's cache, or a checked download.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
