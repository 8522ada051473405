"""What people look at: tables, plots, the report, and the sentence that says what to build.

Made from a store and made again at any time; nothing is computed that the study has not measured.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
