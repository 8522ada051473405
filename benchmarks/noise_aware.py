"""Noise-aware training against plain training on the same chips, and accuracy against time since programming.

A perceptron with one hidden layer of 256 is trained three ways: plainly; and with the noise of a freshly programmed chip drawn at
every step, on a generic device (programming noise 10 % of the largest conductance) and on phase-change memory. Both networks are
then programmed on the same 32 simulated chips. Layers are differential pairs; a plain network maps its largest |weight| to the
largest conductance, a noise-aware one clips weights at twice their standard deviation while it trains, as Joshi et al. (2020) do,
and learns a gain per column. Reported: percentage points, mean and standard deviation over chips.
"""

import os
from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from rich.console import Console
from rich.table import Table

from codesign.analog.ageing import AbstractAgeing, Aged, AgedCompensated, Fresh
from codesign.analog.array import AbstractArray, DigitalArray, analog_matmul
from codesign.analog.converter import IdealConverter
from codesign.analog.device import Device
from codesign.analog.device_array import DeviceCrossbar, Wires
from codesign.analog.device_catalogue import generic, pcm
from codesign.analog.device_noise import leaf
from codesign.analog.mapping import DifferentialPair
from codesign.data import registry
from codesign.data.dataset import Dataset

CHIPS, HIDDEN, STEPS, BATCH, SEED = 32, 256, 3000, 128, 0
TIMES = {"1 s": 1.0, "1 minute": 60.0, "1 hour": 3600.0, "1 day": 86400.0, "1 week": 604800.0, "1 month": 2.63e6}

Parameters = list[dict[str, jax.Array]]
Scale = Callable[[jax.Array], jax.Array]


def _chip(device: Device, ageing: AbstractAgeing) -> DeviceCrossbar:
    return DeviceCrossbar(device, DifferentialPair(), ageing, Wires(leaf(0), leaf(0), "none"), IdealConverter(), 128, 128)


def _largest(weights: jax.Array) -> jax.Array:
    return jax.lax.stop_gradient(jnp.max(jnp.abs(weights)))


def _clipped(weights: jax.Array) -> jax.Array:
    return jax.lax.stop_gradient(2 * jnp.std(weights))


def _start(key: jax.Array, sizes: tuple[int, ...]) -> Parameters:
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"weights": jax.random.normal(k, (a, b)) * jnp.sqrt(2 / a), "gain": jnp.ones(b), "bias": jnp.zeros(b)}
        for k, a, b in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]


def _network(parameters: Parameters, x: jax.Array, array: AbstractArray, scale: Scale, key: jax.Array) -> jax.Array:
    for index, (layer, layer_key) in enumerate(zip(parameters, jax.random.split(key, len(parameters)), strict=True)):
        limit = scale(layer["weights"])
        weights = jnp.clip(layer["weights"], -limit, limit)
        x = layer["gain"] * analog_matmul(x, weights, array, layer_key, limit) + layer["bias"]
        x = jax.nn.relu(x) if index + 1 < len(parameters) else x
    return x


@partial(eqx.filter_jit)
def _train(data: tuple[jax.Array, jax.Array], array: AbstractArray, scale: Scale, key: jax.Array) -> Parameters:
    x, y = data
    first_key, scan_key = jax.random.split(key)
    parameters = _start(first_key, (x.shape[1], HIDDEN, 10))
    optimiser = optax.adamw(optax.cosine_decay_schedule(2e-3, STEPS), weight_decay=1e-3)

    def loss(parameters: Parameters, batch: jax.Array, chip: jax.Array) -> jax.Array:
        logits = _network(parameters, x[batch], array, scale, chip)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y[batch]).mean()

    def step(state: tuple, step_key: jax.Array) -> tuple[tuple, None]:
        parameters, memory = state
        batch_key, chip_key = jax.random.split(step_key)
        gradient = jax.grad(loss)(parameters, jax.random.randint(batch_key, (BATCH,), 0, len(x)), chip_key)
        updates, memory = optimiser.update(gradient, memory, parameters)
        return (optax.apply_updates(parameters, updates), memory), None

    return jax.lax.scan(step, (parameters, optimiser.init(parameters)), jax.random.split(scan_key, STEPS))[0][0]


@eqx.filter_jit
def _accuracies(
    data: tuple[jax.Array, jax.Array], parameters: Parameters, array: AbstractArray, scale: Scale, keys: jax.Array
) -> jax.Array:
    x, y = data
    return jax.lax.map(lambda key: 100 * jnp.mean(jnp.argmax(_network(parameters, x, array, scale, key), 1) == y), keys)


def _show(values: jax.Array) -> str:
    return f"{values.mean():.1f} ± {values.std():.1f} (worst {values.min():.1f})"


def _arrays(split) -> tuple[jax.Array, jax.Array]:  # type: ignore[no-untyped-def]
    return jnp.asarray(split.inputs.reshape(len(split.inputs), -1)), jnp.asarray(split.labels)


def _study(data: Dataset, noise: Table, drift: Table) -> None:
    train, test = _arrays(data.train), _arrays(data.test)
    keys = jax.random.split(jax.random.key(SEED + 1), CHIPS)
    plain = _train(train, DigitalArray(), _largest, jax.random.key(SEED))
    exact = float(_accuracies(test, plain, DigitalArray(), _largest, keys[:1])[0])
    for name, device in (("generic, sigma 10 %", generic(0.1)), ("PCM (aihwkit)", pcm())):
        chip = _chip(device, Fresh())
        aware = _train(train, chip, _clipped, jax.random.key(SEED))
        plain_chips, aware_chips = _accuracies(test, plain, chip, _largest, keys), _accuracies(test, aware, chip, _clipped, keys)
        lost = [f"{exact - float(chips.mean()):.1f}" for chips in (plain_chips, aware_chips)]
        noise.add_row(data.name, name, f"{exact:.1f}", _show(plain_chips), lost[0], _show(aware_chips), lost[1])
    for label, time_s in TIMES.items():
        cells = [
            _show(_accuracies(test, network, _chip(pcm(), ageing(leaf(time_s))), scale, keys))
            for network, scale in ((plain, _largest), (aware, _clipped))
            for ageing in (Aged, AgedCompensated)
        ]
        drift.add_row(data.name, label, *cells)


def main() -> None:
    """Print both tables; Fashion-MNIST joins the digits where CODESIGN_DATA is set."""
    noise = Table(title=f"Test accuracy [%] on {CHIPS} chips right after programming, {STEPS} steps of {BATCH}, seed {SEED}")
    for column in ("data", "device", "noise free", "plain, on chips", "lost", "noise-aware, on chips", "lost"):
        noise.add_column(column)
    drift = Table(title=f"Test accuracy [%] on {CHIPS} phase-change chips against time since programming")
    for column in ("data", "after", "plain", "plain, compensated", "noise-aware", "noise-aware, compensated"):
        drift.add_column(column)
    _study(registry.load("digits"), noise, drift)
    if os.environ.get("CODESIGN_DATA"):
        _study(registry.load("fashion_mnist"), noise, drift)
    console = Console(width=150)
    console.print(noise)
    console.print(drift)
