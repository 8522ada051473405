"""What designs of the measured front err with every slice of a weight on devices of its own and all wires solved: the last measurement.

The search's form of a crossbar replaces slices by one device and wires by a closed form. Here both forms of the same devices answer the
same samples, so that their difference is what the search leaves out, and no luck of a draw.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import jax
import numpy as np
import pandas as pd
from flax import nnx
from jaxtyping import Array, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.evaluation import solved
from codesign.evaluation.arithmetic import arrays_of
from codesign.evaluation.devices import ageing_of
from codesign.evaluation.evaluate import Batch, Design, assigned
from codesign.hardware.crossbar.crossbar import Crossbar
from search.designs.picks import front_of, picks
from search.problem.batches import as_batch
from search.problem.problem import Problem, as_values
from search.unit.found import Chosen, Session, chips_of

TIERS: Final = ("exact", "line mean-field")
"""Solvers of wires, the best first (`codesign.analog.wires.wires`)."""
MOST_SLICES: Final = 15  # of weights of 16 bits in cells of one
# measured on one core against one of 64 x 64 cells, 3 ms: 8.6 for 128 x 128, 136 for 256 x 256; a new size is compiled first
_COMPILED: Final = {"exact": 400.0, "line mean-field": 170.0}
# what runs once for a chip compiles in half the time where nothing is made fast
_QUICKLY: Final = {"xla_backend_optimization_level": 0}
_SHARE: Final = 0.25  # of the samples x chips of all other measurements
_LEAST: Final = 500  # samples

Made = tuple[tuple[str, int], ...]  # names of parameters, and the option that is chosen
Sizes = Sequence[tuple[int, int, int]]  # rows, columns and number of arrays, by layer


class Plan(NamedTuple):
    """Which designs are measured.

    Attributes:
        tiers: solver of the wires by name of the design, in the order in which they are measured.
        most: slices of a weight.
        samples: of the test split.
    """

    tiers: Mapping[str, str]
    most: int
    samples: int


class ExactErrors:
    """Errors of one design on solved wires, beside those of the search's form on the same devices; compiled once for all designs."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self._test = problem, as_batch(problem.dataset.test)
        self._sizes = jax.jit(self._sizes_traced, static_argnums=2)
        self._programmed = jax.jit(self._programmed_traced, static_argnums=(2, 4), compiler_options=_QUICKLY)
        self._forms = jax.jit(self._forms_traced, static_argnums=2, compiler_options=_QUICKLY)
        self._right = jax.jit(self._right_traced)

    def __call__(self, chosen: Chosen, session: Session) -> None:
        """Add columns to the designs of the journal that should have them and have not."""
        journal = session.journal
        plan = self.plan(chosen, session)
        keys = chips_of(session)[0][: session.config.search.exact_chips]
        batch = self._samples(plan.samples, session)
        for number, (name, tier) in enumerate(plan.tiers.items()):
            if "exact_wires" in journal.designs()[name]:
                continue
            session.show("measure", 1.0, f"exact wires {number + 1}/{len(plan.tiers)}")
            # designs are named by their places
            candidate = chosen.candidates[int(name.removeprefix("d"))]
            values = as_values(self.problem.space, candidate.point)
            right = [self._on_chip(candidate.network, values, jax.random.clone(key), batch, tier, plan.most) for key in keys]
            journal.amend_design(name, _columns(np.asarray(right, np.float64)) | {"exact_wires": tier})
            session.safe_point()

    def plan(self, chosen: Chosen, session: Session) -> Plan:
        """The recommended designs, and as many others of the front as the budget allows, each with the best solver that fits into it.

        Where it does not allow for the recommended ones either, they have the cheaper solver nevertheless.
        """
        search, journal = session.config.search, session.journal
        rows = journal.designs()
        table = pd.DataFrame([{"design": name} | row for name, row in rows.items()])
        nothing = Plan({}, 1, 0)
        if not search.exact_chips or table.empty:
            return nothing
        recommended = [pick.design for pick in picks(table, self.problem.objectives).values()]
        front = [str(name) for name in front_of(table, self.problem.objectives).design] if recommended else []
        order = list(dict.fromkeys([*recommended, *front]))
        sizes = {name: self._sizes_of(chosen.candidates[int(name.removeprefix("d"))]) for name in order}
        if not any(own for own, _ in sizes.values()):
            return nothing
        tiers = _affordable({name: own for name, (own, _) in sizes.items()}, recommended, search.exact_chips, search.exact_solves)
        most = max(slices for _, slices in sizes.values())
        return Plan(tiers, most, self._affordable_samples(len(tiers), len(chosen.candidates), most, session))

    def _affordable_samples(self, designs: int, measured: int, slices: int, session: Session) -> int:
        search, data = session.config.search, self.problem.dataset
        whole = len(data.test.labels)
        others = measured * search.chips * (whole + len(data.validation.labels))
        # a slice takes as long as a whole weight of the other form
        share = round(_SHARE * others / (designs * search.exact_chips * (1 + slices)))
        return min(whole, max(share, _LEAST))

    def _samples(self, count: int, session: Session) -> Batch:
        """A part of the test split, in its order; the same for all designs."""
        whole = len(self._test.labels)
        if count >= whole:
            return self._test
        # 0 to 2 are the chips' and the baselines'
        drawn = jax.random.permutation(jax.random.fold_in(session.keys["measure"], 3), whole)[:count]
        kept = np.sort(np.asarray(drawn))
        return Batch(self._test.inputs[kept], self._test.labels[kept])

    def _on_chip(
        self, network: nnx.State, values: dict[str, Array], key: Key[Array, ""], batch: Batch, tier: str, most: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which samples are answered right on solved wires, and in the search's form."""
        made = self._made(values)
        layers = self._programmed(network, values, made, jax.random.clone(key), most)
        shares = [None if layer is None else solved.deliver(layer, tier) for layer in layers]
        forms = self._forms(network, values, made, jax.random.clone(key), layers, shares)
        exact, searched = (np.asarray(self._right(network, values, jax.random.clone(key), form, batch)) for form in forms)
        return exact, searched

    def _sizes_of(self, candidate: Any) -> tuple[Sizes, int]:
        values = as_values(self.problem.space, candidate.point)
        layers = self._sizes(candidate.network, values, self._made(values))
        found = [(int(size.rows), int(size.columns), int(size.arrays)) for size in layers]
        return found, max((int(size.slices) for size in layers), default=1)

    def _made(self, values: Mapping[str, Array]) -> Made:
        """Encodings that are chosen: they say how many devices a weight has, and so set shapes."""
        engines = getattr(self.problem.hardware, "engines", (self.problem.hardware,))
        prefixes = [f"{name}." for name in getattr(self.problem.hardware, "names", ())] or [""]
        analog = [prefix for prefix, engine in zip(prefixes, engines, strict=True) if isinstance(engine, Crossbar)]
        return tuple((f"{prefix}encoding", int(values[f"{prefix}encoding"])) for prefix in analog if f"{prefix}encoding" in values)

    def _design(self, network: nnx.State, values: dict[str, Array], made: Made) -> tuple[Design, list[AbstractArray]]:
        problem = self.problem
        placed = problem.place(network, values)
        design = dataclasses.replace(placed, hardware=_decided(placed.hardware, dict(made)))
        ageing = ageing_of(design.hardware, problem.technology)
        return design, arrays_of(assigned(problem.graph, design), problem.technology, design.operation, True, problem.granularity, ageing)

    def _sizes_traced(self, network: nnx.State, values: dict[str, Array], made: Made) -> list[solved.Size]:
        design, arrays = self._design(network, values, made)
        return solved.sizes(self.problem.graph, design, arrays, MOST_SLICES)

    def _programmed_traced(self, network: nnx.State, values: dict[str, Array], made: Made, key: Key[Array, ""], most: int) -> Any:
        return solved.programmed(self.problem.graph, *self._design(network, values, made), key, most)

    def _forms_traced(self, network: nnx.State, values: dict[str, Array], made: Made, key: Key[Array, ""], layers: Any, shares: Any) -> Any:
        return solved.forms(self.problem.graph, *self._design(network, values, made), key, layers, shares)

    def _right_traced(
        self, network: nnx.State, values: dict[str, Array], key: Key[Array, ""], arrays: list[AbstractArray], batch: Batch
    ) -> Array:
        design = self.problem.place(network, values)
        return solved.right_answers(self.problem.graph, design, batch, arrays, key, self.problem.at_once)


def _decided(hardware: Any, made: Mapping[str, int]) -> Any:
    """The chip, and its engines, with the encodings that are chosen and no others."""
    if "encoding" in made:
        return hardware.alone()[made["encoding"]]
    named = zip(getattr(hardware, "names", ()), getattr(hardware, "engines", ()), strict=True)
    engines = tuple(engine.alone()[made[f"{name}.encoding"]] if f"{name}.encoding" in made else engine for name, engine in named)
    return dataclasses.replace(hardware, engines=engines) if made else hardware


def _affordable(sizes: Mapping[str, Sizes], recommended: Sequence[str], chips: int, budget: float) -> dict[str, str]:
    """The solver of each design that is measured, in the order of `sizes`."""
    known, spent, found = set[tuple[str, int, int]](), 0.0, dict[str, str]()
    for name, layers in sizes.items():
        for tier in TIERS:
            new = {(tier, rows, columns) for rows, columns, _ in layers} - known
            price = chips * sum(arrays * _price(tier, rows, columns) for rows, columns, arrays in layers) + len(new) * _COMPILED[tier]
            last = tier == TIERS[-1] and name in recommended
            if spent + price <= budget or last:
                known, spent, found[name] = known | new, spent + price, tier
                break
    return found


def _price(tier: str, rows: int, columns: int) -> float:
    """Time that one array takes, in solutions of one of 64 x 64 cells; the first is what a call takes."""
    if tier == "exact":
        return 0.2 + 0.55 * max(rows, columns) * min(rows, columns) ** 3 / 64**4
    return 0.1 + 0.05 * rows * columns / 64**2


def _columns(right: np.ndarray) -> dict[str, Any]:
    """Columns from what was right, `[chips, forms, samples]`, solved wires first."""
    errors = 1 - right[:, 0].mean(axis=1)
    chips, _, samples = right.shape
    # of each sample: what is common to both forms cancels
    gaps = (right[:, 1] - right[:, 0]).mean(axis=0)
    return {
        "error_exact": float(errors.mean()),
        "error_exact_std": float(errors.std(ddof=1)) if chips > 1 else 0.0,
        "exact_gap": float(gaps.mean()),
        "exact_gap_se": float(gaps.std(ddof=1) / samples**0.5) if samples > 1 else 0.0,
        "exact_chips": chips,
        "exact_samples": samples,
    }
