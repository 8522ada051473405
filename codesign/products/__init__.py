"""The products that an array computes: convolutions as they are, and as matrices of patches, all at once or in pieces.

Shared by networks and by the shapes of workloads; no weights, no noise.
"""

from codesign.products.convolve import PATCHES
from codesign.products.unfold import fold, padding

__all__ = ["PATCHES", "fold", "padding"]
