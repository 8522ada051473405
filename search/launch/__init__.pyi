from .studies import StudyFailedError as StudyFailedError
from .studies import run as run
from .studies import sweep as sweep
