"""Units one after another in this process: no start-up, all cores for one unit, programs kept."""

import sqlite3
from collections.abc import Callable
from typing import final

from search.study.engines.engine import Desk
from search.study.work import Work, attempt


@final
class Inline:
    """See the module."""

    def run(self, make: Callable[[], Work], desk: Desk) -> None:
        """See `Engine.run`."""
        desk.safe_point()
        work = make()
        while (job := desk.take()) is not None:
            unit = job.unit

            def show(stage: str, share: float, details: str, unit: object = unit) -> None:
                desk.show(unit, stage, share, details)  # type: ignore[arg-type]

            # a disk that is full is no fault of the unit's
            own = (OSError, sqlite3.Error)
            tell = lambda write, unit=unit: desk.tell(unit, write)  # noqa: E731
            desk.end(unit, attempt(work, unit, job.held, tell, show, desk.safe_point, own))
            desk.safe_point()
