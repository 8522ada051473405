"""Noise-aware and fault-aware training against plain training on the same chips, and accuracy against time since programming.

A perceptron with one hidden layer of 256 is trained plainly, and with the noise and the stuck cells of a freshly programmed chip drawn at
every step: on a generic device (programming noise 10 % of the largest conductance), on phase-change memory, and on devices that err by
nothing but 1 % and 5 % of stuck cells, half of them at either end. Both networks are then programmed on the same 32 simulated chips.
Layers are differential pairs; a plain network maps its largest |weight| to the largest conductance, a chip-aware one clips weights at
twice their standard deviation while it trains, as Joshi et al. (2020) do, and learns a gain per column. Reported: percentage points,
mean and standard deviation over chips and seeds (each seed: initial weights, batches and chips of its own), and the worst chip of all;
losses with their standard deviation over seeds.

    python -m benchmarks noise_aware            # NOISE_AWARE_SEEDS=1 and NOISE_AWARE_STEPS=300 for a quick look
"""

import os
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from rich.console import Console
from rich.table import Table

from codesign.analog.arrays.array import AbstractArray, DigitalArray, analog_matmul
from codesign.analog.arrays.converter import IdealConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.mapping import DifferentialPair
from codesign.analog.device.ageing import AbstractAgeing, Aged, AgedCompensated, Fresh
from codesign.analog.device.catalogue import generic, pcm
from codesign.analog.device.device import Device
from codesign.analog.device.noise import leaf
from codesign.data import registry
from codesign.data.dataset import Dataset

CHIPS, HIDDEN, BATCH = 32, 256, 128
STEPS, SEEDS = (int(os.environ.get(f"NOISE_AWARE_{name}", default)) for name, default in (("STEPS", 3000), ("SEEDS", 3)))
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


@eqx.filter_jit
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


def _show(values: np.ndarray) -> str:
    return f"{values.mean():.1f} ± {values.std():.1f} (worst {values.min():.1f})"


def _arrays(split) -> tuple[jax.Array, jax.Array]:  # type: ignore[no-untyped-def]
    return jnp.asarray(split.inputs.reshape(len(split.inputs), -1)), jnp.asarray(split.labels)


class _Trained(NamedTuple):
    """One seed's networks (plain; noise-aware by device), the plain one's noise-free accuracy, and the seed's chips."""

    plain: Parameters
    aware: dict[str, Parameters]
    exact: float
    chips: jax.Array


def _stuck(share: float) -> Device:
    return eqx.tree_at(lambda device: (device.stuck_on, device.stuck_off), generic(), (leaf(share / 2), leaf(share / 2)))


DEVICES = {"generic, sigma 10 %": generic(0.1), "PCM (aihwkit)": pcm(), "1 % stuck": _stuck(0.01), "5 % stuck": _stuck(0.05)}


def _seed(train: tuple[jax.Array, jax.Array], test: tuple[jax.Array, jax.Array], seed: int) -> _Trained:
    train_key, chip_key = jax.random.split(jax.random.key(seed))
    keys = jax.random.split(chip_key, CHIPS)
    plain = _train(train, DigitalArray(), _largest, train_key)
    aware = {name: _train(train, _chip(device, Fresh()), _clipped, train_key) for name, device in DEVICES.items()}
    exact = float(_accuracies(test, plain, DigitalArray(), _largest, keys[:1])[0])
    return _Trained(plain, aware, exact, keys)


def _study(data: Dataset, noise: Table, drift: Table) -> None:
    train, test = _arrays(data.train), _arrays(data.test)
    seeds = [_seed(train, test, seed) for seed in range(SEEDS)]
    exact = np.asarray([one.exact for one in seeds])

    def measured(name: str, ageing: AbstractAgeing, aware: bool) -> np.ndarray:
        """Accuracies `[seeds, chips]`."""
        chip = _chip(DEVICES[name], ageing)
        networks = [(one.aware[name], _clipped) if aware else (one.plain, _largest) for one in seeds]
        return np.stack([_accuracies(test, network[0], chip, network[1], one.chips) for network, one in zip(networks, seeds, strict=True)])

    for name in DEVICES:
        chips = [measured(name, Fresh(), aware) for aware in (False, True)]
        lost = [f"{(exact - c.mean(1)).mean():.1f} ± {(exact - c.mean(1)).std():.1f}" for c in chips]
        noise.add_row(data.name, name, f"{exact.mean():.1f} ± {exact.std():.1f}", _show(chips[0]), lost[0], _show(chips[1]), lost[1])
    for label, time_s in TIMES.items():
        cells = [_show(measured("PCM (aihwkit)", kind(leaf(time_s)), aware)) for aware in (False, True) for kind in (Aged, AgedCompensated)]
        drift.add_row(data.name, label, *cells)


def main() -> None:
    """Print both tables of each data set as soon as they are there; Fashion-MNIST joins the digits where CODESIGN_DATA is set."""
    console = Console(width=150)
    for name in ("digits", "fashion_mnist") if os.environ.get("CODESIGN_DATA") else ("digits",):
        noise = Table(title=f"Test accuracy [%] on {CHIPS} chips right after programming, {STEPS} steps of {BATCH}, {SEEDS} seeds")
        for column in ("data", "device", "noise free", "plain, on chips", "lost", "chip-aware, on chips", "lost"):
            noise.add_column(column)
        drift = Table(title=f"Test accuracy [%] on {CHIPS} phase-change chips against time since programming")
        for column in ("data", "after", "plain", "plain, compensated", "noise-aware", "noise-aware, compensated"):
            drift.add_column(column)
        _study(registry.load(name), noise, drift)
        console.print(noise)
        console.print(drift)
