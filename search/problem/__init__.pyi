from .batches import as_batch as as_batch
from .build import settings as settings
from .config import Config as Config
from .config import ConfigFile as ConfigFile
from .config import read as read
from .problem import Problem as Problem
from .problem import make_problem as make_problem
