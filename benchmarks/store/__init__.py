"""`python -m benchmarks store`: what the store costs; `store page`: what the page of a study costs."""

from benchmarks.store.command import main

__all__ = ["main"]
