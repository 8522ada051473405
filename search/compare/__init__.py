"""Searchers against each other on one problem: the plan, its units, tables, tests, plots and the report.

What a searcher does is in `blackbox` and `joint`; here it is only run, judged and shown.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
