"""A worker of a Ray cluster: does units in threads of its own, and says what they say as a stream."""

import pickle
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from search.study import compile_cache
from search.study.engines.engine import Job
from search.study.work import Work, attempt

AHEAD: Final = 16  # words that a unit may be ahead of its messages; then it waits, as checkpoints fill memory

Word = tuple[str, tuple[Any, ...]]  # a method of the desk, and its arguments but the unit


class Actor:
    """A worker: units one after another, each in a thread, whose callbacks become a stream.

    Args:
        make: what makes the work, pickled: its modules import JAX, which looks where to keep programs then.
    """

    def __init__(self, make: bytes) -> None:
        compile_cache.enable()
        self._make: Callable[[], Work] = pickle.loads(make)
        self._work: Work | None = None
        self._stopping = threading.Event()

    def do(self, job: Job) -> Iterator[list[Word]]:
        """What a unit says: methods of the desk and their arguments; `end` last, unless it is stopped."""
        words = queue.Queue[Word | BaseException | None](AHEAD)
        threading.Thread(target=self._serve, args=(job, words.put), daemon=True).start()
        while True:
            said = [words.get()]
            # all that has been said while the driver was busy with others, as one message
            while not words.empty():
                said.append(words.get())
            if found := [word for word in said if isinstance(word, tuple)]:
                yield found
            if isinstance(said[-1], BaseException):
                raise said[-1]
            if said[-1] is None:
                return

    def stop(self) -> None:
        """At the next safe point."""
        self._stopping.set()

    def _serve(self, job: Job, say: Callable[[Any], None]) -> None:
        def show(stage: str, share: float, details: str) -> None:
            say(("show", (stage, share, details)))

        try:
            self._work = self._make() if self._work is None else self._work
            ended = attempt(self._work, job.unit, job.held, lambda write: say(("tell", (write,))), show, self._safe_point, ())
            say(("end", (ended,)))
            say(None)
        except KeyboardInterrupt:
            say(None)
        # passed on, or the driver would wait for ever
        except BaseException as error:
            say(error)

    def _safe_point(self) -> None:
        if self._stopping.is_set():
            raise KeyboardInterrupt
