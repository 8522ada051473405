"""What a comparison runs; importing this does not import JAX."""

import itertools
from pathlib import Path
from typing import NamedTuple

from search.blackbox.registry import check
from search.errors import UserError
from search.problem.config import Config, written
from search.study.unit import Unit


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
    """

    config: Path
    searchers: tuple[str, ...]
    seeds: int
    shares: tuple[float, ...] = (1.0,)
    budget: float = 0.0
    # tuned on seeds that are in no table (docs/benchmarks.md)
    steps: int = 400
    learning_rate: float = 1e-2

    def units(self, config: Config, budget: float) -> list[Unit]:
        """All units; those of one searcher together, so that a process compiles each once.

        Args:
            config: of the problem.
            budget: of a share of 1, above 0.
        """
        asked = itertools.product(self.shares, self.searchers, range(self.seeds))
        return [self._unit(config, name, seed, share, budget) for share, name, seed in asked]

    def _unit(self, config: Config, searcher: str, seed: int, share: float, budget: float) -> Unit:
        changed = {"kind": searcher, "seed": seed, "budget": share * budget}
        changed |= {"steps_per_design": self.steps, "design_learning_rate": self.learning_rate}
        own = config.model_copy(update={"search": config.search.model_copy(update=changed)})
        return Unit(own.hash(), {"searcher": searcher, "seed": seed, "share": share}, written(own))

    def check(self) -> None:
        """See that everything asked for exists.

        Raises:
            UserError: it does not; the message says what and the nearest valid choice.
        """
        for name in self.searchers:
            try:
                check(name)
            except UserError as error:
                raise UserError(f"--searchers: {error}") from None
        if len(set(self.searchers)) < len(self.searchers):
            raise UserError("--searchers: each may be named once")
        for option, value in (("--seeds", self.seeds), ("--steps-per-design", self.steps)):
            if value < 1:
                raise UserError(f"{option}: must be at least 1, got {value}")
        if not self.shares or any(not 0 < share <= 1 for share in self.shares):
            raise UserError(f"--budgets: must be shares above 0 and at most 1, got {', '.join(f'{s:g}' for s in self.shares)}")
