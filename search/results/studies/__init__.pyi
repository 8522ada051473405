from .design import MeasuredDesign as MeasuredDesign
from .network import TrainedNetwork as TrainedNetwork
from .study import Study as Study
from .study import load as load
