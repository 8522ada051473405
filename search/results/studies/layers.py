"""A design layer by layer: what it is, how it runs, what it costs."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def layers_of(design: "pd.Series[Any]", breakdown: pd.DataFrame, described: Sequence[Mapping[str, Any]] | None) -> pd.DataFrame:
    """A row for each layer, in the order of the network.

    Args:
        design: a row of designs; what is told layer by layer stands in columns `NAME[LAYER]`.
        breakdown: of this design: `layer`, `component`, `energy_pj`, `latency_ns`.
        described: shapes of the layers, each with its `name`; None where the study did not store them.
    """
    found = dict[str, dict[str, Any]]()
    for shape in described or ():
        found[str(shape["name"])] = {key: value for key, value in shape.items() if key != "name"}
    for column, value in design.items():
        name, _, rest = str(column).partition("[")
        # a column of another unit's layer has nothing here
        if rest and not (pd.api.types.is_scalar(value) and pd.isna(value)):
            found.setdefault(rest.removesuffix("]"), {})[name] = value
    costs = breakdown.groupby("layer", sort=False)[["energy_pj", "latency_ns"]].sum()
    table = pd.DataFrame.from_dict(found, orient="index").join(costs).rename_axis("layer").reset_index()
    # whole numbers, which a series of mixed values does not know of
    return table.infer_objects()
