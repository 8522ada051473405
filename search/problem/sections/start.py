"""Where the weights of a study start from."""

from typing import Annotated, Literal

from pydantic import Field

from search.problem.sections.strict import PATH, Strict


class RandomStart(Strict):
    """Weights drawn at random."""

    kind: Literal["random"]


class ConvertedStart(Strict):
    """A quantised-ReLU network is trained first, then converted layer by layer into a spiking one (QCFS, progressive tandem learning)."""

    kind: Literal["converted"]
    training_steps: int = Field(600, ge=1, description="How long [minibatches] the network of numbers is trained.")
    tuning_steps: int = Field(
        100, ge=0, description="How long [minibatches] the layers behind are trained after each layer that is converted."
    )
    learning_rate: float = Field(3e-3, gt=0, description="Of both, falling to 0 by a cosine.")
    activation_bits: int = Field(
        3,
        ge=1,
        le=8,
        description="Bits of the numbers between layers; the spiking network runs for 2^bits - 1 steps, its `longest`.",
    )


class CheckpointStart(Strict):
    """Weights of a network that a study has trained."""

    kind: Literal["checkpoint"]
    file: str = Field(
        pattern=PATH, description="A checkpoint of a study (checkpoints/UNIT/design_03.eqx) or its result folder; relative to this file."
    )
    design: str | None = Field(None, pattern=r"^d\d+$", description="Which design of a result folder, such as d03.")


class StdpStart(Strict):
    """The first layer learns by spike timing alone, without labels; the others start at random."""

    kind: Literal["stdp"]
    steps: int = Field(200, ge=1, description="How long [minibatches] it learns.")
    potentiation: float = Field(0.04, ge=0, description="Weight change by an input spike before an output spike in the same step.")
    depression: float = Field(0.01, ge=0, description="Weight change by an input spike after an output spike, at no distance.")
    hold: bool = Field(False, description="Whether searches leave its weights as they are, or train them further.")


StartConfig = Annotated[RandomStart | ConvertedStart | CheckpointStart | StdpStart, Field(discriminator="kind")]
