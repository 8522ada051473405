from . import arrays as arrays
from . import device as device
from . import wires as wires
