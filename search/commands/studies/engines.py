"""Which engine a command is to use; importing this does not import JAX or Ray."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from search.errors import UserError

if TYPE_CHECKING:
    from search.study.engines.engine import Engine


@Parameter(name="*")
@dataclass(frozen=True)
class EngineChoice:
    """What was asked for on the command line; commands take it as one argument, whose fields become options.

    Parameters
    ----------
    engine
        local: processes of this machine. ray: the Ray cluster that `RAY_ADDRESS` names, or one started on this machine.
    workers
        Units at a time.
    cpus_per_unit
        Processors that Ray keeps for a unit.
    gpus_per_unit
        GPUs likewise; a share, such as 0.25, lets units have one together.
    memory_per_unit_gb
        Memory likewise [GB]; 0 where it does not matter.
    """

    engine: Literal["local", "ray"] = "local"
    workers: int = 1
    cpus_per_unit: int = 1
    gpus_per_unit: float = 0.0
    memory_per_unit_gb: float = 0.0

    def check(self) -> None:
        """See that it makes sense.

        Raises:
            UserError: it does not.
        """
        for name, value, least in (
            ("workers", self.workers, 1),
            ("cpus-per-unit", self.cpus_per_unit, 1),
            ("gpus-per-unit", self.gpus_per_unit, 0),
            ("memory-per-unit-gb", self.memory_per_unit_gb, 0),
        ):
            if not least <= value < float("inf"):
                raise UserError(f"--{name}: must be at least {least}, got {value:g}")
        if self.gpus_per_unit > 1 and self.gpus_per_unit % 1:
            raise UserError(f"--gpus-per-unit: must be a share of one or a whole number, got {self.gpus_per_unit:g}")
        if self.engine == "local" and self != EngineChoice("local", self.workers):
            raise UserError("--cpus-per-unit, --gpus-per-unit and --memory-per-unit-gb are for --engine ray, which places units by them")


def engine_of(choice: EngineChoice) -> "Engine":
    """The engine."""
    from search.study.engines.inline import Inline
    from search.study.engines.local import Local
    from search.study.engines.ray import Ray

    if choice.engine == "ray":
        return Ray(choice.workers, choice.cpus_per_unit, choice.gpus_per_unit, choice.memory_per_unit_gb or None)
    # one worker is this process: nothing to start, and all cores for it
    return Inline() if choice.workers == 1 else Local(choice.workers)
