"""The data sets, a file for each or each family: where their files are, what is in them, how they are split.

A set gives a pool of samples; batching and shuffling are in `splits`.
"""

from codesign.data.sets.synthetic import Saccades

__all__ = ["Saccades"]
