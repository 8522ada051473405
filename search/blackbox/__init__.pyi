from .base import Entry as Entry
from .base import Found as Found
from .base import Ledger as Ledger
from .registry import REGISTRY as REGISTRY
from .registry import find as find
from .searcher import AbstractSearcher as AbstractSearcher
from .workbench import Training as Training
from .workbench import Workbench as Workbench
