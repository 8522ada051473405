"""How sure a study's verdicts are: designs that stay on the front under other prices, and the constants that would change it."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from search.objectives.pareto import non_dominated
from search.results.view import View

MOST: Final = 5  # constants that are named
COLUMNS: Final = ("constant", "elasticity", "shift", "value", "unit", "low", "high", "source", "spread")


def with_prices(view: View, designs: pd.DataFrame, drawn: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Designs with `front_probability`: the share of draws of all prices in which a design is on the front.

    Args:
        view: objectives.
        designs: measured designs.
        drawn: `values` of each design, `[draws, objectives]`; of a design without them (an older study) nothing is said.
    """
    if not set(designs.design) <= drawn.keys():
        return designs
    values = np.stack([np.asarray(drawn[name]["values"], np.float64) for name in designs.design], axis=1)
    values = values * [objective.sign for objective in view.objectives]
    values[:, ~designs.feasible.to_numpy(bool)] = np.nan
    return designs.assign(front_probability=np.mean([non_dominated(draw) for draw in values], axis=0))


def influential(
    designs: pd.DataFrame, drawn: Mapping[str, Mapping[str, Any]], constants: Mapping[str, Mapping[str, Any]], chosen: str
) -> pd.DataFrame:
    """The constants that could change which design is best, strongest first: uncertain ones to which designs respond differently.

    What scales the energy of all designs alike changes joules and no verdict. Columns: `constant`, `elasticity` of the chosen
    design's energy, `shift`: by how many percent one standard deviation moves the energies of two designs of the front against each other,
    `value`, `unit`, `low`, `high` (80 % interval), `spread` (standard deviation of the logarithm), `source`.

    Args:
        designs: with `on_front`.
        drawn: `elasticities` of each design.
        constants: by name, as `search.study.prices.constants` gives them.
        chosen: the design that is recommended.
    """
    front = [name for name in designs.design[designs.on_front] if name in drawn] or [chosen]
    if chosen not in drawn:
        # a study without a feasible design, or of a version that drew nothing: no rows, and the same columns
        return pd.DataFrame(columns=COLUMNS)
    rows = []
    for name, own in drawn[chosen]["elasticities"].items():
        slopes = [drawn[design]["elasticities"].get(name, 0.0) for design in front]
        row = {"constant": name, "elasticity": own, "shift": 100 * constants[name]["spread"] * (max(slopes) - min(slopes))}
        rows.append(row | dict(constants[name]))
    table = pd.DataFrame(rows, columns=COLUMNS)
    # where only one design is on the front, what moves its joules is all there is to say
    key = table["shift"] if table["shift"].max() > 0 else table["elasticity"].abs() * table["spread"]
    return table.loc[key.sort_values(ascending=False).index].head(MOST).reset_index(drop=True)
