"""`python -m benchmarks accuracy`: networks trained by recipes, and what they get right; recipes and training are beside the command."""

from benchmarks.accuracy.command import main

__all__ = ["main"]
