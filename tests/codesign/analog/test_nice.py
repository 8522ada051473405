"""SpikeSim's non-ideality engine through the general crossbar: same codes as the tool, to 1e-4 of an LSB."""

import gzip
import json

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.arrays.array import analog_matmul
from codesign.analog.arrays.converter import IdealConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.mapping import BinaryBranches
from codesign.analog.device.ageing import Fresh
from codesign.analog.device.catalogue import spikesim
from codesign.analog.device.noise import leaf
from tests.golden_files import reference


def cases() -> list[dict]:
    found = []
    for path in sorted(reference("spikesim").glob("nice_cases*.json*")):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found += json.loads(text)
    return found


def patches(spikes: np.ndarray, case: dict) -> np.ndarray:
    """[positions, kernel positions, channels] of a zero-padded map."""
    k, pad, stride = case["kernel"], case["padding"], case["stride"]
    padded = np.pad(spikes, ((0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(1, 2))[:, ::stride, ::stride]
    return windows.transpose(1, 2, 3, 4, 0).reshape(windows.shape[1] * windows.shape[2], k * k, spikes.shape[0])


def split_channels(x: np.ndarray, rows: int) -> np.ndarray:
    """Each kernel position's channels padded to whole arrays."""
    width = -(-x.shape[-1] // rows) * rows
    return np.pad(x, (*((0, 0),) * (x.ndim - 1), (0, width - x.shape[-1]))).reshape(len(x), -1)


def grown(x: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.pad(x, [(0, after - before) for before, after in zip(x.shape, shape, strict=True)])


def layer(case: dict, fan_in: int, columns: int) -> np.ndarray:
    """The case's layer; all cases of an array size share one shape, grown by empty arrays and columns, hence one trace."""
    rows, channels, outputs = case["xbar_size"], case["in_channels"], case["out_channels"]
    spikes = np.asarray(case["spikes"], float).reshape(channels, case["height"], case["width"])
    kernel = np.asarray(case["weight_int"], float).reshape(outputs, channels, case["kernel"] ** 2)
    x = split_channels(patches(spikes, case), rows)
    weights = split_channels(kernel.transpose(0, 2, 1), rows).T
    lsb = case["ideal_full_scale_current_A"] / (case["read_voltage_V"] * (2 ** case["adc_bits"] - 1))
    device = eqx.tree_at(
        lambda d: (d.r_on_ohm, d.r_off_ohm), spikesim(), (leaf(case["base_resistance_ohm"]), leaf(case["off_branch_resistance_ohm"]))
    )
    crossbar = DeviceCrossbar(
        device=device,
        mapping=BinaryBranches(leaf(lsb), case["weight_bits"], case["neg_offset_bits"]),
        ageing=Fresh(),
        wires=Wires(leaf(0.0), leaf(case["wire_resistance_ohm"]), "exact"),
        converter=IdealConverter(),
        rows=rows,
        columns=columns,
    )
    positions = max(len(x), 64)
    found = _product(jnp.asarray(grown(x, (positions, fan_in))), jnp.asarray(grown(weights, (fan_in, columns))), crossbar)
    return np.asarray(found)[: len(x), :outputs].T


@eqx.filter_jit
def _product(x: jax.Array, weights: jax.Array, crossbar: DeviceCrossbar) -> jax.Array:
    return analog_matmul(x, weights, crossbar, jax.random.key(0))


SIZES = sorted({case["xbar_size"] for case in cases()})


@pytest.mark.golden
@pytest.mark.parametrize("rows", [SIZES[0], *(pytest.param(size, marks=pytest.mark.slow) for size in SIZES[1:-1]), SIZES[-1]])
def test_layer_outputs_are_the_tools(rows):
    chosen = [case for case in cases() if case["xbar_size"] == rows]
    columns = max(case["out_channels"] for case in chosen)
    fan_in = max(case["kernel"] ** 2 * -(-case["in_channels"] // rows) * rows for case in chosen)
    with jax.enable_x64(True):
        for case in chosen:
            expected = np.asarray(case["nice_out"]).reshape(case["out_channels"], -1)
            np.testing.assert_allclose(layer(case, fan_in, columns), expected, rtol=0, atol=1e-4, err_msg=case["id"])
