"""Which engine a command is to use; importing this does not import JAX or Ray."""

from typing import TYPE_CHECKING, Literal, NamedTuple

from search.errors import UserError

if TYPE_CHECKING:
    from search.study.engines.engine import Engine


class EngineChoice(NamedTuple):
    """What was asked for on the command line.

    Attributes:
        kind: `local` for processes of this machine.
        workers: units at a time.
    """

    kind: Literal["local"] = "local"
    workers: int = 1

    def check(self) -> None:
        """See that it makes sense.

        Raises:
            UserError: it does not.
        """
        if self.workers < 1:
            raise UserError(f"--workers: must be at least 1, got {self.workers}")


def engine_of(choice: EngineChoice) -> "Engine":
    """The engine."""
    from search.study.engines.inline import Inline
    from search.study.engines.local import Local

    # one worker is this process: nothing to start, and all cores for it
    return Inline() if choice.workers == 1 else Local(choice.workers)
