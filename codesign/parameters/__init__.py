"""Design parameters: a legal set, a smooth latent in [0, 1], and the way back to legal values.

A file for each kind, and the space of named ones. What a chip does with a value is the chip's.
"""

from codesign.parameters.base import AbstractParameter
from codesign.parameters.categorical import Categorical
from codesign.parameters.choice import Choice
from codesign.parameters.continuous import Continuous
from codesign.parameters.gate import Gate
from codesign.parameters.integer import Integer
from codesign.parameters.legal import LegalRange
from codesign.parameters.power_of_two import PowerOfTwo
from codesign.parameters.space import SHARP, Parameter, Space

__all__ = [
    "SHARP",
    "AbstractParameter",
    "Categorical",
    "Choice",
    "Continuous",
    "Gate",
    "Integer",
    "LegalRange",
    "Parameter",
    "PowerOfTwo",
    "Space",
]
