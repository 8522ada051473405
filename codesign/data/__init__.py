"""Data sets, their splits, and the encoders that turn samples into spikes.

`registry.load` is the way in. No networks and no chips; files are found through `$CODESIGN_DATA`, the user's cache, or a checked download.
"""

from codesign.data.dataset import DataError, Dataset, Split
from codesign.data.own import own
from codesign.data.registry import available, load

__all__ = ["DataError", "Dataset", "Split", "available", "load", "own"]
