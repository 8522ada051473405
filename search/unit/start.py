"""The stage before a search: weights that it starts from, trained or read, and stored on the way."""

import dataclasses
import time
from typing import Final, NamedTuple, final

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Int

from codesign.network.learning.convert import Training, Tuner
from codesign.network.network import SpikingNetwork
from codesign.network.operation import Operation
from search.joint.conversion import converted
from search.joint.local_learning import Learned, LocalLearning
from search.problem.problem import Problem
from search.problem.sections.start import CheckpointStart, ConvertedStart, StdpStart
from search.problem.starts.checkpoint import weights
from search.unit.found import Session

NAME: Final = "start"  # of its checkpoint, and of what is shown
SAVED_SECONDS: Final = 5.0  # a killed process loses at most so much, and the call it was in
_STREAM: Final = 1  # of the key of first weights, which members are drawn from where nothing is trained before


def begun(problem: Problem, session: Session) -> Problem:
    """The problem as its search starts: with weights of their own origin, where the config asks for them.

    Raises:
        UserError: a checkpoint that is missing, damaged, or of another network.
    """
    how, search = session.config.network.start, session.config.search
    if isinstance(how, CheckpointStart):
        return dataclasses.replace(problem, initial=weights(how, problem))
    key = jax.random.fold_in(session.keys["start"], _STREAM)
    if isinstance(how, StdpStart):
        learn_key, build_key = jax.random.split(key)
        learning = LocalLearning(problem, how, search.batch_size, learn_key)
        return learning.placed(_locally(learning, how.steps, session), build_key)
    if isinstance(how, ConvertedStart):
        return converted(problem, how, search.batch_size, key, Learning(session, search.steps_per_call))
    return problem


def _locally(learning: LocalLearning, steps: int, session: Session) -> Learned:
    """Local learning from wherever the journal stands, in calls between which it may stop."""
    learned = session.journal.load_arrays(NAME, learning.begin()) or learning.begin()
    try:
        while (done := int(learned.done)) < steps:
            learned = learning.advance(learned, min(session.config.search.steps_per_call, steps - done))
            session.show(NAME, 0.0, f"learning by spike timing {int(learned.done)}/{steps}")
            session.safe_point()
    finally:
        # small, and seconds of work at most
        session.journal.save_arrays(NAME, learned)
    return learned


class Progress(NamedTuple):
    """Where the stage stands.

    Attributes:
        part: trainings done before this one.
        training: of this one.
    """

    part: Int[Array, ""]
    training: Training


@final
class Learning:
    """Trainings one after another, in calls of a few minibatches; continued where an earlier process has left them.

    Args:
        session: whose journal holds the stage.
        per_call: minibatches of a call, between which it may stop.
    """

    def __init__(self, session: Session, per_call: int) -> None:
        self._session, self._per_call, self._part, self._saved = session, per_call, -1, time.monotonic()

    def __call__(self, tuner: Tuner, network: SpikingNetwork, operation: Operation, frozen: frozenset[str]) -> SpikingNetwork:
        """See `search.joint.conversion.Learn`."""
        self._part += 1
        fresh = Progress(jnp.int32(self._part), tuner.begin(network))
        held = self._session.journal.load_arrays(NAME, fresh) or fresh
        if int(held.part) > self._part:
            # its weights are in those of a later part
            return network
        training = held.training if int(held.part) == self._part else fresh.training
        try:
            while int(training.done) < tuner.steps:
                training = tuner.advance(network, training, operation, frozen, self._per_call)
                self._tell(tuner, training)
        finally:
            self._save(training)
        return nnx.merge(nnx.graphdef(network), training.weights)

    def _tell(self, tuner: Tuner, training: Training) -> None:
        what = f"converting layer {self._part}" if self._part else "training numbers"
        done = min(int(training.done), tuner.steps)
        self._session.show(NAME, 0.0, f"{what} {done}/{tuner.steps}  loss {float(training.loss):.3f}")
        self._session.safe_point()
        if time.monotonic() - self._saved > SAVED_SECONDS:
            self._save(training)

    def _save(self, training: Training) -> None:
        self._session.journal.save_arrays(NAME, Progress(jnp.int32(self._part), training))
        self._saved = time.monotonic()
