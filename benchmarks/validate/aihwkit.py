"""Accuracy on analog chips beside aihwkit's: the same trained network, devices and converters."""

import functools
import warnings
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from benchmarks.validate.comparison import Bar, Row, Tool
from codesign.analog.arrays.array import AbstractArray, analog_matmul
from codesign.analog.arrays.converter import IdealConverter, UniformConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.mapping import DifferentialPair
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.searched import StatisticalCrossbar
from codesign.analog.device.ageing import AgedCompensated, Fresh
from codesign.analog.device.catalogue import generic, pcm
from tests import golden_files

CHIPS = 20
G_MAX_S = 25e-6
# where every chip is the same, rounding still decides some of 547 images: half of what as many other images would change
LEAST_SPREAD = 0.005
FIELDS = ("ideal", "pcm", "adc4", "adc4_s0.1")


def condition(name: str, sigma: float = 0.0, bits: int | None = None, time_s: float | None = None) -> dict[str, Any]:
    """How chips are used: programming noise as a share of Gmax, converter bits, seconds since programming of a PCM device."""
    return {"name": name, "sigma": sigma, "bits": bits, "time_s": time_s}


CONDITIONS = [
    condition("plain"),
    *[condition(f"noise {sigma:g}", sigma) for sigma in (0.05, 0.1, 0.2)],
    *[condition(f"{bits} bits", bits=bits) for bits in (3, 4, 6, 8)],
    *[condition(f"{bits} bits, noise 0.1", 0.1, bits) for bits in (3, 4, 8)],
    *[condition(f"PCM after {time_s:g} s", time_s=time_s) for time_s in (1.0, 86400.0, 2592000.0)],
]


# the conditions of the stored table, by its names
STORED = {
    "sigma0.05": condition("noise 0.05", 0.05),
    "sigma0.1": condition("noise 0.1", 0.1),
    "adc4": condition("4 bits", bits=4),
    "adc4_s0.1": condition("4 bits, noise 0.1", 0.1, 4),
    "adc6": condition("6 bits", bits=6),
    "adc8": condition("8 bits", bits=8),
    "adc8_s0.1": condition("8 bits, noise 0.1", 0.1, 8),
    "1.0": condition("PCM after 1 s", time_s=1.0),
    "86400.0": condition("PCM after 86400 s", time_s=86400.0),
    "2592000.0": condition("PCM after 2.592e+06 s", time_s=2592000.0),
}


def cases(seed: int) -> list[dict[str, Any]]:
    """One network in every condition."""
    return [{"seed": seed, "chips": CHIPS, "conditions": CONDITIONS}]


class Network(eqx.Module):
    """A trained 64-100-10 network.

    Attributes:
        weights, biases: of both layers; weights `[fan_in, outputs]`.
        full_scales: largest sum of each layer over the training images, in units of its largest weight.
    """

    weights: list[Float[Array, "fan_in outputs"]]
    biases: list[Float[Array, " outputs"]]
    full_scales: list[float]

    def accuracy(self, arrays: list[AbstractArray], x: Float[Array, "images pixels"], y: Array, key: Key[Array, ""]) -> Array:
        """On the chip that `key` draws."""
        for index, layer_key in enumerate(jax.random.split(key)):
            weights = self.weights[index]
            share = self.full_scales[index] / weights.shape[0]
            product = analog_matmul(x, weights, arrays[index], layer_key, jnp.max(jnp.abs(weights)), share)
            x = product + self.biases[index]
            x = jax.nn.relu(x) if index == 0 else x
        return jnp.mean(jnp.argmax(x, axis=1) == y)


def device_arrays(network: Network, used: dict[str, Any]) -> list[AbstractArray]:
    """One array of single devices a layer, without wires."""
    aged = used["time_s"] is not None
    device = pcm() if aged else generic(used["sigma"], 1 / G_MAX_S, 1e12)
    converter = IdealConverter() if used["bits"] is None else UniformConverter(used["bits"])
    parts = (device, DifferentialPair(), AgedCompensated(used["time_s"]) if aged else Fresh(), Wires(0.0, 0.0, "none"), converter)
    return [DeviceCrossbar(*parts, rows=weights.shape[0], columns=weights.shape[1]) for weights in network.weights]


def statistical_arrays(network: Network, used: dict[str, Any]) -> list[AbstractArray]:
    """The search's form of the same, for devices that do not age."""

    def array(weights: Array) -> AbstractArray:
        rows, columns = (jnp.asarray(float(size)) for size in weights.shape)
        physics = CrossbarPhysics(rows, columns, generic(used["sigma"], 1 / G_MAX_S, 1e12))
        return StatisticalCrossbar(physics, jnp.asarray(24.0 if used["bits"] is None else float(used["bits"])))

    return [array(weights) for weights in network.weights]


@functools.partial(jax.jit, static_argnums=4)
def _accuracies(network: Network, arrays: list[AbstractArray], x: Array, y: Array, chips: int) -> Array:
    keys = jax.random.split(jax.random.key(0), chips)
    return jax.lax.map(lambda key: network.accuracy(arrays, x, y, key), keys)


def compare(network: Network, x: Array, y: Array, used: dict[str, Any], theirs: tuple[float, float], bar: bool) -> list[Row]:
    """Mean accuracies of both of our forms against theirs (mean and standard deviation over chips)."""
    mean, spread = theirs
    near = 2 * max(spread, LEAST_SPREAD)
    limits = Bar((mean - near) / mean, (mean + near) / mean, f"2 x {max(spread, LEAST_SPREAD):.4f}") if bar else None
    forms = {"devices": device_arrays(network, used)}
    if used["time_s"] is None:
        forms["search's form"] = statistical_arrays(network, used)
    return [
        Row(used["name"], f"accuracy, {form}", float(jnp.mean(_accuracies(network, arrays, x, y, CHIPS))), mean, limits)
        for form, arrays in forms.items()
    ]


def rows(found: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[Row]:
    """Every condition, on aihwkit's own network."""
    compared = []
    images, labels = load_digits(return_X_y=True)
    for case, result in zip(found, theirs, strict=True):
        test = np.asarray(result["test"])
        x, y = jnp.asarray(images[test] / 16, jnp.float32), jnp.asarray(labels[test])
        network = Network(
            *([jnp.asarray(each, jnp.float32) for each in result[name]] for name in ("weights", "biases")), result["full_scales"]
        )
        for used in case["conditions"]:
            on_chips = np.asarray(result["accuracies"][used["name"]])
            compared += compare(network, x, y, used, (float(on_chips.mean()), float(on_chips.std())), bar=True)
    return compared


def trained(seed: int) -> tuple[Network, Array, Array]:
    """A network of the stored kind, its test images and labels; the stored one's weights are not known."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(labels))
    train, test = order[:-547], order[-547:]
    x = images / 16
    model = MLPClassifier((100,), alpha=0, learning_rate_init=3e-3, max_iter=60, n_iter_no_change=60, random_state=seed, batch_size=50)
    with warnings.catch_warnings():
        # 60 epochs, whether it calls that converged or not
        warnings.simplefilter("ignore")
        model.fit(x[train], labels[train])
    weights, biases = ([jnp.asarray(each, jnp.float32) for each in parts] for parts in (model.coefs_, model.intercepts_))
    hidden = x[train] @ model.coefs_[0]
    out = np.maximum(hidden + model.intercepts_[0], 0) @ model.coefs_[1]
    scales = [float(np.abs(sums).max() / np.abs(held).max()) for sums, held in zip((hidden, out), model.coefs_, strict=True)]
    return Network(weights, biases, scales), jnp.asarray(x[test], jnp.float32), jnp.asarray(labels[test])


def golden_rows() -> list[Row]:
    """The stored conditions that vary from chip to chip, as accuracy lost since those networks are not ours."""
    network, x, y = trained(0)
    ideal = float(jnp.mean(_accuracies(network, device_arrays(network, condition("ideal")), x, y, 1)))
    compared = []
    for stored in golden_files.records("external", FIELDS):
        for name, used in STORED.items():
            value = stored["pcm"][name] if name in stored["pcm"] else stored.get(name)
            if value is not None:
                # theirs, moved by what the networks differ without devices
                theirs = (value[0] + ideal - stored["ideal"], value[1])
                compared += compare(network, x, y, used, theirs, bar=value[1] > 0)
    return compared


TOOL = Tool(
    name="aihwkit",
    title="aihwkit",
    requirements=("aihwkit==1.1.0", "torch==2.13.0", "scikit-learn"),
    setting=(
        "Accuracy on scikit-learn's digits of a 64-100-10 network that aihwkit 1.1.0's environment trains plainly, on 20 chips (torch "
        "tile, differential pairs). *devices* are our arrays of single devices, *search's form* the smooth one. Bar: two standard "
        "deviations over aihwkit's chips, of at least 0.5 points."
    ),
    cases=cases,
    rows=rows,
    golden_rows=golden_rows,
    reasons=(
        "Converters are set alike: full scale at the largest sum of the training images, codes symmetric around zero.",
        "The search's form draws one normal error a weight: a pair of devices whose conductances cannot be negative errs less, and only "
        "upwards where it rests.",
    ),
)
