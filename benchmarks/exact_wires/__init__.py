"""What solved wires and slices on devices of their own change on the measured front of a study."""

from benchmarks.exact_wires.command import main

__all__ = ["main"]
