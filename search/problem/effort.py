"""About how long a study takes and how much memory it needs, told from shapes before anything is compiled."""

from typing import Final, NamedTuple

from flax import nnx

from codesign.network.network import SpikingNetwork
from search.problem.config import ConfigFile
from search.problem.problem import Problem
from search.problem.schedule import Settings, minibatches
from search.problem.size import Size, estimate, outline

# set so that the quickstart comes out (166 s, measured 164 s, on 2 virtual Xeon cores); elsewhere good to a factor of three at best
_START_S: Final = 45.0  # imports, data, compilation of all programs
_STEP_S: Final = 2.5e-3  # of one minibatch, whatever its size
_MACS_PER_S: Final = 6e9  # multiply-accumulates of a training step, forward, backward and noise
_READ: Final = 4.0  # an exact read of simulated chips, in plain products
_PROCESS_BYTES: Final = 9e8  # of a process that has imported everything and compiled small programs


class Effort(NamedTuple):
    """What one unit takes.

    Attributes:
        seconds: about.
        size: bytes at least.
    """

    seconds: float
    size: Size

    @property
    def gigabytes(self) -> float:
        """Of the process, at least."""
        return (self.size.total + _PROCESS_BYTES) / 1e9


def effort(file: ConfigFile, problem: Problem, settings: Settings) -> Effort:
    """What a unit of a config takes on this machine.

    Args:
        file: the config.
        problem: what it describes.
        settings: of its search.
    """
    shapes: SpikingNetwork = outline(lambda rngs: nnx.merge(problem.graph, problem.build(0)))
    longest, search = problem.operation.longest, file.config.search
    size = estimate(shapes, problem.dataset, longest=longest, population=search.population, batch_size=search.batch_size)
    macs = sum(int(layer.macs) for layer in shapes.geometries) * longest
    steps = minibatches(settings) + settings.finetune_steps * (settings.population + settings.tuned_designs)
    steps += round(problem.paid / (search.batch_size * longest))
    trained = steps * (_STEP_S + 3 * macs * search.batch_size / _MACS_PER_S)
    samples = len(problem.dataset.validation.labels) + len(problem.dataset.test.labels)
    # every design on validation and test data, on all chips
    measured = search.designs * search.chips * samples * macs * _READ / _MACS_PER_S
    return Effort(_START_S + trained + measured, size)
