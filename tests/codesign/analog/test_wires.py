"""Wires: golden currents and gradients, the errors of the surrogate tiers, limits, and bad input."""

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.wires.fields import device_voltages
from codesign.analog.wires.resistance import wire_resistance
from codesign.analog.wires.wires import LARGEST_DROP, choose_tier, effective_conductance, predicted_drop, solve, source_power
from tests.golden_files import reference

TABLES = sorted(reference("irdrop").glob("irdrop_*.npz"))
# each compiles a solver of its own
SIZES = pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem, marks=pytest.mark.slow if i % 2 else ()) for i, path in enumerate(TABLES)]
)
NONE, PADE, LINE, EXACT = LARGEST_DROP


@functools.cache
def table(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as data:
        return dict(data)


@functools.cache
def compiled(function, *static, **options):
    return jax.jit(functools.partial(function, **dict(static)), compiler_options=options)


def worst_error(path: Path, inputs: slice, dtype: type) -> float:
    """Largest error over all regimes and wires, as a share of the largest current of its case."""
    data = table(path)
    # enough is computed here for optimised code to repay its compilation
    run = compiled(solve, xla_backend_optimization_level=int(data["G"].shape[-1] > 64))
    errors = []
    for G, V, currents in zip(data["G"].astype(dtype), data["V"].astype(dtype), data["I"], strict=True):
        for r, expected in zip(data["r"].astype(dtype), currents, strict=True):
            found = run(G, V[inputs], *r)
            errors.append(np.abs(np.asarray(found, np.float64) - expected[inputs]).max() / np.abs(expected).max())
    return max(errors)


@pytest.mark.golden
@pytest.mark.parametrize("inputs", [slice(0, 12), slice(6, 12)], ids=["matrix", "fields"])
@SIZES
def test_exact_currents_in_float64(path, inputs):
    with jax.enable_x64(True):
        assert worst_error(path, inputs, np.float64) < 1e-8


@pytest.mark.golden
@pytest.mark.parametrize("inputs", [slice(0, 12), slice(6, 12)], ids=["matrix", "fields"])
@SIZES
def test_exact_currents_in_float32(path, inputs):
    assert worst_error(path, inputs, np.float32) < 2e-6


def gradient_cases() -> list[str]:
    path = reference("irdrop") / "gradients.npz"
    return sorted({name.rsplit("_", 1)[0] for name in table(path)}) if path.exists() else []


@pytest.mark.golden
@pytest.mark.parametrize("repeat", [1, 2], ids=["fields", "matrix"])
@pytest.mark.parametrize("case", gradient_cases())
def test_exact_gradients_in_float64(case, repeat):
    data = {name.rsplit("_", 1)[1]: value for name, value in table(reference("irdrop") / "gradients.npz").items() if name.startswith(case)}
    with jax.enable_x64(True):
        G, V, C, r = (data[name] for name in ("G", "V", "C", "r"))
        weights = np.concatenate([C, np.zeros_like(C)])[: repeat * len(C)]

        def loss(G, V, r):
            return jnp.sum(weights * solve(G, jnp.tile(V, (repeat, 1)), r[0], r[1]))

        found = jax.jit(jax.grad(loss, argnums=(0, 1, 2)))(G, V, r)
        matrix = compiled(effective_conductance, ("tier", EXACT))(G, *r)
    np.testing.assert_allclose(matrix, data["Weff"], rtol=1e-9)
    for gradient, expected in zip(found, (data["dG"], data["dV"], data["dr"]), strict=True):
        assert np.abs(np.asarray(gradient) - expected).max() < 1e-6 * np.abs(expected).max()


def surrogate_errors(path: Path, tier: str) -> dict[tuple[int, int], tuple[float, float]]:
    """(predicted drop, root mean square error / root mean square current) of each regime and wire pair."""
    data = table(path)
    errors = {}
    for q, (G, V) in enumerate(zip(data["G"], data["V"], strict=True)):
        for k, r in enumerate(data["r"]):
            found = V @ np.asarray(compiled(effective_conductance, ("tier", tier))(G.astype(np.float32), *r.astype(np.float32)))
            expected = data["I"][q, k]
            drop = float(compiled(predicted_drop)(G.astype(np.float32), *r.astype(np.float32)))
            errors[q, k] = drop, float(np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2)))
    return errors


@pytest.mark.golden
@pytest.mark.parametrize(("tier", "measured"), [(PADE, 1.1e-3), (LINE, 1.9e-4)])
def test_surrogate_tiers_are_within_twice_their_measured_errors(tier, measured):
    path = reference("irdrop") / "irdrop_64x64.npz"
    if not path.exists():
        pytest.skip("the measured errors are those of the 64x64 table")
    data = table(path)
    mild = [q for q in range(len(data["G"])) if data["r_on"][q] == 20e3 and data["r_off"][q] == 200e3]
    two_ohm = [k for k, r in enumerate(data["r"]) if tuple(r) == (2, 2)]
    errors = surrogate_errors(path, tier)
    assert mild
    assert all(errors[q, k][1] < 2 * measured for q in mild for k in two_ohm)


@pytest.mark.golden
@SIZES
def test_the_automatic_tier_is_accurate_to_a_thousandth(path):
    if min(table(path)["G"].shape[1:]) < 8:
        pytest.skip("a share of a few devices' current says little about their lines")
    tiers = {tier: surrogate_errors(path, tier) for tier in (NONE, PADE, LINE)}
    for case, (drop, _) in tiers[NONE].items():
        tier = choose_tier(drop)
        assert tier == EXACT or tiers[tier][case][1] < 1e-3, (path.stem, case, drop, tier)


def array(rows=6, cols=5, seed=0):
    return np.random.default_rng(seed).uniform(5e-6, 5e-5, (rows, cols)).astype(np.float32)


@pytest.mark.parametrize("tier", LARGEST_DROP)
@pytest.mark.parametrize("shape", [(6, 5), (1, 4), (4, 1), (1, 1)])
def test_without_wires_every_tier_is_ideal(tier, shape):
    G = array(*shape)
    np.testing.assert_allclose(compiled(effective_conductance, ("tier", tier))(G, 0.0, 0.0), G, rtol=1e-6)


@pytest.mark.parametrize("tier", [PADE, LINE, EXACT])
def test_gradients_are_finite_and_signed_without_wires_and_with_open_cells(tier):
    G = array()
    G[2, 3] = 0
    total = jax.jit(jax.grad(lambda G, a, b: effective_conductance(G, a, b, tier).sum(), argnums=(0, 1, 2)))
    for wires in ((0.0, 0.0), (0.0, 3.0), (3.0, 0.0)):
        dG, dr_word, dr_bit = total(G, *(np.float32(r) for r in wires))
        assert np.isfinite(dG).all()
        assert (np.asarray(dG) > 0).all()
        assert dr_word < 0
        assert dr_bit < 0


def test_line_mean_field_is_exact_where_one_wire_is_ideal():
    G = array()
    line, exact = (compiled(effective_conductance, ("tier", tier)) for tier in (LINE, EXACT))
    for wires in ((40.0, 0.0), (0.0, 40.0)):
        np.testing.assert_allclose(line(G, *wires), exact(G, *wires), rtol=3e-6)


def test_automatic_tier_follows_the_predicted_drop():
    G = array()
    for resistance in (1e-4, 10.0, 100.0, 1000.0):
        tier = choose_tier(float(compiled(predicted_drop)(G, resistance, resistance)))
        expected = compiled(effective_conductance, ("tier", tier))(G, resistance, resistance)
        np.testing.assert_allclose(compiled(effective_conductance)(G, resistance, resistance), expected, rtol=1e-6)


@pytest.mark.parametrize("wires", [(1e2, 1e2), (1e5, 1e5), (0.0, 1e6), (1e7, 1e-3)])
def test_exact_holds_for_wires_far_worse_than_the_devices(wires):
    """Newton's steps start from the row above only where that converges; here it mostly does not. Against a dense solve."""
    G = np.asarray(array(12, 9), np.float64)
    rows, cols = G.shape
    j, i = np.arange(cols), np.arange(rows)
    word = np.kron(np.eye(rows), np.minimum(j[:, None], j) + 1)
    bit = np.kron(rows - np.maximum(i[:, None], i), np.eye(cols))
    system = np.eye(G.size) + (wires[0] * word + wires[1] * bit) * G.ravel()
    d = np.linalg.solve(system, np.repeat(np.eye(rows), cols, axis=0))
    expected = (G.ravel()[:, None] * d).reshape(rows, cols, rows).sum(0).T
    with jax.enable_x64(True):
        found = compiled(effective_conductance, ("tier", EXACT))(G, *wires)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-10 * expected.max())


@pytest.mark.parametrize("tier", [LINE, EXACT])
def test_vmap_over_arrays_is_a_loop_over_arrays(tier):
    stack = np.stack([array(seed=s) for s in range(3)])
    wires = np.asarray([0.0, 1.0, 50.0], np.float32)

    def total(G, r):
        return jnp.sum(effective_conductance(G, r, 2 * r, tier) ** 2) * 1e8

    batched, single = jax.jit(jax.vmap(jax.grad(total))), jax.jit(jax.grad(total))
    for G, r, found in zip(stack, wires, batched(stack, wires), strict=True):
        np.testing.assert_allclose(found, single(G, r), rtol=2e-5)


def test_power_is_what_devices_and_wires_dissipate():
    G, V = array(5, 4).astype(np.float64), np.random.default_rng(1).uniform(-0.2, 0.2, (3, 5))
    r_word, r_bit = 30.0, 50.0
    with jax.enable_x64(True):
        delivered = np.asarray(compiled(source_power)(G, V, r_word, r_bit))
        current = G * np.asarray(compiled(device_voltages)(G, V, r_word, r_bit))
    devices = np.sum(current**2 / G, axis=(1, 2))
    word = r_word * np.sum(np.cumsum(current[:, :, ::-1], axis=2) ** 2, axis=(1, 2))
    bit = r_bit * np.sum(np.cumsum(current, axis=1) ** 2, axis=(1, 2))
    np.testing.assert_allclose(delivered, devices + word + bit, rtol=1e-10)


@pytest.mark.claims
def test_wire_resistance_of_neurosims_cells():
    """Ohm per cell as printed from NeuroSim's geometry: 2F crosspoint, 1T1R row and column, SRAM row and column."""
    expected = {
        65: (0.25, 1.49, 0.50, 3.5, 1.2),
        45: (0.35, 2.09, 0.70, 4.9, 1.7),
        32: (0.52, 3.13, 1.04, 7.3, 2.6),
        22: (0.78, 4.69, 1.56, 10.9, 3.9),
    }
    for node, row in expected.items():
        found = [wire_resistance(node, "crosspoint")[0], *wire_resistance(node, "1T1R"), *wire_resistance(node, "SRAM")]
        np.testing.assert_allclose(found, row, rtol=0.04)


def test_wire_resistance_rises_smoothly_as_the_node_shrinks():
    slope = jax.jit(jax.vmap(jax.grad(lambda node: wire_resistance(node, "1T1R")[0])))(np.linspace(23, 64, 9, dtype=np.float32))
    assert (np.asarray(slope) < 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effective_conductance(-array(), 1.0, 1.0), r"G\[0, 0\] is -.*at least 0"),
        (lambda: effective_conductance(np.where(np.arange(30).reshape(6, 5) == 7, np.nan, array()), 1.0, 1.0), r"G\[1, 2\] is nan"),
        (lambda: effective_conductance(np.zeros((0, 3)), 1.0, 1.0), r"G has shape \(0, 3\)"),
        (lambda: effective_conductance(array(), -1.0, 1.0), "r_word is -1"),
        (lambda: effective_conductance(array(), 1.0, jnp.inf), "r_bit is inf"),
        (lambda: effective_conductance(array(), 1.0, 1.0, "exat"), "did you mean 'exact'"),
        (lambda: solve(array(6, 5), np.ones((2, 5)), 1.0, 1.0), r"V has shape \(2, 5\)"),
        (lambda: wire_resistance(5, "1T1R"), "node_nm is 5"),
        (lambda: wire_resistance(180, "1T1R"), "node_nm"),
        (lambda: wire_resistance(45, "2T2R"), "'1T1R'"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
