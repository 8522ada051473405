"""Networks whose activity, precision and time are part of the gradient.

A network is an encoding, blocks and class scores; its products run on an array that is handed to it. It knows no chip and no price.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
