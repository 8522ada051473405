"""The page of a study: one HTML file that opens offline and answers which design to build, what it is made of, and how sure that is.

Data go in once as columns, and scripts draw from them. Nothing here computes what the study has not measured.
"""

from search.results.page.study import render as render
