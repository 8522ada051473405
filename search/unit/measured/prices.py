"""Measured designs under draws of the whole technology: how sure their costs are, and which constants they hang on."""

import math
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from codesign.cost import Cost
from codesign.evaluation.evaluate import Evaluation
from codesign.technology.technology import Technology
from codesign.technology.uncertainty import DECILE, draws, elasticities, spreads
from search.problem.problem import Problem

DRAWS: Final = 256


def constants(technology: Technology) -> dict[str, dict[str, Any]]:
    """What is known of every constant, for tables: value, unit, interval, standard deviation of its logarithm, source."""
    found = {}
    spread = spreads(technology)
    for quantity in technology.quantities:
        low, high = quantity.interval
        found[quantity.name] = {"value": quantity.value, "unit": quantity.unit, "low": low, "high": high, "source": quantity.source}
    for name in spread.keys() - found.keys():
        width = math.exp(spread[name] * DECILE)
        found[name] = {"value": 1.0, "unit": "factor", "low": 1 / width, "high": width, "source": "CACTI 7.0, of the memory cell chosen"}
    return {name: entry | {"spread": spread[name]} for name, entry in found.items()}


class DrawnPrices:
    """Prices a measured design `DRAWS` times; the draws are the same for all designs of all studies."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self._drawn = problem, draws(problem.technology, DRAWS)
        # one program for all designs: chip, rates and prices are arguments
        self._priced = eqx.filter_jit(self._priced_traced)
        self._slopes = eqx.filter_jit(elasticities_traced)

    def __call__(self, evaluation: Evaluation) -> tuple[dict[str, float], dict[str, Any]]:
        """Columns of the table of designs, and what is kept of the draws.

        Returns:
            `energy_pj_p10`, `energy_pj_p90` and so on; and `values` `[draws, objectives]` with `elasticities` of the energy by constant.
        """
        values, costs = self._priced(evaluation, self._drawn)
        columns: dict[str, float] = {}
        for name, of_draws in costs.items():
            low, high = np.quantile(np.asarray(of_draws, np.float64), [0.1, 0.9])
            columns |= {f"{name}_p10": float(low), f"{name}_p90": float(high)}
        slopes = elasticities(lambda prices: self._slopes(evaluation, prices), self._problem.technology)
        return columns, {"values": np.asarray(values, np.float64).tolist(), "elasticities": slopes}

    def _priced_traced(self, evaluation: Evaluation, drawn: Technology) -> tuple[Array, dict[str, Array]]:
        def one(prices: Technology) -> tuple[Array, dict[str, Array]]:
            cost = evaluation.hardware.cost(evaluation.workload, prices)
            priced = eqx.tree_at(lambda e: e.cost, evaluation, cost, is_leaf=lambda leaf: isinstance(leaf, Cost))
            objectives = jnp.stack([jnp.asarray(objective(priced), jnp.float32) for objective in self._problem.objectives])
            return objectives, {"energy_pj": cost.energy, "latency_ns": cost.latency, "area_um2": cost.area}

        # one after another: a design has few layers, and a program of one size compiles fastest
        return jax.lax.map(one, drawn)


def elasticities_traced(evaluation: Evaluation, prices: Technology) -> Array:
    """The energy of a measured design at some prices [pJ]."""
    return evaluation.hardware.cost(evaluation.workload, prices).energy
