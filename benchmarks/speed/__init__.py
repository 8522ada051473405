"""`python -m benchmarks speed`: training and inference beside other libraries; `worker` runs in an environment of each."""

from benchmarks.speed.command import main

__all__ = ["main"]
