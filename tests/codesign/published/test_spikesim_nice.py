"""SpikeSim NICE against the public tool's outputs, and against the nodal equations solved as a matrix."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.published.spikesim import nice
from tests.golden_files import records

FIELDS = ("weight_int", "weight_stored_unsigned", "spikes", "nice_out", "column_codes_summed", "wire_resistance_ohm", "neg_offset_bits")


def electrics(case) -> nice.Electrics:
    names = ("base_resistance_ohm", "off_branch_resistance_ohm", "wire_resistance_ohm", "read_voltage_V")
    return nice.Electrics(*(case[name] for name in names), case["ideal_full_scale_current_A"], case["adc_bits"])


def arrays(case):
    kernel = case["kernel"]
    height, width = (kernel, kernel) if np.isscalar(kernel) else kernel
    shape = (case["out_channels"], case["in_channels"], height, width)
    weight = np.asarray(case["weight_int"], float).reshape(shape)
    unsigned = np.asarray(case["weight_stored_unsigned"], float).reshape(shape)
    spikes = np.asarray(case["spikes"], float).reshape(case["in_channels"], case["height"], case["width"])
    return weight, unsigned, spikes


@partial(jax.jit, static_argnames=("rows", "bits", "offset_bits", "stride", "padding"))
def read_layer(spikes, weight, electric, rows, bits, offset_bits, stride, padding):
    unsigned = nice.stored(weight, offset_bits)
    codes = nice.column_codes(spikes, unsigned, rows, bits, electric, stride, padding)
    return codes, nice.layer_output(spikes, weight, rows, bits, electric, offset_bits, stride, padding)


@pytest.mark.golden
def test_outputs_of_every_case_within_a_ten_thousandth_lsb():
    worst = 0.0
    with jax.enable_x64():
        for case in records("spikesim", FIELDS):
            weight, unsigned, spikes = (jnp.asarray(array) for array in arrays(case))
            np.testing.assert_array_equal(nice.stored(weight, case["neg_offset_bits"]), unsigned)
            window = (case["stride"], case["padding"])
            size = (case["xbar_size"], case["weight_bits"], case["neg_offset_bits"])
            codes, output = read_layer(spikes, weight, electrics(case), *size, *window)
            for ours, theirs in ((codes, "column_codes_summed"), (output, "nice_out")):
                worst = max(worst, float(np.max(np.abs(np.ravel(ours) - np.asarray(case[theirs])))))
    assert worst < 1e-4, worst


@pytest.mark.golden
def test_float32_adds_less_error_than_the_tool_does_in_float32():
    """The elimination has no cancellation: nothing near the tool's extra error (up to 0.013 LSB on these cases, nice_summary.csv)."""
    for case in records("spikesim", FIELDS)[:12]:
        weight, _, spikes = (jnp.asarray(array, jnp.float32) for array in arrays(case))
        size = (case["xbar_size"], case["weight_bits"], case["neg_offset_bits"])
        _, output = read_layer(spikes, weight, electrics(case), *size, case["stride"], case["padding"])
        scale = 1 + np.max(np.abs(case["nice_out"]))
        np.testing.assert_allclose(np.ravel(output), case["nice_out"], atol=1e-5 * scale)


def nodal_currents(conductance: np.ndarray, voltage: np.ndarray, wire: float) -> float:
    """The bit line's nodal equations as a dense matrix, row 0 at the far end."""
    rows = len(conductance)
    matrix = np.zeros((rows, rows))
    for i in range(rows):
        matrix[i, i] = conductance[i] + (1 if i == 0 else 2) / wire
        if i > 0:
            matrix[i, i - 1] = matrix[i - 1, i] = -1 / wire
    node = np.linalg.solve(matrix, conductance * voltage)
    return node[-1] / wire


@given(
    st.lists(st.floats(1e-8, 1e-3), min_size=1, max_size=24),
    st.floats(0.01, 50.0),
    st.integers(0, 2**24 - 1),
)
@settings(max_examples=30, deadline=None)
@pytest.mark.slow
def test_elimination_solves_the_nodal_equations(cells, wire, pattern):
    conductance = np.pad(np.asarray(cells), (24 - len(cells), 0), constant_values=1e-8)
    voltage = 0.1 * np.asarray([(pattern >> i) & 1 for i in range(24)], float)
    with jax.enable_x64():
        ours = float(nice.effective_conductance(jnp.asarray(conductance), wire) @ voltage)
    assert ours == pytest.approx(nodal_currents(conductance, voltage, wire), rel=1e-8, abs=1e-18)


def test_without_wires_every_cell_is_seen_in_full():
    cells = jnp.linspace(1e-6, 1e-4, 16)
    np.testing.assert_allclose(jax.jit(nice.effective_conductance)(cells, 0.0), cells, rtol=1e-6)


def test_binary_weights_store_one_bit_with_their_own_off_state():
    electric = nice.Electrics(nice.BASE_RESISTANCE_OHM, nice.OFF_RESISTANCE_BINARY_OHM, 0.0, 0.1, nice.FULL_SCALE_A[4], 4)

    @jax.jit
    def both(weight):
        weight = nice.quantise(weight, 1)
        return weight, nice.cell_conductance(nice.stored(weight, 0), 1, electric)

    weight, conductance = both(jnp.asarray([-0.7, 0.4]))
    np.testing.assert_array_equal(weight, [-1, 1])
    np.testing.assert_allclose(conductance, [1 / 2e5, 1 / 19139.0], rtol=1e-6)


def test_quantiser_reaches_both_ends():
    np.testing.assert_array_equal(nice.quantise(jnp.asarray([-1.0, 0.0, 1.0]), 4), [-8, 1, 8])


def test_gradient_of_the_output_with_respect_to_wires_is_negative_and_finite():
    def total(wire):
        electric = nice.Electrics(nice.BASE_RESISTANCE_OHM, nice.OFF_RESISTANCE_OHM, wire, 0.1, nice.FULL_SCALE_A[4], 4)
        return jnp.sum(nice.layer_output(jnp.ones((8, 3, 3)), jnp.full((2, 8, 3, 3), 5.0), 4, 4, electric, 3))

    slopes = jax.jit(jax.vmap(jax.grad(total)))(jnp.asarray([0.0, 1.0, 10.0]))
    assert np.all(np.isfinite(slopes))
    assert np.all(slopes < 0)
