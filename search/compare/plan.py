"""What a comparison runs; importing this does not import JAX."""

from pathlib import Path
from typing import NamedTuple

from search.blackbox import registry
from search.errors import UserError


class Unit(NamedTuple):
    """What is run.

    Attributes:
        searcher: by name.
        seed: of the searcher; the same seeds are paired.
        share: of the comparison's budget.
    """

    searcher: str
    seed: int
    share: float

    @property
    def name(self) -> str:
        """As in file names."""
        return f"{self.searcher}-{self.seed:03d}-{self.share:g}"


class Plan(NamedTuple):
    """What is compared.

    Attributes:
        config: path of the problem's config.
        searchers: the first is compared with every other.
        seeds: 0 to `seeds - 1` for each.
        shares: budgets as shares of `budget`.
        budget: training samples x simulated time steps; 0 for what the config's own gradient search spends.
        steps: minibatches that a network per design is trained for.
        learning_rate: of these.
        workers: processes.
    """

    config: Path
    searchers: tuple[str, ...]
    seeds: int
    shares: tuple[float, ...] = (1.0,)
    budget: float = 0.0
    # tuned on seeds that are in no table (docs/benchmarks.md)
    steps: int = 400
    learning_rate: float = 1e-2
    workers: int = 1

    def units(self) -> list[Unit]:
        """All units; those of one searcher together, so that a process compiles each once."""
        return [Unit(name, seed, share) for share in self.shares for name in self.searchers for seed in range(self.seeds)]

    def check(self) -> None:
        """See that everything asked for exists.

        Raises:
            UserError: it does not; the message says what and the nearest valid choice.
        """
        for name in self.searchers:
            try:
                registry.check(name)
            except UserError as error:
                raise UserError(f"--searchers: {error}") from None
        if len(set(self.searchers)) < len(self.searchers):
            raise UserError("--searchers: each may be named once")
        for option, value in (("--seeds", self.seeds), ("--workers", self.workers), ("--steps-per-design", self.steps)):
            if value < 1:
                raise UserError(f"{option}: must be at least 1, got {value}")
        if not self.shares or any(not 0 < share <= 1 for share in self.shares):
            raise UserError(f"--budgets: must be shares above 0 and at most 1, got {', '.join(f'{s:g}' for s in self.shares)}")
