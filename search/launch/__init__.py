"""Studies begun from Python: `run` and `sweep`, shown while they run, stopped and continued at any time.

What the command line shares with them is here too; nothing here is about what a unit does.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
