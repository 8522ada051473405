"""What all searchers share: an interface, and a ledger in one currency."""

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from jaxtyping import Array, Key

from search.harden import Candidate

if TYPE_CHECKING:
    from search.blackbox.workbench import Workbench

FORWARD_SHARE: Final = 1 / 3  # of a training step that its forward pass makes up: the backward pass costs about twice as much


class Ledger:
    """What a search has spent, in training samples x simulated time steps.

    A sample that is only looked at (validation, scoring with shared weights) counts a third of one that is trained on.
    """

    def __init__(self, budget: float, longest: int) -> None:
        self.budget, self.spent = budget, 0.0
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
    """A legal design of known quality, when it was found: a point of the search's course."""

    spent: float
    objectives: tuple[float, ...]
    feasible: bool


class Found(NamedTuple):
    """What a search returns: legal designs with their weights and validation results, its course, and what it spent."""

    candidates: list[Candidate]
    course: list[Entry]
    spent: float


Report = Callable[[float, str], None]  # share of the budget, what is happening; may raise KeyboardInterrupt to stop


def silent(share: float, what: str) -> None:
    """Report nothing."""


class AbstractSearcher(abc.ABC):
    """A way to search a problem. It keeps nothing between runs; what is compiled is kept by the workbench."""

    name: ClassVar[str]

    @abc.abstractmethod
    def run(self, bench: "Workbench", budget: float, key: Key[Array, ""], report: Report = silent) -> Found:
        """Search.

        Args:
            bench: the problem, with its compiled training and scoring.
            budget: training samples x simulated time steps, spent to within one design at most.
            key: of everything random.
            report: shown progress.
        """
