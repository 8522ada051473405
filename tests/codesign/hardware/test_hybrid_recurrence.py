"""What crosses between the engines of a hybrid chip."""

import jax
import numpy as np

from codesign.hardware import REGISTRY, HybridChip
from codesign.technology.catalogue import load
from codesign.workloads.workload import LayerWork, Workload, dense


def test_a_recurrent_layer_s_own_outputs_stay_on_its_engine() -> None:
    """20 inputs move, whether the 30 neurons hear each other or not."""
    chip = HybridChip.of({"array": REGISTRY["systolic"].of(), "mesh": REGISTRY["manycore"].of()}, [0, 1])
    technology = load("digital_45nm")
    transfer = jax.jit(lambda workload: chip.cost(workload, technology).by_component()["transfer"])
    recurrent = LayerWork("b", "recurrent", 20 + 30, 30)
    found, plain = (float(transfer(Workload.of([dense("a", 10, 20), layer]))) for layer in (recurrent, dense("b", 20, 30)))
    assert plain > 0
    np.testing.assert_allclose(found, plain, rtol=1e-6)
