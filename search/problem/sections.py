"""The sections of a config: data, network, hardware, search. Descriptions of keys are what `codesign schema` tells editors."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from search.errors import nearest

SEARCHERS: Final = ("gradient", "supernet_nsga2", "tpe", "nsga2", "random", "coordinate")
"""As `search.blackbox.registry`, which is on a floor above, names them."""


class Strict(BaseModel):
    """Unknown keys, silent conversions and numbers that are not finite are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _shape(value: Any) -> str:
    # members of unions are told apart by shape, so that a mistake is complained of once and not for each of them
    if isinstance(value, dict | BaseModel):
        return "parts"
    return "list" if isinstance(value, list) else "text" if isinstance(value, str) else "number"


FixedValue = Annotated[
    Annotated[float, Tag("number")] | Annotated[str, Tag("text")] | Annotated[list[float], Tag("list")], Discriminator(_shape)
]
Fixed = dict[str, FixedValue]


class DataConfig(Strict):
    """Which data, and how much of it."""

    name: str = Field(
        description="A data set (`codesign list datasets`), or a path, relative to this file, of data of your own (.npz, or a folder).",
        min_length=1,
    )
    timesteps: int | None = Field(None, ge=1, description="Time bins of event recordings, and of other sets that can choose them.")
    validation_share: float | None = Field(
        None, gt=0, lt=1, description="Share of the training samples that designs are chosen by; by default the data set's own."
    )
    limit: int | None = Field(None, ge=1, description="At most this many samples in each split, classes in turn.")


class NetworkConfig(Strict):
    """Which network is trained."""

    kind: str = Field(description="A builder (`codesign list networks`).")
    hidden: list[Annotated[int, Field(ge=1)]] = Field([], description="Neurons of each hidden layer, for `mlp` and its like.")
    channels: list[Annotated[int, Field(ge=1)]] = Field([], description="Channels of each convolution, for `convnet`.")
    options: dict[str, int | float | str | list[int]] = Field(
        {}, description="Other arguments of the builder, and of its style: neuron, norm, encoding, readout, state."
    )
    longest: int = Field(8, ge=1, le=1024, description="Time steps that are simulated; data with a time axis have their own.")
    operation: dict[str, float] = Field(
        {}, description="Fixed values of how the network is run: timesteps, weight_bits, activation_bits, state_bits, gate, exit_entropy."
    )


class EngineConfig(Strict):
    """One engine of a hybrid chip."""

    kind: str = Field(description="Its family: systolic or manycore.")
    fixed: Fixed = Field({}, description="Parameters that are not searched.")


class TechnologyConfig(Strict):
    """A technology by its parts; see `codesign.technology.compose`."""

    process: str = Field(description="Logic process, such as cmos_28nm (`codesign list technologies`).")
    memory: str = Field("lop", description="On-chip memory cell.")
    device: str = Field("none", description="Analog device of a crossbar.")
    offchip: str = Field("lpddr4", description="Memory off the chip, or none.")
    events: str = Field("none", description="Measured events of a many-core chip.")

    def __str__(self) -> str:
        """The parts, for people."""
        return "{" + ", ".join(f"{slot}: {part}" for slot, part in self.model_dump().items() if part != "none") + "}"


TechnologyChoice = Annotated[
    Annotated[str, Tag("text")] | Annotated[list[str], Tag("list"), Field(min_length=1)] | Annotated[TechnologyConfig, Tag("parts")],
    Discriminator(lambda value: "text" if _shape(value) == "number" else _shape(value)),
]


class HardwareConfig(Strict):
    """Which chip, in which technology."""

    kind: str = Field(description="A family (`codesign list hardware`).")
    technology: TechnologyChoice = Field(
        description="A technology by name (`codesign list technologies`), several that are joined, or its parts by slot."
    )
    allow_mixed_basis: bool = Field(
        False, description="Joins technologies whose prices rest on different bases; verdicts may hang on that."
    )
    fixed: Fixed = Field({}, description="Parameters that are not searched (`codesign list parameters KIND`).")
    # no dots in names: `engine.parameter` is split at the first one
    engines: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], EngineConfig] = Field(
        {}, description="Engines of a `hybrid` chip, by names that prefix their parameters: `name.parameter`."
    )

    @property
    def technology_text(self) -> str:
        """The technology, for people; says where bases are mixed."""
        text = " + ".join(self.technology) if isinstance(self.technology, list) else str(self.technology)
        return f"{text}, on mixed price bases: verdicts between engines may hang on that" if self.allow_mixed_basis else text


class SearchConfig(Strict):
    """How designs are searched; see `search.problem.schedule.Settings`."""

    # the defaults of `Settings` once more: its module imports JAX, and configs are checked without
    kind: str = Field("gradient", description="A searcher (`codesign list searchers`).")
    budget: float = Field(
        0, ge=0, description="Training samples x time steps that may be spent; 0 for what the gradient search of this config spends."
    )
    steps_per_design: int = Field(400, ge=1, description="Minibatches that searchers with a network per design train each for.")
    population: int = Field(10, ge=1, le=4096, description="Members, each with its own preference between the objectives.")
    batch_size: int = Field(64, ge=1, description="Samples of a minibatch.")
    warmup_steps: int = Field(300, ge=0, description="Minibatches that weights are trained on random chips.")
    relax_steps: int = Field(400, ge=0, description="Minibatches of the joint search on the smooth model.")
    anneal_steps: int = Field(200, ge=0, description="Minibatches while the model hardens to the exact one.")
    finetune_steps: int = Field(150, ge=0, description="Minibatches that weights are trained for on the design that was chosen.")
    steps_per_call: int = Field(25, ge=1, description="Minibatches of one call of the compiled program; a study can stop between calls.")
    learning_rate: float = Field(3e-3, gt=0, description="Of the weights.")
    chip_learning_rate: float = Field(2e-2, gt=0, description="Of the design parameters.")
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
    patience: int = Field(0, ge=0, description="Calls without growth of the hypervolume after which a stage ends early; 0 for never.")
    polish_evaluations: int = Field(0, ge=0, description="Mutations of the front that are scored on validation data.")
    scout_evaluations: int = Field(0, ge=0, description="Chips scored with the warm weights, of which members choose theirs to begin with.")
    tuned_designs: int = Field(0, ge=0, description="Designs of the polished front that are fine-tuned once more, each on its own.")
    chips: int = Field(16, ge=1, le=4096, description="Simulated chips that every design is measured on.")
    aged_chips: int = Field(4, ge=0, le=4096, description="Chips that are measured again an hour, a day and a month after programming.")
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
    def _some_steps(self) -> "SearchConfig":
        if self.warmup_steps + self.relax_steps + self.anneal_steps == 0:
            raise ValueError("warmup_steps, relax_steps and anneal_steps must not all be 0: nothing would be searched")
        return self


class SweepConfig(Strict):
    """Several studies in one file: every combination of what is listed; each is the config with these keys replaced.

    Keys are dotted (`hardware.technology`), and what they name is replaced whole.
    """

    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field({}, description="Values by key; every combination is a study.")
    zip: dict[str, Annotated[list[Any], Field(min_length=1)]] | list[dict[str, Annotated[list[Any], Field(min_length=1)]]] = Field(
        {}, description="Values by key that go together, the first with the first: lists of one length; or a list of such mappings."
    )
    variants: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")], dict[str, Any]] = Field(
        {}, description="By name, the keys that each variant replaces, such as a whole `hardware` with its `parameters`."
    )
