"""Search over networks and hardware together: objectives, problems, searchers, studies, reports and the command line.

Rooms are loaded when they are asked for, so that help and mistakes answer at once.
"""

import lazy_loader

from codesign import moved

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

moved.install({"search.objective": "search.objectives", "search.conversion": "search.joint.conversion"})
