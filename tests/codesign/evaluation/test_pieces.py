"""Batches in pieces: what is told of them is told of all samples together, and memory is that of a piece."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.evaluation.evaluate import Batch, Design, Evaluation, evaluate
from codesign.evaluation.verify import verify
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.systolic.array import Systolic
from codesign.network.builders.models import convnet, mlp, recurrent
from codesign.network.layers.style import Style
from codesign.network.operation import Operation
from codesign.technology import catalogue

KEY = jax.random.key(4)
RRAM = catalogue.load("rram_45nm")


def drawn(samples: int, *shape: int, labels: tuple[int, ...] = ()) -> Batch:
    """Samples that grow brighter, so that one that counts twice or not at all moves the means by percents."""
    draw = np.random.default_rng(0)
    brightness = np.linspace(0.05, 1, samples).reshape(-1, *[1] * len(shape))
    inputs = brightness * draw.uniform(size=(samples, *shape))
    return Batch(jnp.asarray(inputs, jnp.float32), jnp.asarray(draw.integers(-1, 3, (samples, *labels))))


def noisy_crossbar() -> tuple[nnx.GraphDef, Design, Batch]:
    """Simulated devices, and a layer that computes with numbers."""
    graph, state = nnx.split(mlp((20,), 3, [12, 8], rngs=nnx.Rngs(0)))
    operation = Operation.of(3, longest=3, gate=[1.0, 0.0, 1.0])
    chip = Crossbar.of(rows=16, columns=16, adc_bits=5, cell_bits=1, programming_sigma=[0.1] * 3)
    return graph, Design(state, operation, chip), drawn(22, 20)


def early_exit() -> tuple[nnx.GraphDef, Design, Batch]:
    graph, state = nnx.split(convnet((8, 8, 1), 3, [4], rngs=nnx.Rngs(1)))
    return graph, Design(state, Operation.of(2, longest=5, exit_entropy=0.97), Systolic.of()), drawn(22, 8, 8, 1)


def answers_per_step() -> tuple[nnx.GraphDef, Design, Batch]:
    style = Style(encoding="samples", readout="leaky_each_step")
    graph, state = nnx.split(recurrent((4,), 3, [6], style=style, rngs=nnx.Rngs(2)))
    return graph, Design(state, Operation.of(2, longest=7), Systolic.of()), drawn(22, 7, 4, labels=(7,))


@pytest.mark.parametrize("case", [noisy_crossbar, early_exit, answers_per_step])
def test_pieces_tell_what_the_whole_does(case: Callable[[], tuple[nnx.GraphDef, Design, Batch]]) -> None:
    graph, design, batch = case()

    def told(at_once: int | None) -> Evaluation:
        return jax.jit(lambda: evaluate(graph, design, batch, RRAM, KEY, exact=True, at_once=at_once))()

    whole, pieces = told(None), told(8)  # of 22 samples: the last piece has two of the one before it
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(pieces), strict=True):
        # a spike at its threshold, or a sum at the edge of a converter's step, may fall to the other side
        np.testing.assert_allclose(b, a, rtol=3e-3, atol=1e-7)
    assert 0.01 < float(whole.workload.output_rate[0]) < 0.99
    if case is early_exit:
        assert 1 < float(whole.workload.timesteps[0]) < 5


def test_gradients_in_pieces() -> None:
    """Of answers and costs, with samples that leave early by a soft rule."""
    graph, design, batch = early_exit()

    def slopes(at_once: int | None) -> nnx.State:
        def wished(weights: nnx.State) -> jax.Array:
            own = Design(weights, design.operation, design.hardware)
            found = evaluate(graph, own, batch, RRAM, KEY, exact=False, hardness=0.5, at_once=at_once)
            return found.smoothed_loss + jnp.log(found.cost.energy)

        return jax.jit(jax.grad(wished))(design.network)

    for whole, pieces in zip(jax.tree.leaves(slopes(None)), jax.tree.leaves(slopes(8)), strict=True):
        np.testing.assert_allclose(pieces, whole, rtol=3e-3, atol=3e-3 * float(jnp.max(jnp.abs(whole))) + 1e-7)


def error(graph: nnx.GraphDef, design: Design, batch: Batch, at_once: int | None) -> jax.Array:
    return verify(graph, design, batch, RRAM, jax.random.split(KEY, 2), at_once=at_once)[1]


def slope(graph: nnx.GraphDef, design: Design, batch: Batch, at_once: int | None) -> nnx.State:
    def loss(weights: nnx.State) -> jax.Array:
        own = Design(weights, design.operation, design.hardware)
        return evaluate(graph, own, batch, RRAM, KEY, exact=True, at_once=at_once).loss

    return jax.grad(loss)(design.network)


@pytest.mark.parametrize("program", [error, slope])
def test_memory_is_that_of_a_piece(program: Callable[..., object]) -> None:
    graph, design, _ = early_exit()

    def bytes_of(samples: int, at_once: int | None) -> int:
        floats, whole = jnp.float32, jnp.int32
        batch = Batch(jax.ShapeDtypeStruct((samples, 8, 8, 1), floats), jax.ShapeDtypeStruct((samples,), whole))
        run = jax.jit(lambda design, batch: program(graph, design, batch, at_once))
        return int(run.lower(design, batch).compile().memory_analysis().temp_size_in_bytes)

    # beside a piece, answers alone are kept: 3 classes, 5 steps, a few numbers for each
    assert bytes_of(1024, 64) - bytes_of(256, 64) < (1024 - 256) * 4 * 3 * 5 * 6
    assert bytes_of(1024, 64) < bytes_of(1024, None) / 4
