"""The interface of all searchers."""

import abc
from typing import ClassVar

from jaxtyping import Array, Key

from search.blackbox.base import Found, Report, silent
from search.blackbox.workbench import Workbench


class AbstractSearcher(abc.ABC):
    """A way to search a problem. It keeps nothing between runs; what is compiled is kept by the workbench."""

    name: ClassVar[str]

    @abc.abstractmethod
    def run(self, bench: Workbench, budget: float, key: Key[Array, ""], report: Report = silent) -> Found:
        """Search.

        Args:
            bench: the problem, with its compiled training and scoring.
            budget: training samples x simulated time steps, spent to within one design at most.
            key: of everything random.
            report: shown progress.
        """
