"""Readouts by name, as configs choose them."""

from typing import Final

from codesign.network.answers.readout import AbstractReadout, MeanReadout, StepReadout
from codesign.network.answers.readout_leaky import LeakyStepReadout

READOUTS: Final[dict[str, AbstractReadout]] = {"mean": MeanReadout(), "each_step": StepReadout(), "leaky_each_step": LeakyStepReadout()}
"""How the scores of all steps become an answer, by name."""
