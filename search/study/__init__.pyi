from .driver import Outcome as Outcome
from .driver import run as run
from .journal import Journal as Journal
from .provenance import provenance as provenance
from .store.store import Store as Store
from .unit import Unit as Unit
