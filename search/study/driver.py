"""The driver of a study: hands units to an engine, and alone writes what comes back."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, final

from search.study.engines.engine import Engine, Job
from search.study.journal import Write
from search.study.screens.screen import Screen
from search.study.store.store import Store
from search.study.unit import State, Unit
from search.study.work import Ended, Work

ATTEMPTS: Final = 3  # of a unit whose worker dies without a word


class Outcome(NamedTuple):
    """How a run of a study ended.

    Attributes:
        done: units that are done, those of earlier runs included.
        failed: why the others are not, by unit.
        mistakes: those of `failed` that are the user's to mend.
    """

    done: int
    failed: dict[str, str]
    mistakes: dict[str, str]


class StoppedError(Exception):
    """Asked to stop; everything done is saved. The message says where the study stands."""


def run(
    units: Sequence[Unit], store: Store, engine: Engine, make: Callable[[], Work], screen: Screen, safe_point: Callable[[], None]
) -> Outcome:
    """Run the units that are not done yet.

    Args:
        units: the whole study, each in the store.
        store: open for writing.
        engine: where they run.
        make: what does them; called once in each process, so it must be picklable unless the engine is `Inline`.
        screen: shown progress.
        safe_point: raises KeyboardInterrupt to stop.

    Raises:
        StoppedError: stopped; everything done is kept.
    """
    desk = _Desk(units, store, screen, safe_point)
    screen.begin(units, {unit.name for unit in units} - {unit.name for unit in desk.waiting})
    try:
        if desk.waiting:
            engine.run(make, desk)
    except KeyboardInterrupt:
        raise StoppedError(desk.where) from None
    states = {stored.unit.name: stored for stored in store.tables.units()}
    failed = {u.name: states[u.name].reason for u in units if states[u.name].state != State.DONE}
    return Outcome(len(units) - len(failed), failed, {name: why for name, why in desk.mistakes.items() if name in failed})


@final
class _Desk:
    """What engines see of the driver."""

    def __init__(self, units: Sequence[Unit], store: Store, screen: Screen, safe_point: Callable[[], None]) -> None:
        states = {stored.unit.name: stored.state for stored in store.tables.units()}
        # what failed or was lost in an earlier run is tried again
        self.waiting = deque(unit for unit in units if states[unit.name] != State.DONE)
        self._store, self._screen, self._safe_point = store, screen, safe_point
        self._attempts: dict[str, int] = {}
        self._where = "the start"
        self._done = len(units) - len(self.waiting)
        self._total = len(units)
        self.mistakes: dict[str, str] = {}

    @property
    def where(self) -> str:
        """How far the study is, for people."""
        return self._where if self._total == 1 else f"{self._done} of {self._total} units"

    def take(self) -> Job | None:
        """The next unit, with what is there of it."""
        if not self.waiting:
            return None
        unit = self.waiting.popleft()
        self._attempts[unit.name] = self._attempts.get(unit.name, 0) + 1
        for name in self._store.tables.checkpoints(unit.name).damaged():
            self._screen.note(f"{unit.title}: checkpoint {name} is damaged and counts as missing; its step is done again")
        self._store.begin(unit)
        return Job(unit, self._store.held(unit))

    def tell(self, unit: Unit, write: Write) -> None:
        """Write what a unit has found."""
        self._store.write(unit, write)

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        """Show how far a unit is."""
        self._where = ", ".join(part for part in (stage, details.partition("  ")[0]) if part)
        self._screen.show(unit, stage, share, details)

    def end(self, unit: Unit, ended: Ended) -> None:
        """A unit has ended."""
        self._done += ended.state == State.DONE
        self._store.end(unit, ended.state, ended.reason, ended.provenance)
        if ended.mistake:
            self.mistakes[unit.name] = ended.reason
        self._screen.ended(unit, ended.state, ended.reason.partition("\n")[0])

    def lose(self, unit: Unit, why: str) -> None:
        """A unit's worker has died without a word; it is tried again, but not for ever."""
        self._store.end(unit, State.LOST, why)
        self._screen.ended(unit, State.LOST, why)
        if self._attempts[unit.name] < ATTEMPTS:
            self.waiting.append(unit)

    def safe_point(self) -> None:
        """Where the engine may stop."""
        self._safe_point()
