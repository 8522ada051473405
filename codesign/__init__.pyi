from . import analog as analog
from . import data as data
from . import evaluation as evaluation
from . import hardware as hardware
from . import network as network
from . import nir as nir
from . import parameters as parameters
from . import products as products
from . import published as published
from . import technology as technology
from . import testing as testing
from . import workloads as workloads
from .cost import Cost as Cost
from .workloads import presets as presets

__version__: str
