"""Where network and chip meet: one design on one batch, its loss and its cost; verification on simulated chips and over time.

The only room that knows both sides of the waist. Nothing is searched here.
"""

from codesign.evaluation.arithmetic import arrays_of, device_arrays
from codesign.evaluation.conversion import converted_design
from codesign.evaluation.devices import ageing_of, device_of
from codesign.evaluation.evaluate import Batch, Design, Evaluation, evaluate_on
from codesign.evaluation.recalibrate import Recalibrated
from codesign.evaluation.verify import age_errors, over_chips

__all__ = [
    "Batch",
    "Design",
    "Evaluation",
    "Recalibrated",
    "age_errors",
    "ageing_of",
    "arrays_of",
    "converted_design",
    "device_arrays",
    "device_of",
    "evaluate_on",
    "over_chips",
]
