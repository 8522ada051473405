"""The products that an array computes: convolutions as they are, and as matrices of patches.

Shared by networks and by the shapes of workloads; no weights, no noise.
"""

from codesign.products.convolve import convolve
from codesign.products.unfold import fold, padding, unfold

__all__ = ["convolve", "fold", "padding", "unfold"]
