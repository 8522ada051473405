"""`python -m benchmarks fuzz`: mutated configs and files through what reads them; counts tracebacks, hangs and memory."""

from benchmarks.fuzz.command import main

__all__ = ["main"]
