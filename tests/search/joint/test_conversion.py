"""A search that starts from a converted network: the same answers before the first step, and fine-tuning that keeps them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.analog.arrays.array import DigitalArray
from codesign.data.registry import load
from codesign.hardware.systolic.array import Systolic
from codesign.network.builders.models import mlp
from codesign.network.learning.convert import Tuner
from codesign.parameters.integer import Integer
from codesign.parameters.power_of_two import PowerOfTwo
from codesign.technology.catalogue import load as technology
from search.errors import UserError
from search.joint.conversion import from_quantised
from search.joint.gradient import JointSearch
from search.joint.harden import Hardener
from search.objectives.registry import find
from search.problem.problem import make_problem
from search.problem.schedule import Settings

SETTINGS = Settings(population=2, batch_size=32, finetune_steps=60, steps_per_call=10, learning_rate=1e-3)


def problem(dataset, hidden=(16,), high=3):
    parameters = {"timesteps": Integer(1, high), "rows": PowerOfTwo(8, 32)}
    return make_problem(
        dataset,
        lambda rngs: mlp(dataset.sample_shape, dataset.classes, list(hidden), rngs=rngs),
        Systolic.of(),
        technology("digital_28nm"),
        parameters,
        (find("error"), find("energy")),
        {},
        longest=3,
        operation={"activation_bits": 2, "gate": 0},
    )


@pytest.fixture(scope="module")
def trained():
    dataset = load("digits", seed=0)
    quantised = problem(dataset)
    train = dataset.train
    tuner = Tuner(jnp.asarray(train.inputs, jnp.float32), jnp.asarray(train.labels), [DigitalArray()] * 2, jax.random.key(0), 150, 64, 1e-2)
    network = tuner(nnx.merge(quantised.graph, quantised.build(0)), quantised.operation)
    return dataset, quantised, network


@pytest.mark.slow
def test_members_start_converted_and_fine_tuning_keeps_the_answers(trained):
    dataset, quantised, network = trained
    started = from_quantised(quantised, network)
    assert started.operation.longest == 3
    population = JointSearch(started, SETTINGS).start(jax.random.key(0))
    kernel = network.body.blocks[0].synapses.kernel[...]
    members = population.members.network["body"]["blocks"][0]["synapses"]["kernel"][...]
    np.testing.assert_array_equal(members, np.stack([kernel] * 2))
    hardener, point = Hardener(started, SETTINGS), {"timesteps": 3.0, "rows": 16.0}
    keys = jax.random.split(jax.random.key(1), 2)
    state = started.begin(jax.random.key(0))
    before, _ = hardener.validate(state, point, keys)
    after, _ = hardener.validate(hardener.finetune(state, point, jnp.asarray([1.0, 0.0]), jax.random.key(2)), point, jax.random.clone(keys))
    validation, operation = dataset.validation, quantised.operation
    answers = network(jnp.asarray(validation.inputs, jnp.float32), operation, [DigitalArray()] * 2, jax.random.key(0)).logits
    wrong = np.argmax(answers, axis=-1) != validation.labels
    assert before == pytest.approx(float(np.mean(wrong)), abs=1.01 / len(wrong))  # one hidden layer: exact, but for a sum on a threshold
    assert after < before + 0.01


def test_other_layers_and_too_many_steps_are_refused():
    dataset = load("digits", seed=0)
    network = mlp(dataset.sample_shape, dataset.classes, [16], rngs=nnx.Rngs(0))
    with pytest.raises(UserError, match="layers differ from the problem's"):
        from_quantised(problem(dataset, (8,)), network)
    with pytest.raises(UserError, match="high 5 exceeds the 3 steps"):
        from_quantised(problem(dataset, high=5), network)
