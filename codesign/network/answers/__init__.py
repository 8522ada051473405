"""From the last layer's currents to class scores and losses, per recording or per step.

What is trained against; nothing here has weights.
"""

from codesign.network.answers.readout import AbstractReadout, MeanReadout, StepReadout
from codesign.network.answers.readout_leaky import LeakyStepReadout
from codesign.network.answers.readouts import READOUTS
from codesign.network.answers.score import accuracy, cross_entropy

__all__ = ["READOUTS", "AbstractReadout", "LeakyStepReadout", "MeanReadout", "StepReadout", "accuracy", "cross_entropy"]
