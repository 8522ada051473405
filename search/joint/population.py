"""All members of a joint search, and what is seen of them."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from search.joint import scalarise
from search.joint.lagrangian import Multipliers
from search.joint.members import Member
from search.joint.scalarise import Frame


class Population(NamedTuple):
    """All members, stacked along the first axis, and where the search stands.

    Attributes:
        members: stacked members.
        preferences: what each asks for; see `search.joint.scalarise`.
        step: minibatches done.
        skipped: updates that were left out because a gradient was not finite, per member.
        multipliers: of the constraints, per member.
        measured: how far each constraint was exceeded on validation data, per member.
        frame: of the front.
        restarts: how often a member was started again because nothing of it was finite; above 1 it has failed.
        best_volume, stale: largest relaxed hypervolume of the stage, and device calls since.
    """

    members: Member
    preferences: Float[Array, "population objectives"]
    step: Int[Array, ""]
    skipped: Int[Array, " population"]
    multipliers: Multipliers
    measured: Float[Array, "population constraints"]
    frame: Frame
    restarts: Int[Array, " population"]
    best_volume: Float[Array, ""]
    stale: Int[Array, ""]

    @property
    def alive(self) -> np.ndarray:
        """Members that have not failed."""
        return np.asarray(self.restarts) < 2

    def wish(self, member: int) -> scalarise.Wish:
        """What a member asks for."""
        return scalarise.Wish(self.preferences[member], self.frame)

    def with_first_weights(self) -> "Population":
        """Every member with the weights of the first, and its optimiser's memory of them."""
        one = self.members
        shared = one._replace(network=_first(one.network), network_optimiser=_first(one.network_optimiser))
        return self._replace(members=shared)


class Metrics(NamedTuple):
    """What one call saw: means over its minibatches, and validation data at its end.

    Attributes:
        loss, objectives: means over minibatches of training data.
        skipped: updates left out.
        relaxed: the objectives' relaxed forms on validation data.
    """

    loss: Float[Array, " population"]
    objectives: Float[Array, "population objectives"]
    skipped: Int[Array, " population"]
    relaxed: Float[Array, "population objectives"]

    def of_first(self) -> "Metrics":
        """Those of the first member for all, but for what each has seen on its own chip."""
        # `skipped` stays: the others rested, and only the first can have been lost
        return self._replace(loss=_first(self.loss), objectives=_first(self.objectives))


def _first(stacked: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf[:1], leaf.shape), stacked)
