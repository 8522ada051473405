"""Data, network and hardware. Descriptions of keys are what `codesign schema` tells editors."""

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from search.problem.sections.start import RandomStart, StartConfig
from search.problem.sections.strict import PATH, Strict, shape

FixedValue = Annotated[
    Annotated[float, Tag("number")] | Annotated[str, Tag("text")] | Annotated[list[float], Tag("list")], Discriminator(shape)
]
Fixed = dict[str, FixedValue]


class DataConfig(Strict):
    """Which data, and how much of it."""

    name: str = Field(
        description="A data set (`codesign list datasets`), or the path, relative to this file, of your own (.npz, .csv, .tsv, a folder).",
        pattern=PATH,
    )
    timesteps: int | None = Field(None, ge=1, description="Time bins [steps] of event recordings, and of other sets that can choose them.")
    validation_share: float | None = Field(
        None, gt=0, lt=1, description="Share of the training samples that designs are chosen by; by default the data set's own."
    )
    limit: int | None = Field(None, ge=1, description="Size of each split at most [samples], classes in turn.")
    target: str | None = Field(None, min_length=1, description="The column of a table that holds the class; default the last.")
    ignore: list[str] = Field([], description="Columns of a table that are left out, such as numbers of samples.")
    standardise: bool = Field(
        False,
        description="Bring each feature into [0, 1]: its mean in training becomes 0.5, three standard deviations reach the ends.",
    )


class NetworkConfig(Strict):
    """Which network is trained."""

    kind: str = Field(description="A builder (`codesign list networks`).")
    hidden: list[Annotated[int, Field(ge=1)]] = Field([], description="Width of each hidden layer [neurons], for `mlp` and its like.")
    channels: list[Annotated[int, Field(ge=1)]] = Field([], description="Width of each convolution [channels], for `convnet`.")
    options: dict[str, int | float | str | list[int]] = Field(
        {}, description="Other arguments of the builder, and of its style: neuron, norm, encoding, readout, state."
    )
    longest: int = Field(8, ge=1, le=1024, description="How long a run is simulated at most [steps]; data with a time axis have their own.")
    start: StartConfig = Field(RandomStart(kind="random"), description="Where the weights start from.")
    operation: dict[str, float] = Field(
        {},
        description="Fixed values of how the network is run: timesteps, weight_bits, activation_bits, state_bits, gate, exit_entropy, "
        "firing_temperature (stochastic neurons), payload_bits (graded spikes).",
    )


class EngineConfig(Strict):
    """One engine of a hybrid chip."""

    kind: str = Field(description="Its family: crossbar, systolic or manycore.")
    fixed: Fixed = Field({}, description="Parameters that are not searched.")


class TechnologyConfig(Strict):
    """A technology by its parts; see `codesign.technology.compose`."""

    process: str = Field(description="Logic process, such as cmos_28nm (`codesign list technologies`).")
    memory: str = Field("lop", description="On-chip memory cell: hp leaks, lop is low operating power, lstp low standby power.")
    device: str = Field("none", description="Analog device of a crossbar.")
    offchip: str = Field("lpddr4", description="Memory off the chip, or none.")
    events: str = Field("none", description="Measured events of a many-core chip.")

    def __str__(self) -> str:
        """The parts, for people."""
        return "{" + ", ".join(f"{slot}: {part}" for slot, part in self.model_dump().items() if part != "none") + "}"


TechnologyChoice = Annotated[
    Annotated[str, Tag("text")] | Annotated[list[str], Tag("list")] | Annotated[TechnologyConfig, Tag("parts")],
    Discriminator(lambda value: "text" if shape(value) == "number" else shape(value)),
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
