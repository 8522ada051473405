"""`python -m benchmarks validate`: our cost models beside other simulators, which it installs and runs in environments of their own."""

from benchmarks.validate.command import main

__all__ = ["main"]
