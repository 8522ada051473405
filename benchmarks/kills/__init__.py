"""`python -m benchmarks kills`: drivers and workers killed at random, resumed and compared; `driver` is the process that is killed."""

from benchmarks.kills.command import main

__all__ = ["main"]
