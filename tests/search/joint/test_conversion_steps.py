"""Steps of a conversion bound every kind of `timesteps`."""

import numpy as np
import pytest
from flax import nnx

from codesign.data.dataset import Dataset, Split
from codesign.hardware.systolic.array import Systolic
from codesign.network.builders.models import mlp
from codesign.parameters.choice import Choice
from codesign.technology.catalogue import load as technology
from search.errors import UserError
from search.joint.conversion import from_quantised
from search.objectives.registry import find
from search.problem.problem import make_problem


def test_a_choice_of_more_steps_than_the_conversion_has_is_refused() -> None:
    split = Split(np.zeros((2, 4), np.float32), np.zeros(2, np.int32))
    problem = make_problem(
        Dataset("none", split, split, split, classes=2, sample_shape=(4,), kind="frames"),
        lambda rngs: mlp((4,), 2, [3], rngs=rngs),
        Systolic.of(),
        technology("digital_28nm"),
        {"timesteps": Choice((1.0, 2.0, 8.0))},
        (find("error"), find("energy")),
        {},
        longest=8,
        operation={"activation_bits": 2, "gate": 0},
    )
    network = nnx.merge(problem.graph, problem.build(0))
    with pytest.raises(UserError, match="high 8 exceeds the 3 steps"):
        from_quantised(problem, network)
