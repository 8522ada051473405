"""How long the joint search runs and what each of its stages changes."""

from typing import Literal, NamedTuple

from codesign.parameters.space import SHARP

# below 1, where ceilings are steps and have no gradient
END = 0.95  # hardness of the cost model when the gradient stages are over
SOFTEST = 5.0  # temperature of soft choices when they begin to be learned


class Settings(NamedTuple):
    """How the joint search is run; steps are minibatches per member, or of the shared supernet.

    Attributes:
        patience: device calls without growth of the relaxed hypervolume after which a stage ends early; 0 for never.
        polish_evaluations: mutations of the front's fine-tuned designs that are scored on validation data.
        scout_evaluations: legal designs scored with the warm weights, from which members choose their chips; see `search.joint.scout`.
        tuned_designs: designs of the polished front that are fine-tuned once more, each with weights of its own.
    """

    population: int = 10
    batch_size: int = 64
    warmup_steps: int = 300
    relax_steps: int = 400
    anneal_steps: int = 200
    finetune_steps: int = 150
    steps_per_call: int = 25
    learning_rate: float = 3e-3
    chip_learning_rate: float = 2e-2
    preference_low: float = 3e-3
    preference_high: float = 1.0
    scalarisation: str = "linear"
    warm_start: Literal["shared", "own"] = "own"
    population_axis: Literal["auto", "loop", "vmap"] = "auto"
    patience: int = 0
    polish_evaluations: int = 0
    scout_evaluations: int = 0
    tuned_designs: int = 0


class Stage(NamedTuple):
    """What a stage changes: whether the chip is drawn at random or learned; hardness and temperature at its start and end."""

    name: str
    steps: int
    random_chip: float
    hardness_start: float
    hardness_end: float
    temperature_start: float = SHARP
    temperature_end: float = SHARP

    def hardness(self, done: int) -> float:
        """After `done` of the stage's steps."""
        return self.hardness_start + (self.hardness_end - self.hardness_start) * done / self.steps

    def temperature(self, done: int) -> float:
        """After `done` of the stage's steps."""
        # geometric: a choice sharpens by the factor of the temperature, not by the difference
        return self.temperature_start * (self.temperature_end / self.temperature_start) ** (done / self.steps)


def stages(settings: Settings) -> list[Stage]:
    """The gradient stages in order."""
    return [
        # random chips have made their choices: sharp all through
        Stage("warm-up", settings.warmup_steps, 1.0, 0.3, 0.3),
        Stage("relax", settings.relax_steps, 0.0, 0.3, 0.3, SOFTEST, 0.5),
        Stage("anneal", settings.anneal_steps, 0.0, 0.3, END, 0.5, SHARP),
    ]


def minibatches(settings: Settings, step: int | None = None) -> int:
    """Minibatches of all members together up to a step, or in all; a step of the shared supernet is one."""
    shared = 1 if settings.warm_start == "shared" else settings.population
    total = settings.warmup_steps + settings.relax_steps + settings.anneal_steps
    step = total if step is None else step
    warm = min(step, settings.warmup_steps)
    return warm * shared + (step - warm) * settings.population


def looks(stage: Stage, done: int, per_call: int) -> bool:
    """Whether the call after `done` of a stage's steps ends with a look at validation data; while chips are random, only the last."""
    # the last one frames the first wishes; those before it would be forgotten
    return stage.random_chip == 0 or done + per_call >= stage.steps
