"""What a search hands over for measurement, and how it is asked."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Key

from search.designs.candidate import Candidate
from search.problem.config import Config
from search.study.journal import Journal
from search.study.work import Show


class Session(NamedTuple):
    """One run of one unit.

    Attributes:
        keys: of random numbers, by what they are for.
    """

    config: Config
    journal: Journal
    show: Show
    safe_point: Callable[[], None]
    keys: Mapping[str, Key[Array, ""]]

    @property
    def seed(self) -> int:
        """Of the search; the data's may be another."""
        return seed_of(self.config)


class Chosen(NamedTuple):
    """Designs worth the final measurement.

    Attributes:
        candidates: in the order of their names.
        claims: `relaxed`, `rounded` and `rounded_feasible` of members that had any.
        effort: further columns of the designs of a member.
        spent: what the search cost, by name.
    """

    candidates: list[Candidate]
    claims: Mapping[int, Mapping[str, Any]]
    effort: Callable[[Candidate], Mapping[str, Any]]
    spent: Mapping[str, Any]


def chips_of(session: Session) -> tuple[Key[Array, " chips"], Key[Array, " chips"]]:
    """The simulated chips of the test and, others, of validation: the same for all designs and searchers."""
    test, validation = (jax.random.split(jax.random.fold_in(session.keys["measure"], i), session.config.search.chips) for i in range(2))
    return test, validation


def seed_of(config: Config) -> int:
    """The seed of a config's search."""
    return config.seed if config.search.seed is None else config.search.seed


def keys_of(seed: int) -> dict[str, Key[Array, ""]]:
    """Split once, by name: a resumed unit draws what an uninterrupted one would have drawn."""
    return dict(zip(("start", "search", "harden", "finetune", "measure"), jax.random.split(jax.random.key(seed), 5), strict=True))
