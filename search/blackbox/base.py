"""What searchers spend and find: a ledger in one currency."""

from collections.abc import Callable
from typing import Final, NamedTuple

from search.designs.candidate import Candidate
from search.designs.claim import Claim

FORWARD_SHARE: Final = 1 / 3  # of a training step that its forward pass makes up: the backward pass costs about twice as much


class Ledger:
    """What a search has spent, in training samples x simulated time steps.

    A sample that is only looked at (validation, scoring with shared weights) counts a third of one that is trained on.
    """

    def __init__(self, budget: float, longest: int, spent: float = 0.0) -> None:
        self.budget, self.spent = budget, spent
        self._longest = longest

    def training(self, samples: float) -> float:
        """Cost of samples that are trained on."""
        return samples * self._longest

    def scoring(self, samples: float) -> float:
        """Cost of samples that are looked at."""
        return samples * self._longest * FORWARD_SHARE

    def has_room(self, cost: float, reserve: float = 0.0) -> bool:
        """Whether `cost` can be spent while a share `reserve` of the budget is kept back."""
        return self.spent + cost <= self.budget * (1 - reserve)

    def pay(self, cost: float) -> None:
        """Spend."""
        self.spent += cost


class Entry(NamedTuple):
    """A legal design of known quality, when it was found: a point of the search's course.

    Attributes:
        spent: when, in the ledger's currency.
        objectives: on validation data.
        feasible: whether it meets all constraints.
    """

    spent: float
    objectives: tuple[float, ...]
    feasible: bool


class Found(NamedTuple):
    """What a search returns.

    Attributes:
        candidates: legal designs with their weights and validation results.
        course: designs of known quality in the order they were found.
        spent: in the ledger's currency.
        claims: what a relaxed model said of its members; none where a search has no relaxed model.
    """

    candidates: list[Candidate]
    course: list[Entry]
    spent: float
    claims: tuple[Claim, ...] = ()


Report = Callable[[float, str], None]  # share of the budget, what is happening; may raise KeyboardInterrupt to stop


def silent(share: float, what: str) -> None:
    """Report nothing."""
