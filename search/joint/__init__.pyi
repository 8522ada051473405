from .conversion import from_quantised as from_quantised
from .gradient import JointSearch as JointSearch
from .harden import Hardener as Hardener
from .population import Metrics as Metrics
from .population import Population as Population
from .scalarise import AbstractScalarisation as AbstractScalarisation
from .scalarise import Frame as Frame
from .scalarise import Wish as Wish
