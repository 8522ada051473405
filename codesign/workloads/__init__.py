"""What a network asks of a chip: layers, their shapes and their activity, in arrays over layers.

The waist between networks and hardware. Presets and tables make one without training; no costs here.
"""

from codesign.workloads import presets
from codesign.workloads.table import TableError, parse_csv, parse_yaml, read_workload
from codesign.workloads.twin import ann_twin
from codesign.workloads.workload import LayerWork, Workload, conv, dense, pool

__all__ = [
    "LayerWork",
    "TableError",
    "Workload",
    "ann_twin",
    "conv",
    "dense",
    "parse_csv",
    "parse_yaml",
    "pool",
    "presets",
    "read_workload",
]
