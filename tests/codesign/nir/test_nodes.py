"""Every node computes what NIR says it does."""

import numpy as np
import pytest

from codesign.nir import run as nir
from tests.codesign.nir.nir_graphs import RNG, chain, package, parameters


@pytest.mark.parametrize("dt", [1e-4, 1e-3])
def test_lif_honours_every_parameter_and_dt(dt):
    p = parameters("tau", "r", "v_leak", "v_threshold", "v_reset")
    current = RNG.random((300, 6)).astype(np.float32)
    activity = nir.record(nir.from_nir(chain(package.LIF(**p), shape=[6])), current, dt=dt)
    v, spikes, potentials = np.zeros(6), [], []
    for each in current:
        v = v + dt / p["tau"] * (p["v_leak"] - v + p["r"] * each)
        spikes.append(v > p["v_threshold"])
        v = np.where(spikes[-1], p["v_reset"], v)
        potentials.append(v)
    np.testing.assert_array_equal(activity.values["n0"], spikes)
    np.testing.assert_allclose(activity.potentials["n0"], potentials, atol=2e-5)
    assert 0 < np.mean(spikes) < 1


def test_cubalif_honours_every_parameter():
    p = parameters("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in")
    pulses = (RNG.random((300, 6)) < 0.5).astype(np.float32)
    dt, v, i, spikes, potentials = 5e-4, np.zeros(6), np.zeros(6), [], []
    for each in pulses:
        i = i + dt / p["tau_syn"] * (p["w_in"] * each - i)
        v = v + dt / p["tau_mem"] * (p["v_leak"] - v + p["r"] * i)
        spikes.append(v > p["v_threshold"])
        v = np.where(spikes[-1], p["v_reset"], v)
        potentials.append(v)
    activity = nir.record(nir.from_nir(chain(package.CubaLIF(**p), shape=[6])), pulses, dt=dt)
    np.testing.assert_array_equal(activity.values["n0"], spikes)
    np.testing.assert_allclose(activity.potentials["n0"], potentials, atol=2e-5)


@pytest.mark.parametrize("integrator", ["exponential", "exact"])
def test_integrators_are_exact_for_constant_input_whatever_the_step(integrator):
    p = parameters("tau", "r", "v_leak")
    fine, coarse = (
        nir.simulate(nir.from_nir(chain(package.LI(**p), shape=[6])), np.ones((steps, 6)), 0.02 / steps, integrator)[-1]
        for steps in (400, 4)
    )
    np.testing.assert_allclose(coarse, fine, rtol=1e-4)
    np.testing.assert_allclose(fine, (p["v_leak"] + p["r"]) * -np.expm1(-0.02 / p["tau"]), rtol=1e-4)


def test_exact_reset_gives_the_rate_that_the_step_does_not_change():
    node = package.LIF(
        tau=np.array([0.01]), r=np.array([1.0]), v_leak=np.array([0.0]), v_threshold=np.array([0.5]), v_reset=np.array([0.0])
    )
    graph = nir.from_nir(chain(node, shape=[1]))
    interval = 0.01 * np.log(2)
    for steps in (200, 1000):
        spikes = nir.simulate(graph, np.ones((steps, 1)), 0.5 / steps, "exact")
        assert abs(int(spikes.sum()) - 0.5 / interval) <= 1
    late = nir.simulate(graph, np.ones((200, 1)), 0.5 / 200, "euler")
    assert int(late.sum()) < 0.5 / interval - 5
    integrator = package.IF(r=np.array([1.0]), v_threshold=np.array([0.35]))
    counts = nir.simulate(nir.from_nir(chain(integrator, shape=[1])), np.full((1000, 1), 0.1), integrator="exact").sum()
    assert abs(int(counts) - 1000 * 0.1 / 0.35) <= 1


def test_integrators_and_a_soft_reset():
    current = RNG.random((50, 3)).astype(np.float32)
    rows = np.ones(3, np.float32)
    integral = nir.simulate(nir.from_nir(chain(package.I(r=2 * rows), shape=[3])), current, dt=0.5)
    np.testing.assert_allclose(integral, np.cumsum(current, 0), rtol=1e-5)
    soft = package.IF(r=rows, v_threshold=rows, metadata={"reset": "soft"})
    spikes = nir.simulate(nir.from_nir(chain(soft, shape=[3])), current)
    np.testing.assert_array_equal(spikes.sum(0), np.floor(current.sum(0)))


def test_current_based_integrator_without_spikes():
    p = parameters("tau_mem", "tau_syn", "r", "v_leak", "w_in")
    out = nir.simulate(nir.from_nir(chain(package.CubaLI(**p), shape=[6])), np.ones((2000, 6)), dt=1e-4)
    np.testing.assert_allclose(out[-1], p["v_leak"] + p["r"] * p["w_in"], rtol=1e-3)


def test_stateless_nodes_compute_what_they_say():
    frames = RNG.normal(size=(2, 4, 6, 6)).astype(np.float32)

    def run(*nodes, given=frames):
        return np.asarray(nir.simulate(nir.from_nir(chain(*nodes, shape=given.shape[1:])), given))

    pair = np.array([2, 2])
    blocks = frames.reshape(2, 4, 3, 2, 3, 2)
    np.testing.assert_allclose(run(package.AvgPool2d(pair, pair, 0 * pair)), blocks.mean((3, 5)), rtol=1e-5, atol=1e-6)
    assert run(package.SumPool2d(pair, pair, 1 + 0 * pair)).shape == (2, 4, 4, 4)
    np.testing.assert_array_equal(run(package.Scale(frames[0])), frames * frames[0])
    np.testing.assert_array_equal(run(package.Threshold(0 * frames[0])), frames > 0)
    assert run(package.Flatten({"input": np.array([4, 6, 6])}, 1, -1)).shape == (2, 4, 36)
    assert run(package.Flatten({"input": np.array([4, 6, 6])}, 0, 1)).shape == (2, 24, 6)
    stacked = RNG.normal(size=(4, 5, 6)).astype(np.float32)
    rows = frames[:, :, 0]
    np.testing.assert_allclose(run(package.Linear(stacked), given=rows), np.einsum("goi,tgi->tgo", stacked, rows), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("groups", "stride", "padding", "dilation"), [(1, (1, 1), (0, 0), (1, 1)), (2, (2, 1), (1, 2), (1, 2)), (4, (1, 1), "same", (1, 1))]
)
def test_convolutions_with_every_option(groups, stride, padding, dilation):
    frame = RNG.normal(size=(1, 4, 7, 6)).astype(np.float32)
    weight = RNG.normal(size=(8, 4 // groups, 3, 2)).astype(np.float32)
    node = package.Conv2d((7, 6), weight, stride, padding, dilation, groups, np.arange(8.0))
    got = nir.simulate(nir.from_nir(chain(node, shape=[4, 7, 6])), frame)[0]
    pads = ((1, 1), (0, 1)) if padding == "same" else tuple((each, each) for each in padding)
    padded = np.pad(frame[0], ((0, 0), *pads))
    size = [(padded.shape[1 + a] - dilation[a] * (weight.shape[2 + a] - 1) - 1) // stride[a] + 1 for a in (0, 1)]
    expected = np.zeros((8, *size))
    for o in range(8):
        channels = padded[o // (8 // groups) * (4 // groups) :][: 4 // groups]
        for i in range(3):
            for j in range(2):
                top, left = i * dilation[0], j * dilation[1]
                part = channels[:, top : top + size[0] * stride[0] : stride[0], left : left + size[1] * stride[1] : stride[1]]
                expected[o] += np.tensordot(weight[o, :, i, j], part[:, : size[0], : size[1]], 1)
    np.testing.assert_allclose(got, expected + np.arange(8)[:, None, None], rtol=1e-4, atol=1e-4)


def test_one_dimensional_convolution():
    weight = RNG.normal(size=(3, 2, 4)).astype(np.float32)
    signal = RNG.normal(size=(1, 2, 9)).astype(np.float32)
    got = nir.simulate(nir.from_nir(chain(package.Conv1d(9, weight, 1, 0, 1, 1, np.zeros(3)), shape=[2, 9])), signal)[0]
    expected = [sum(np.correlate(signal[0, c], weight[o, c]) for c in range(2)) for o in range(3)]
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_delays_of_single_elements():
    node = package.Delay(np.array([0.0, 2e-3, 5e-3]))
    got = nir.simulate(nir.from_nir(chain(node, shape=[3])), np.arange(1.0, 8)[:, None] * np.ones(3), dt=1e-3)
    for element, steps in enumerate((0, 2, 5)):
        np.testing.assert_array_equal(got[:, element], np.concatenate([np.zeros(steps), np.arange(1.0, 8 - steps)]))
