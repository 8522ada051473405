"""Interactive figures of studies, a function each: from tables to plotly, with units on every axis and colours that all can tell apart.

Python (`study.plot`) and the report draw with the same functions. Nothing here reads a store, and nothing searches.
"""

from search.results.figures.figure import Figure as Figure
from search.results.figures.plot import Plot as Plot
