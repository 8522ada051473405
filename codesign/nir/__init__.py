"""Networks from and to other tools, as graphs of the Neuromorphic Intermediate Representation.

`read`, `simulate`, `record`, `to_workload`, `write`. NIR graphs are run by the nodes here, not by `codesign.network`.
"""

from codesign.nir.design import layers_of
from codesign.nir.graph import Activity, Edge, Graph, NirError
from codesign.nir.reader import SUPPORTED, from_nir
from codesign.nir.run import read, record, simulate
from codesign.nir.workload import to_workload
from codesign.nir.writer import Layer, Node, Point, to_nir, write

__all__ = [
    "SUPPORTED",
    "Activity",
    "Edge",
    "Graph",
    "Layer",
    "NirError",
    "Node",
    "Point",
    "from_nir",
    "layers_of",
    "read",
    "record",
    "simulate",
    "to_nir",
    "to_workload",
    "write",
]
