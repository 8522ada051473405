"""JSON lines, for programs that watch a study."""

import json
import time
from collections.abc import Collection, Sequence
from typing import Any, TextIO, final

from search.study.screens.screen import Clock, Count
from search.study.unit import State, Unit


@final
class LinesScreen:
    """One JSON object per line: `event` (begin, show, ended, note), `time` [s since 1970], and what the event says.

    Args:
        stream: where lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._clock, self._count = stream, Clock(), Count()

    def begin(self, units: Sequence[Unit], done: Collection[str]) -> None:
        """See `Screen.begin`."""
        self._count.begin(units, done)
        self._tell("begin", units=len(units), done=len(done))

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        """See `Screen.show`."""
        whole = self._count.show(unit, share)
        left = self._clock.left(whole, self._count.total == 1)
        self._tell("show", unit=unit.name, label=dict(unit.label), stage=stage, share=share, of_all=whole, left_s=left, details=details)

    def ended(self, unit: Unit, state: State, reason: str) -> None:
        """See `Screen.ended`."""
        self._tell("ended", unit=unit.name, label=dict(unit.label), state=str(state), reason=reason, of_all=self._count.ended(unit, state))

    def note(self, text: str) -> None:
        """See `Screen.note`."""
        self._tell("note", text=text)

    def close(self) -> None:
        """Nothing to tidy up."""

    def _tell(self, event: str, **values: Any) -> None:
        print(json.dumps({"event": event, "time": time.time(), **values}), file=self._stream, flush=True)
