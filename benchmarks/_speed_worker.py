"""One framework's training and inference steps, timed on request; run as a script in the environment that has the framework.

`python _speed_worker.py FRAMEWORK TASK` reads a line from its input for every round and answers with a line of JSON: the best wall
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


def torch_steps(task: Task, model: Any, forward: Callable[[Any], Any]) -> tuple[Step, Step]:
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

    return train, infer


def snntorch(task: Task) -> tuple[Step, Step]:
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


def spikingjelly(task: Task) -> tuple[Step, Step]:
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


def jax_steps(task: Task, parameters: Any, forward: Callable[[Any, Any], Any]) -> tuple[Step, Step]:
    """Training and inference from `forward(parameters, spikes)`, jitted with donated buffers."""
    import jax
    import jax.numpy as jnp
    import optax

    key = jax.random.key(0)
    spikes = (jax.random.uniform(key, (task.timesteps, task.batch, *task.sample)) < task.rate).astype(jnp.float32)
    labels = jnp.arange(task.batch) % task.classes
    optimiser = optax.adam(1e-3)
    held = [parameters, optimiser.init(parameters)]

    def loss(weights: Any, spikes: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(forward(weights, spikes), labels).mean()

    @jax.jit
    def step(weights: Any, state: Any, spikes: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(weights, spikes)
        update, state = optimiser.update(gradient, state)
        return optax.apply_updates(weights, update), state, value

    infer_jit = jax.jit(forward)

    def train() -> Any:
        held[0], held[1], value = step(held[0], held[1], spikes)
        return jax.block_until_ready(value)

    return train, lambda: jax.block_until_ready(infer_jit(held[0], spikes))


def spyx(task: Task) -> tuple[Step, Step]:
    """spyx: a scan over time of the whole network."""
    import jax
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
        return snn.run(nnx.merge(graph, weights), spikes)[0].mean(0)

    return jax_steps(task, state, forward)


FRAMEWORKS = {"snntorch": snntorch, "spikingjelly": spikingjelly, "spyx": spyx}


def best_ms(step: Step, seconds: float) -> float:
    """Best of as many calls as fit into the time, at least three."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def serve(steps: tuple[Step, Step], seconds: float = 1.0) -> None:
    """Answer one line of JSON per line of input."""
    for step in steps:
        step()  # compiles
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({"train": best_ms(steps[0], seconds), "infer": best_ms(steps[1], seconds)}), flush=True)


def pin_to_one_core() -> None:
    """One core, one thread: before any framework is imported."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


if __name__ == "__main__":
    pin_to_one_core()
    serve(FRAMEWORKS[sys.argv[1]](TASKS[sys.argv[2]]))
