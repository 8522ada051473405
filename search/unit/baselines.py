"""What a study's designs stand beside: plain networks of the same shape on the recommended chip, and a model without a chip."""

import json
from collections.abc import Mapping
from typing import Any, Final

import jax
import numpy as np
import pandas as pd
from jaxtyping import Array, Key

from codesign.data.dataset import Dataset, Split
from codesign.evaluation.evaluate import Batch, Evaluation
from search.blackbox.workbench import Workbench
from search.designs.legal import Point
from search.designs.picks import picks
from search.errors import UserError
from search.objectives.cost import LEGAL
from search.problem.batches import as_batch
from search.problem.legal import rehearse
from search.problem.problem import Problem, as_values
from search.problem.sections.search import SearchConfig
from search.unit import facts
from search.unit.found import Chosen, Session, chips_of
from search.unit.plain import plain, plain_point

FACT: Final = "baselines"
SHARE: Final = 0.05  # of the unit's work
BITS: Final = (8, 4)
MOST_SAMPLES: Final = 10_000  # that the model without a chip is fitted to: enough for its few weights

Baseline = dict[str, Any]


def measure(bench: Workbench, chosen: Chosen, session: Session) -> None:
    """Store the baselines of a unit whose designs are measured, where they are asked for and not there yet.

    Each has `name` and `why` (empty, or why there are no numbers, or what is wrong with them), `validation_error`, `test_error` and
    `error_std` over simulated chips. Those of a network also have `chip_errors`, costs (`energy_pj`, `latency_ns`, `area_um2`), bits of one
    weight and one activation, those of all weights (`weights_bits`), `timesteps`, minibatches of training (`steps`), and the `design` whose
    chip it runs on.
    """
    journal = session.journal
    if not session.config.search.baselines or journal.get(FACT) is not None:
        return
    session.show(FACT, 1 - SHARE, "plain networks  compiling")
    design = _recommended(journal.designs(), bench.problem)
    # designs are named by their places
    networks = _Networks(bench, chosen.candidates[int(design.removeprefix("d"))].point, session)
    found = []
    for i, bits in enumerate(BITS):
        found.append({**networks.measured(bits), "design": design})
        session.show(FACT, 1 - SHARE * (1 - (i + 1) / (len(BITS) + 1)), f"{bits}-bit ANN{_told(found[-1])}")
        session.safe_point()
    found.append(linear(bench.problem.dataset))
    journal.put(FACT, json.dumps(found))
    session.show(FACT, 1.0, f"logistic regression{_told(found[-1])}")


def _recommended(rows: Mapping[str, Mapping[str, Any]], problem: Problem) -> str:
    """The balanced design; where none is feasible the one that comes nearest."""
    table = pd.DataFrame(list(rows.values()))
    found = picks(table, problem.objectives)
    return found["balanced"].design if found else str(table.sort_values("violation").design.iloc[0])


def _told(found: Baseline) -> str:
    return f"  test error {found['test_error']:.1%}" if "test_error" in found else f"  {found['why']}"


class _Networks:
    """Plain networks on one chip, trained by the recipe of searchers that have a network per design, as long as the unit's designs were."""

    def __init__(self, bench: Workbench, point: Point, session: Session) -> None:
        self._problem, self._point = plain(bench.problem), point
        self._bench, self._steps = Workbench(self._problem, bench.settings, bench.training), _steps(session.config.search)
        # the chips of the final measurement; 0 and 1 have drawn these
        self._chips, self._key = chips_of(session), jax.random.fold_in(session.keys["measure"], 2)
        data = bench.problem.dataset
        # of one shape: the program takes longer to compile than to run
        self._test, self._validation = as_batch(data.test), as_batch(_filled(data.validation, len(data.test.labels)))
        self._measured = jax.jit(self._measured_traced)
        self._impossible = _complaint(self._problem)
        self._weights = sum(layer["weights"] for layer in facts.layers(bench.problem))

    def measured(self, bits: int) -> Baseline:
        """The network in so many bits, with its errors and costs."""
        about: Baseline = {"name": f"{bits}-bit ANN", "weight_bits": bits, "activation_bits": bits, "weights_bits": bits * self._weights}
        about |= {"timesteps": self._problem.operation.longest, "steps": self._steps}
        if self._impossible:
            return about | {"why": self._impossible}
        point = plain_point(self._problem, self._point, bits)
        build_key, train_key = jax.random.split(jax.random.clone(self._key))
        network = self._bench.train(self._problem.begin(build_key), [point], train_key, self._steps)
        values = as_values(self._problem.space, point)
        # clones: both networks draw the same, and are measured on the same chips
        on_test, on_validation = (jax.random.clone(chips) for chips in self._chips)
        tested = self._measured(network, values, on_test, self._test)
        return about | self._numbers(tested, self._measured(network, values, on_validation, self._validation))

    def _numbers(self, tested: Evaluation, validated: Evaluation) -> Baseline:
        errors, cost = 1 - np.asarray(tested.chip_accuracy, np.float64), tested.cost
        found = {"test_error": float(errors.mean()), "error_std": float(errors.std(ddof=1)) if len(errors) > 1 else 0.0}
        found |= {"validation_error": 1 - float(validated.accuracy)}
        found |= {"energy_pj": float(cost.energy), "latency_ns": float(cost.latency), "area_um2": float(cost.area)}
        if not all(np.isfinite(list(found.values()))):
            return {"why": "its errors or costs are not finite"}
        excess = float(cost.excess)
        technology = self._problem.technology.name
        why = f"its chip would need {np.exp(excess):.3g} times what {technology} can do" if excess > LEGAL else ""
        return found | {"chip_errors": [float(f"{error:.7g}") for error in errors], "why": why}

    def _measured_traced(self, network: Any, values: dict[str, Array], keys: Key[Array, " chips"], batch: Batch) -> Evaluation:
        return self._problem.evaluate_on_chips(self._problem.place(network, values), batch, keys, exact=True)


def _steps(search: SearchConfig) -> int:
    """Minibatches that the weights of one design have seen: less, and the comparison would flatter the designs."""
    if search.kind != "gradient":
        return search.steps_per_design
    return search.warmup_steps + search.relax_steps + search.anneal_steps + search.finetune_steps


def _complaint(problem: Problem) -> str:
    """Why the problem cannot be run; empty where it can."""
    try:
        rehearse(problem)
    except UserError as error:
        return str(error)
    return ""


def _filled(split: Split, count: int) -> Split:
    """At least so many samples; what fills up counts for nothing."""
    missing = count - len(split.labels)
    if missing <= 0:
        return split
    unlabelled = np.full((missing, *split.labels.shape[1:]), -1, split.labels.dtype)
    return Split(np.resize(split.inputs, (count, *split.inputs.shape[1:])), np.concatenate([split.labels, unlabelled]))


def linear(dataset: Dataset) -> Baseline:
    """Logistic regression on standardised inputs, events added up over time: what can be had without a network.

    Bishop 2006, "Pattern recognition and machine learning", 4.3.4; with scikit-learn's default penalty.
    """
    # takes a second that only this needs
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    name = "logistic regression"
    if dataset.train.labels.ndim > 1:
        return {"name": name, "why": "it gives one answer for a sample, and the data have a label for each step"}
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(_summed(dataset, dataset.train)[:MOST_SAMPLES], dataset.train.labels[:MOST_SAMPLES])
    errors = {
        f"{which}_error": 1 - float(model.score(_summed(dataset, split), split.labels))
        for which, split in (("validation", dataset.validation), ("test", dataset.test))
    }
    return {"name": name, "why": "", **errors, "error_std": 0.0}


def _summed(dataset: Dataset, split: Split) -> np.ndarray:
    """Inputs as rows, `[samples, features]`."""
    inputs = split.inputs.sum(axis=1) if dataset.kind == "events" else split.inputs
    return inputs.reshape(len(inputs), -1)
