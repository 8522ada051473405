"""What an engine is, and what it sees of the driver."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from search.study.journal import Held, Write
from search.study.unit import Unit
from search.study.work import Ended, Work


class Job(NamedTuple):
    """A unit to be done, with what is there of it."""

    unit: Unit
    held: Held


class Desk(Protocol):
    """The driver, as an engine sees it; used from one thread."""

    def take(self) -> Job | None:
        """The next job; None where none is left for now (a lost one may come back)."""

    def tell(self, unit: Unit, write: Write) -> None:
        """A unit has found something."""

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        """A unit has got so far."""

    def end(self, unit: Unit, ended: Ended) -> None:
        """A unit has ended."""

    def lose(self, unit: Unit, why: str) -> None:
        """A unit's worker has died without a word."""

    def safe_point(self) -> None:
        """Called at least twice a second; raises KeyboardInterrupt to stop."""


class Engine(Protocol):
    """Does all jobs of a desk."""

    def run(self, make: Callable[[], Work], desk: Desk) -> None:
        """Until the desk has no more.

        Raises:
            KeyboardInterrupt: asked to stop; what running units had done by then has been told.
        """
