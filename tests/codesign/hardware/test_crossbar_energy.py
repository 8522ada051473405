"""The array's energy uses the conductances and voltages of its output."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from codesign.analog.device.ageing import Fresh
from codesign.evaluation.arithmetic import arrays_of, device_arrays
from codesign.hardware.crossbar.columns import mean_fill
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.operation import Operation
from codesign.technology import catalogue
from codesign.workloads.workload import Workload, dense


@pytest.mark.slow
def test_smaller_and_fewer_weights_draw_as_much_less_as_their_devices_do() -> None:
    """Energy of the searched crossbar's cells against the same weights on devices of their own, wires included."""
    prices = catalogue.load("rram_45nm")
    quiet = eqx.tree_at(lambda t: t.values["wire_capacitance_ff_per_um"], prices, jnp.float32(0))
    operation = Operation.of(1, longest=1, weight_bits=6)
    chip = Crossbar.of(rows=32, columns=16, cell_bits=8, adc_bits=8, programming_sigma=1e-6)
    (array,) = arrays_of(chip, prices, operation, True, 16)
    (devices,) = device_arrays(chip, prices, operation, Fresh(), "line mean-field")
    rng = np.random.default_rng(0)
    weights = jnp.asarray(np.clip(rng.normal(0, 0.4, (64, 16)), -1, 1), jnp.float32)
    kept = jnp.asarray(rng.uniform(size=weights.shape) < 0.4)
    x = jnp.asarray(rng.uniform(size=(8, 64)) < 0.3, jnp.float32)
    measure = jax.jit(lambda w: jnp.mean(devices.read_energy_pj(x, w, jnp.float32(1), jax.random.key(0))))

    def searched(w: jax.Array) -> float:
        magnitude = jnp.mean(jnp.abs(w) * array.delivered(w.shape))
        work = Workload.of(
            [dense("d", 64, 16)], timesteps=1, input_rate=float(x.mean()), weight_bits=6, activation_bits=1, weight_magnitude=magnitude
        )
        cost = chip.cost(work, quiet)
        return float(cost.energy_pj[0, cost.components.index("array")])

    forms = {"as trained": weights, "half as large": 0.5 * weights, "pruned": jnp.where(kept, weights, 0)}
    found = {name: (searched(w), float(measure(w))) for name, w in forms.items()}
    for name, (priced, measured) in found.items():
        assert priced == pytest.approx(measured, rel=0.03), name
    for name in ("half as large", "pruned"):
        ours, theirs = (found[name][i] / found["as trained"][i] for i in (0, 1))
        assert ours == pytest.approx(theirs, rel=0.02), name
        assert ours < 0.75


def test_mean_digits_of_sliced_weights() -> None:
    rng, fill = np.random.default_rng(1), jax.jit(mean_fill)
    for sigma in (0.05, 0.2, 0.4):
        size = np.clip(np.abs(rng.normal(0, sigma, 100_000)), 0, 1)
        code = np.round(size * 255).astype(int)
        for bits in (8, 4, 2, 1):
            digits = [(code >> shift) % 2**bits for shift in range(0, 8, bits)]
            measured = np.mean(digits) / (2**bits - 1)
            assert float(fill(size.mean(), 8 / bits, bits)) == pytest.approx(measured, abs=0.06)
    np.testing.assert_allclose(fill(0.5, np.array([1.0, 2.5, 7.0]), 2.0), 0.5, rtol=1e-5)  # levels evenly used


@pytest.mark.parametrize("magnitude", [0.01, 0.05, 0.13, 0.3])
def test_the_slopes_of_mean_digits_are_theirs(magnitude: float) -> None:
    """The rule beside the loop, against finite differences; off the whole numbers, where counts have a kink."""
    with jax.enable_x64():
        for slices, bits in ((1.5, 0.6), (2.4, 1.3), (6.5, 1.1)):
            check_grads(mean_fill, (magnitude, slices, bits), order=1, modes=["fwd", "rev"], rtol=1e-4, atol=1e-7)
