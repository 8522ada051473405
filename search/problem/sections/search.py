"""How designs are searched."""

from typing import Final, Literal

from pydantic import Field, field_validator, model_validator

from search.errors import nearest
from search.problem.sections.strict import Strict

SEARCHERS: Final = ("gradient", "supernet_nsga2", "tpe", "nsga2", "random", "coordinate")
"""As `search.blackbox.registry`, which is on a floor above, names them."""


class SearchConfig(Strict):
    """How designs are searched; see `search.problem.schedule.Settings`."""

    # the defaults of `Settings` once more: its module imports JAX, and configs are checked without
    kind: str = Field("gradient", description="A searcher (`codesign list searchers`).")
    budget: float = Field(
        0, ge=0, description="What may be spent [training samples x time steps]; 0 for what the gradient search of this config spends."
    )
    seed: int | None = Field(None, ge=0, lt=2**32, description="Seed of the search alone; default the study's, which the data keep.")
    # tuned on seeds that are in no table (docs/benchmarks.md)
    steps_per_design: int = Field(400, ge=1, description="How long [minibatches] searchers with a network per design train each.")
    design_learning_rate: float = Field(1e-2, gt=0, description="Learning rate of the weights, of searchers with a network per design.")
    population: int = Field(10, ge=1, le=4096, description="Members, each with its own preference between the objectives.")
    batch_size: int = Field(64, ge=1, description="Size of a minibatch [samples].")
    warmup_steps: int = Field(300, ge=0, description="How long [minibatches] weights are trained on random chips.")
    relax_steps: int = Field(400, ge=0, description="How long [minibatches] weights and chip move on the smooth model.")
    anneal_steps: int = Field(200, ge=0, description="How long [minibatches] the model takes to harden to the exact one.")
    finetune_steps: int = Field(150, ge=0, description="How long [minibatches] weights are trained on the design that was chosen.")
    steps_per_call: int = Field(
        25, ge=1, description="Length of one call of the compiled program [minibatches]; a study can stop between calls."
    )
    learning_rate: float = Field(3e-3, gt=0, description="Learning rate of the weights.")
    chip_learning_rate: float = Field(2e-2, gt=0, description="Learning rate of the design parameters, on their scale from 0 to 1.")
    # above 0: weights are spread evenly in their logarithms
    preference_low: float = Field(3e-3, gt=0, description="Smallest weight of the costs against the error.")
    preference_high: float = Field(1.0, gt=0, description="Largest weight of the costs against the error.")
    scalarisation: Literal["linear", "tchebycheff", "epsilon", "hypervolume"] = Field(
        "linear", description="How a member's objectives become one number."
    )
    warm_start: Literal["shared", "own"] = Field("own", description="Whether members begin with one network that was trained for all.")
    population_axis: Literal["auto", "loop", "vmap"] = Field(
        "auto", description="Members one after another (loop) or together (vmap); auto: by the device."
    )
    patience: int = Field(0, ge=0, description="How long a stage goes on without growth of the hypervolume [calls]; 0 for to its end.")
    polish_evaluations: int = Field(0, ge=0, description="Mutations of the front that are scored on validation data.")
    scout_evaluations: int = Field(0, ge=0, description="Chips scored with the warm weights, of which members choose theirs to begin with.")
    tuned_designs: int = Field(0, ge=0, description="Designs of the polished front that are fine-tuned once more, each on its own.")
    chips: int = Field(16, ge=1, le=4096, description="Simulated chips that every design is measured on.")
    aged_chips: int = Field(4, ge=0, le=4096, description="Chips that are measured again an hour, a day and a month after programming.")
    recalibrate: bool = Field(
        False, description="Whether these are also measured with gain and offset of each column re-estimated from training samples."
    )
    exact_chips: int = Field(
        2, ge=0, le=4096, description="Chips that the front's crossbars are measured on once more, wires solved and slices on devices."
    )
    exact_solves: float = Field(
        2000, ge=0, description="What that may take [solutions of an array of 64 x 64 cells, 3 ms each]; else a cheaper solver is taken."
    )
    baselines: bool = Field(
        False, description="Whether an 8-bit and a 4-bit ANN of the same shape, and logistic regression, are measured on the same data."
    )
    memory_gb: float | None = Field(
        None, gt=0, description="Memory of evaluations [GB], which go through a split in pieces that fit; default half of what is free."
    )
    designs: int = Field(24, ge=1, description="At most this many designs are measured on test data.")

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in SEARCHERS:
            raise ValueError(f"unknown searcher {kind!r}{nearest(kind, SEARCHERS)}")
        return kind

    @model_validator(mode="after")
    def _ordered(self) -> "SearchConfig":
        if self.preference_low > self.preference_high:
            raise ValueError(f"preference_low must not be above preference_high, got {self.preference_low:g} and {self.preference_high:g}")
        return self

    @model_validator(mode="after")
    def _aged_where_recalibrated(self) -> "SearchConfig":
        if self.recalibrate and not self.aged_chips:
            raise ValueError("recalibrate is about chips that have aged, and aged_chips is 0: set it to 4, or leave recalibrate out")
        return self

    @model_validator(mode="after")
    def _some_steps(self) -> "SearchConfig":
        if self.warmup_steps + self.relax_steps + self.anneal_steps == 0:
            raise ValueError("warmup_steps, relax_steps and anneal_steps must not all be 0: nothing would be searched")
        return self
