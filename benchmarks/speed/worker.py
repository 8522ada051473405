"""One framework's training and inference steps, timed on request; run as a script in the environment that has the framework.

`python worker.py FRAMEWORK TASK` reads a line from its input for every round and answers with a line of JSON: the best wall
time of that round in ms, training and inference. Only the standard library is imported here; a framework in its own function.

The same work for all: spikes [T, batch, ...] that differ in every step, leaky integrate-and-fire after every layer but the last, whose
current is averaged over time; cross-entropy, Adam, float32; each framework in the form its documentation calls fastest on a CPU.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

Step = Callable[[], Any]


class Task(NamedTuple):
    """Sizes of one task; `channels` of 3x3 convolutions with stride 2, then `hidden` dense layers."""

    timesteps: int
    batch: int
    sample: tuple[int, ...]
    channels: tuple[int, ...]
    hidden: tuple[int, ...]
    classes: int = 10
    rate: float = 0.2


TASKS = {
    "mlp": Task(16, 128, (784,), (), (256,)),
    "cnn": Task(8, 64, (28, 28, 1), (32, 64), ()),
}
LEAK = 0.9
PER_CALL = 8


class Steps(NamedTuple):
    """What is timed; `train` does `per_call` steps."""

    train: Step
    infer: Step
    per_call: int = 1


def torch_model(task: Task, linear: Any, conv: Any, flatten: Any, neuron: Callable[[], Any]) -> list[Any]:
    """Layers in order, in channels-first form."""
    layers: list[Any] = []
    depth, size = (task.sample[-1], task.sample[0]) if task.channels else (task.sample[0], 1)
    for width in task.channels:
        layers += [conv(depth, width, 3, stride=2, padding=1), neuron()]
        depth, size = width, (size + 1) // 2
    if task.channels:
        layers.append(flatten())
    inputs = depth * size * size
    for width in task.hidden:
        layers += [linear(inputs, width), neuron()]
        inputs = width
    return [*layers, linear(inputs, task.classes)]


def torch_steps(task: Task, model: Any, forward: Callable[[Any], Any]) -> Steps:
    """Training and inference from a forward pass that returns scores averaged over time."""
    import torch

    torch.manual_seed(0)
    sample = (task.sample[-1], *task.sample[:-1]) if task.channels else task.sample
    spikes = (torch.rand(task.timesteps, task.batch, *sample) < task.rate).float()
    labels = torch.randint(0, task.classes, (task.batch,))
    optimiser = torch.optim.Adam(model.parameters())

    def train() -> Any:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(forward(spikes), labels)
        loss.backward()
        optimiser.step()
        return loss.item()

    def infer() -> Any:
        with torch.no_grad():
            return forward(spikes)

    return Steps(train, infer)


def snntorch(task: Task) -> Steps:
    """snnTorch: a Python loop over time."""
    import snntorch as snn
    import torch
    from snntorch import surrogate, utils
    from torch import nn

    def neuron() -> Any:
        return snn.Leaky(beta=LEAK, spike_grad=surrogate.atan(), init_hidden=True)

    model = nn.Sequential(*torch_model(task, nn.Linear, nn.Conv2d, nn.Flatten, neuron))

    def forward(spikes: Any) -> Any:
        utils.reset(model)
        return torch.stack([model(step) for step in spikes]).mean(0)

    return torch_steps(task, model, forward)


def spikingjelly(task: Task) -> Steps:
    """SpikingJelly: time folded into the batch for the stateless layers, multi-step neurons."""
    from spikingjelly.activation_based import functional, layer, neuron, surrogate
    from torch import nn

    def unit() -> Any:
        return neuron.LIFNode(
            tau=1 / (1 - LEAK), decay_input=False, v_reset=None, surrogate_function=surrogate.ATan(), detach_reset=True, step_mode="m"
        )

    model = nn.Sequential(*torch_model(task, layer.Linear, layer.Conv2d, layer.Flatten, unit))
    functional.set_step_mode(model, "m")

    def forward(spikes: Any) -> Any:
        functional.reset_net(model)
        return model(spikes).mean(0)

    return torch_steps(task, model, forward)


def jax_steps(
    task: Task, parameters: Any, loss: Callable[[Any, Any, Any, Any], Any], infer: Callable[[Any, Any], Any], per_call: int
) -> Steps:
    """Training and inference, `per_call` minibatches in one device call, as JAX programs train.

    Args:
        task: sizes.
        parameters: what Adam moves.
        loss: of (parameters, spikes `[batch, time, ...]`, labels, key).
        infer: scores of (parameters, spikes).
        per_call: minibatches in one call.
    """
    import jax
    import jax.numpy as jnp
    import optax

    spikes = (jax.random.uniform(jax.random.key(0), (task.batch, task.timesteps, *task.sample)) < task.rate).astype(jnp.float32)
    labels = jnp.arange(task.batch) % task.classes
    optimiser = optax.adam(1e-3)
    held = [parameters, optimiser.init(parameters)]

    @jax.jit
    def steps(weights: Any, state: Any, spikes: Any) -> Any:
        def one(carry: Any, key: Any) -> Any:
            weights, state = carry
            value, gradient = jax.value_and_grad(loss)(weights, spikes, labels, key)
            update, state = optimiser.update(gradient, state)
            return (optax.apply_updates(weights, update), state), value

        return jax.lax.scan(one, (weights, state), jax.random.split(jax.random.key(1), per_call))

    infer_jit = jax.jit(infer)

    def train() -> Any:
        (held[0], held[1]), values = steps(held[0], held[1], spikes)
        return jax.block_until_ready(values)

    return Steps(train, lambda: jax.block_until_ready(infer_jit(held[0], spikes)), per_call)


def cross_entropy(scores: Any, labels: Any) -> Any:
    """Mean over the batch."""
    import optax

    return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()


def spyx(task: Task) -> Steps:
    """spyx: a scan over time of the whole network."""
    import jax
    import jax.numpy as jnp
    import spyx.nn as snn
    from flax import nnx
    from spyx import axn

    rngs = nnx.Rngs(0)
    layers: list[Any] = []
    depth, size = (task.sample[-1], task.sample[0]) if task.channels else (task.sample[0], 1)
    for width in task.channels:
        size = (size + 1) // 2
        layers.append(nnx.Conv(depth, width, (3, 3), strides=2, padding=1, rngs=rngs))
        layers.append(snn.LIF((size, size, width), beta=LEAK, activation=axn.arctan(), rngs=rngs))
        depth = width
    if task.channels:
        layers.append(snn.Flatten())
    inputs = depth * size * size
    for width in task.hidden:
        layers += [nnx.Linear(inputs, width, rngs=rngs), snn.LIF((width,), beta=LEAK, activation=axn.arctan(), rngs=rngs)]
        inputs = width
    layers.append(nnx.Linear(inputs, task.classes, rngs=rngs))
    graph, state = nnx.split(snn.Sequential(*layers))

    def forward(weights: Any, spikes: jax.Array) -> jax.Array:
        return snn.run(nnx.merge(graph, weights), jnp.swapaxes(spikes, 0, 1))[0].mean(0)

    # its convolutions are slower still inside the loop over minibatches
    return jax_steps(task, state, lambda w, x, y, key: cross_entropy(forward(w, x), y), forward, 1 if task.channels else PER_CALL)


def codesign_network(task: Task) -> tuple[Any, Any, Any]:
    """Graph, weights and operation of this library's network."""
    from flax import nnx

    from codesign.network.builders.models import convnet, mlp
    from codesign.network.layers.style import Style
    from codesign.network.operation import Operation

    build = convnet if task.channels else mlp
    network = build(task.sample, task.classes, task.channels or task.hidden, style=Style(encoding="events"), rngs=nnx.Rngs(0))
    graph, state = nnx.split(network)
    return graph, state, Operation.of(len(network.geometries), longest=task.timesteps, activation_bits=1)


def codesign(task: Task) -> Steps:
    """This library: 4-bit weights, learned leak and threshold, exact arithmetic."""
    import jax
    from flax import nnx

    from codesign.analog.arrays.array import DigitalArray

    graph, state, operation = codesign_network(task)

    def forward(weights: Any, spikes: jax.Array, key: jax.Array) -> jax.Array:
        network = nnx.merge(graph, weights)
        return network(spikes, operation, [DigitalArray()] * len(network.geometries), key).logits

    return jax_steps(
        task,
        state,
        lambda w, x, y, key: cross_entropy(forward(w, x, key), y),
        lambda w, x: forward(w, x, jax.random.key(0)),
        PER_CALL,
    )


def codesign_step(task: Task) -> Steps:
    """This library's co-design step: the same network on a relaxed noisy crossbar, with cost, and gradients of weights and chip."""
    import dataclasses

    import jax
    import jax.numpy as jnp

    from codesign.evaluation.evaluate import Batch, Design, Evaluation, evaluate
    from codesign.hardware.crossbar.crossbar import Crossbar
    from codesign.technology import catalogue

    graph, state, operation = codesign_network(task)
    prices = catalogue.load("rram_45nm")
    layers = operation.weight_bits.shape[0]
    chip = Crossbar.of(rows=64, columns=64, adc_bits=6, cell_bits=1, programming_sigma=[0.05] * layers)
    moved = {
        "rows": jnp.float32(64),
        "columns": jnp.float32(64),
        "adc_bits": jnp.float32(6),
        "programming_sigma": jnp.full(layers, 0.05, jnp.float32),
    }
    run = {"timesteps": jnp.float32(task.timesteps - 0.5), "weight_bits": jnp.full(layers, 4.5, jnp.float32)}

    def measured(parameters: Any, spikes: jax.Array, labels: jax.Array, key: jax.Array) -> Evaluation:
        weights, hardware, run = parameters
        design = Design(weights, dataclasses.replace(operation, **run), dataclasses.replace(chip, **hardware))
        return evaluate(graph, design, Batch(spikes, labels), prices, key, exact=False, hardness=0.5)

    def loss(parameters: Any, spikes: jax.Array, labels: jax.Array, key: jax.Array) -> jax.Array:
        evaluation = measured(parameters, spikes, labels, key)
        return evaluation.smoothed_loss + 0.01 * jnp.log(evaluation.cost.energy)

    labels = jnp.arange(task.batch) % task.classes
    return jax_steps(task, (state, moved, run), loss, lambda p, x: measured(p, x, labels, jax.random.key(0)).loss, PER_CALL)


FRAMEWORKS = {
    "snntorch": snntorch,
    "spikingjelly": spikingjelly,
    "spyx": spyx,
    "codesign": codesign,
    "codesign step": codesign_step,
}


def best_ms(step: Step, seconds: float) -> float:
    """Best of as many calls as fit into the time, at least three."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def serve(steps: Steps, seconds: float = 1.0) -> None:
    """Answer one line of JSON per line of input."""
    steps.train()  # compiles
    steps.infer()
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        train = best_ms(steps.train, seconds) / steps.per_call
        print(json.dumps({"train": train, "infer": best_ms(steps.infer, seconds)}), flush=True)


def pin_to_one_core() -> None:
    """One core, one thread: before any framework is imported."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


if __name__ == "__main__":
    pin_to_one_core()
    serve(FRAMEWORKS[sys.argv[1]](TASKS[sys.argv[2]]))
