"""A line of `designs.csv`: settings, measured qualities, what was believed of them before, and the rates behind the cost."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from codesign.evaluation.evaluate import Evaluation
from codesign.hardware.base import AbstractHardware
from codesign.parameters.categorical import Categorical
from codesign.workloads.workload import Workload
from search.designs.candidate import Candidate
from search.designs.claim import gap
from search.problem.problem import Problem


def design_row(
    problem: Problem,
    candidate: Candidate,
    evaluation: Evaluation,
    errors: np.ndarray,
    validated: Evaluation,
    claim: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What is known of one measured design.

    Args:
        problem: what was searched.
        candidate: the design.
        evaluation: on test data, mean over simulated chips.
        errors: of each chip, `[chips]`.
        validated: on validation data and other chips.
        claim: `relaxed` and `rounded` objectives of the member it came from; None where no relaxed model said anything.
    """
    layers, objectives = evaluation.workload.names, problem.objectives
    measured = {o.name: float(o(evaluation)) for o in problem.everything}
    row: dict[str, Any] = {"member": candidate.member, "origin": candidate.origin}
    row |= _settings(problem, candidate.point, layers)
    row |= {o.column: measured[o.name] for o in problem.everything}
    cost = evaluation.cost
    # in every row, whatever the objectives are: tables and the sentence of the report use them
    row |= {"energy_pj": float(cost.energy), "latency_ns": float(cost.latency), "area_um2": float(cost.area)}
    # of a sample of chips; a single one has no spread
    row |= {"error_mean": float(errors.mean()), "error_std": float(errors.std(ddof=1)) if len(errors) > 1 else 0.0, "chips": len(errors)}
    row |= {"validation_error": 1 - float(validated.accuracy)} | {f"validation_{o.column}": float(o(validated)) for o in objectives}
    assert validated.chip_accuracy is not None
    row |= {"chip_errors": _digits(errors), "validation_chip_errors": _digits(1 - np.asarray(validated.chip_accuracy))}
    # how noisy they are
    row |= {"test_samples": len(problem.dataset.test.labels), "validation_samples": len(problem.dataset.validation.labels)}
    # of mutants and of designs tuned once more, no relaxed model has claimed anything
    own = claim if candidate.origin == "member" else None
    for stage in ("relaxed", "rounded"):
        row |= {f"{stage}_{o.column}": own[stage][i] if own else None for i, o in enumerate(objectives)}
    row |= {f"gap_{o.name}": gap(o, measured[o.name], own["relaxed"][i]) if own else None for i, o in enumerate(objectives)}
    row["rounded_feasible"] = own["rounded_feasible"] if own else None
    excess = [float(limit.excess(measured[limit.objective.name])) for limit in problem.limits]
    if excess:
        worst = int(np.argmax(excess))
        row |= {"violation": excess[worst], "tightest": problem.limits[worst].objective.name}
    # a NaN is not at most 0: what cannot be compared is not feasible
    row["feasible"] = all(value <= 0 for value in excess)
    # with what was measured the exact cost can be computed again from the row alone
    for name in ("input_rate", "output_rate", "weight_density", "weight_magnitude"):
        row |= {f"{name}[{n}]": float(v) for n, v in zip(layers, getattr(evaluation.workload, name), strict=True)}
    for name, blocks in _allocation(evaluation.hardware, evaluation.workload).items():
        row |= {f"{name}[{n}]": round(float(v)) for n, v in zip(layers, blocks, strict=True)}
    return row


@eqx.filter_jit
def _allocation(hardware: AbstractHardware, workload: Workload) -> Mapping[str, Float[Array, " layers"]]:
    """One program: op by op each would be compiled alone."""
    return hardware.allocation(workload)


def _digits(errors: np.ndarray) -> list[float]:
    """As many digits as a float32 has: lists make rows long."""
    return [float(f"{error:.7g}") for error in errors]


def is_finite(problem: Problem, evaluation: Evaluation) -> bool:
    """Whether every objective and bounded quality is."""
    return bool(np.all(np.isfinite([float(o(evaluation)) for o in problem.everything])))


def _settings(problem: Problem, point: Mapping[str, Any], layers: tuple[str, ...]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in point.items():
        parameter = problem.space.parameters[name]
        spelt = [parameter.options[int(v)] if isinstance(parameter, Categorical) else v for v in np.ravel(value).tolist()]
        row |= {f"{name}[{layer}]": v for layer, v in zip(layers, spelt, strict=True)} if parameter.per_layer else {name: spelt[0]}
    return row
