"""How many blocks of a chip each layer takes: what somebody would have to build."""

import numpy as np

from codesign.hardware.crossbar import Crossbar
from codesign.hardware.manycore import ManyCore
from codesign.hardware.systolic import Systolic
from codesign.workloads.workload import Workload, dense


def test_arrays_of_layers() -> None:
    work = Workload.of([dense("fits", 100, 4), dense("tall", 300, 4), dense("wide", 100, 200)], weight_bits=4)
    chip = Crossbar.of(rows=128, columns=64, cell_bits=1)
    arrays = np.asarray(chip.allocation(work)["arrays"])
    # 300 inputs take three arrays of 128 rows; 200 outputs of several columns each more than 200 / 64
    assert arrays[:2].tolist() == [1, 3]
    assert arrays[2] > 3
    twice = np.asarray(Crossbar.of(rows=128, columns=64, cell_bits=1, duplication=2).allocation(work)["arrays"])
    assert np.all(twice >= arrays)


def test_cores_of_layers() -> None:
    work = Workload.of([dense("small", 10, 50), dense("large", 50, 250)])
    assert np.asarray(ManyCore.of(neurons_per_core=100).allocation(work)["cores"]).tolist() == [1, 3]


def test_layers_that_take_turns_have_none() -> None:
    assert not Systolic.of().allocation(Workload.of([dense("a", 10, 10)]))
