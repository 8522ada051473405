"""A trained network on its hardened chip, as a function of samples."""

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, final

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from codesign.evaluation.arithmetic import arrays_of
from codesign.evaluation.devices import ageing_of
from codesign.evaluation.evaluate import Batch, Design, Evaluation, assigned, evaluate
from codesign.network.early_exit import exit_early
from codesign.workloads.workload import Workload
from search.errors import UserError
from search.problem.problem import Problem

RATES: Final = ("input_rate", "output_rate", "weight_density", "weight_magnitude")
"""Of a workload, layer by layer, as rows of designs keep them."""


@final
class TrainedNetwork:
    """Scores of classes from the exact, discrete model, on one simulated chip.

    Args:
        problem: what was searched.
        design: weights, operation and chip.
    """

    def __init__(self, problem: Problem, design: Design) -> None:
        self.problem, self.design = problem, design
        self._scores = jax.jit(self._traced)

    def __call__(self, samples: ArrayLike, chip: int = 0) -> Float[Array, "samples classes"]:
        """Scores; the largest is the answer.

        Args:
            samples: as the data set has them, `[samples, *sample_shape]`, such as `design.dataset.test.inputs`; one sample without its
                axis is taken as one.
            chip: which simulated chip: another number is another chip of the same make.

        Raises:
            UserError: samples of another shape or range; `design.dataset.standard` brings features into it where the study standardised.
        """
        inputs, shape = jnp.asarray(samples, jnp.float32), tuple(self.problem.dataset.sample_shape)
        if inputs.shape == shape:
            inputs = inputs[None]
        if inputs.shape[1:] != shape:
            raise UserError(f"samples of this network have the shape {shape}, got {tuple(inputs.shape)}")
        self._refuse_other_ranges(np.asarray(inputs))
        return self._scores(self.design, inputs, jax.random.key(chip))

    def predict(self, samples: ArrayLike, chip: int = 0) -> Int[np.ndarray, " samples"]:
        """The class of each sample; see `__call__`."""
        return np.asarray(jnp.argmax(self(samples, chip), axis=-1))

    def workload(self, measured: Mapping[str, Any]) -> Workload:
        """The workload of one inference, with the rates that were measured.

        Args:
            measured: a row of designs: `RATES` of each layer.
        """
        test = self.problem.dataset.test
        # how many steps are run before an answer is certain is known of the whole split only
        samples = len(test.labels) if self.design.operation.exit_entropy is not None else 1
        workload = self._evaluation(Batch(jnp.asarray(test.inputs[:samples]), jnp.asarray(test.labels[:samples]))).workload
        rates = {name: jnp.asarray([measured[f"{name}[{layer}]"] for layer in workload.names], jnp.float32) for name in RATES}
        return dataclasses.replace(workload, **rates)

    def _refuse_other_ranges(self, inputs: np.ndarray) -> None:
        dataset = self.problem.dataset
        low, high = (0.0, 1.0) if dataset.kind == "frames" else (-np.inf, np.inf)
        # asked the positive way round: a NaN fails every comparison
        if not np.all((inputs >= low) & (inputs <= high) & np.isfinite(inputs)):
            mend = "" if dataset.standard is None else "; bring your own there with `design.dataset.standard(features)`"
            raise UserError(f"samples of {dataset.name} are {'within [0, 1]' if high == 1 else 'finite'}{mend}")

    @cached_property
    def _evaluation(self) -> Any:
        def run(batch: Batch) -> Evaluation:
            problem = self.problem
            setting = (problem.graph, self.design, batch, problem.technology, jax.random.key(0))
            return evaluate(*setting, exact=True, granularity=problem.granularity, at_once=problem.at_once)

        return jax.jit(run)

    def _traced(self, design: Design, inputs: Array, key: Array) -> Array:
        problem = self.problem
        ageing = ageing_of(design.hardware, problem.technology)
        arrays = arrays_of(assigned(problem.graph, design), problem.technology, design.operation, True, problem.granularity, ageing)
        network = nnx.merge(problem.graph, design.network)
        activity = network(inputs, design.operation, arrays, key)
        return exit_early(activity, design.operation, 1.0).logits
