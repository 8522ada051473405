"""A small network trained for a few seconds on digits, for tests that need one that works."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from codesign.data import registry
from codesign.evaluation.evaluate import Batch, Design, Evaluation, evaluate
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.builders.models import mlp
from codesign.network.operation import Operation
from codesign.technology import catalogue
from codesign.technology.technology import Technology


class Trained(NamedTuple):
    graph: nnx.GraphDef
    design: Design
    train: Batch
    test: Batch
    technology: Technology

    def at(self, **values: float) -> Design:
        """The trained weights on another chip or run another way."""
        return place(self.design, **values)


def place(design: Design, **values: jax.typing.ArrayLike) -> Design:
    import dataclasses

    def replaced(module, names):
        return dataclasses.replace(
            module, **{n: jnp.broadcast_to(jnp.asarray(v, getattr(module, n).dtype), getattr(module, n).shape) for n, v in names.items()}
        )

    run = {n: v for n, v in values.items() if hasattr(design.operation, n)}
    chip = {n: v for n, v in values.items() if n not in run}
    return Design(design.network, replaced(design.operation, run), replaced(design.hardware, chip))


@functools.cache
def trained() -> Trained:
    data = registry.load("digits", seed=0)
    prices = catalogue.load("rram_45nm")
    network = mlp(data.sample_shape, data.classes, [48, 32], rngs=nnx.Rngs(0))
    graph, state = nnx.split(network)
    layers = len(network.geometries)
    operation = Operation.of(layers, longest=6, timesteps=4, weight_bits=4)
    chip = Crossbar.of(rows=64, columns=64, adc_bits=6, cell_bits=1, programming_sigma=[0.05] * layers)
    train, test = (Batch(jnp.asarray(s.inputs), jnp.asarray(s.labels)) for s in (data.train, data.test))
    optimiser = optax.adam(3e-3)

    def loss(weights: nnx.State, batch: Batch, key: jax.Array) -> jax.Array:
        return evaluate(graph, Design(weights, operation, chip), batch, prices, key, exact=False).smoothed_loss

    @jax.jit
    def fit(weights: nnx.State, key: jax.Array) -> nnx.State:
        def step(carry, step_key):
            weights, state = carry
            sample_key, chip_key = jax.random.split(step_key)
            index = jax.random.randint(sample_key, (64,), 0, len(train.labels))
            gradient = jax.grad(loss)(weights, Batch(train.inputs[index], train.labels[index]), chip_key)
            update, state = optimiser.update(gradient, state)
            return (optax.apply_updates(weights, update), state), None

        return jax.lax.scan(step, (weights, optimiser.init(weights)), jax.random.split(key, 500))[0][0]

    return Trained(graph, Design(fit(state, jax.random.key(1)), operation, chip), train, test, prices)


def mean_evaluation(t: Trained, design: Design, batch: Batch, *, exact: bool, chips: int = 8, seed: int = 2) -> Evaluation:
    """Mean over several simulated chips."""
    keys = jax.random.split(jax.random.key(seed), chips)
    many = jax.lax.map(lambda k: evaluate(t.graph, design, batch, t.technology, k, exact=exact, hardness=0.5), keys)
    return jax.tree.map(lambda x: x.mean(0), many)
