from .store import Store as Store
from .store import provenance as provenance
from .study import FailedStudyError as FailedStudyError
from .study import InterruptedStudyError as InterruptedStudyError
from .study import Study as Study
