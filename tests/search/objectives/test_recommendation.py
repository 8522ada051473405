"""Among designs of equal answers, validated costs choose."""

import pandas as pd

from search.objectives.registry import find
from search.results.recommend import choose
from search.results.view import View


def test_measured_costs_choose_nothing() -> None:
    designs = pd.DataFrame(
        {
            "design": ["d00", "d01"],
            "feasible": True,
            "validation_error": [0.10, 0.105],
            "validation_energy_pj": [2e3, 3e3],
            "energy_pj": [3e3, 2e3],
        }
    )
    chosen = choose(designs, View((find("error"), find("energy"))))
    assert chosen is not None
    assert chosen.design == "d00"
