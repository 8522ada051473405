"""Quantisation, neurons, layers and networks: exact where they claim to be, and traced once."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.test_util import check_grads

from codesign.analog.arrays.array import DigitalArray
from codesign.network.builders.models import convnet, mlp
from codesign.network.layers.layers import Synapses
from codesign.network.neurons.neurons import lif
from codesign.network.neurons.surrogate import arctan as spike
from codesign.network.operation import Operation
from codesign.network.quantise import quantise_signed, quantise_unsigned
from codesign.network.trace import trace
from codesign.products.unfold import unfold
from codesign.workloads.workload import conv

signed = jax.jit(quantise_signed)


@pytest.mark.parametrize(("bits", "levels"), [(2, 3), (3, 7), (4, 15)])
def test_whole_bits_give_that_many_levels(bits: int, levels: int) -> None:
    values = np.asarray(signed(np.linspace(-2, 2, 4001, dtype=np.float32), jnp.float32(1.5), jnp.float32(bits)))
    assert len(np.unique(np.round(values, 5))) == levels
    assert np.max(np.abs(values)) == pytest.approx(1.5)


def test_half_a_bit_is_halfway() -> None:
    x, scale = jnp.asarray(np.linspace(-1, 1, 41), jnp.float32), jnp.float32(1)
    low, high = (np.asarray(signed(x, scale, jnp.float32(b))) for b in (3, 4))
    np.testing.assert_allclose(signed(x, scale, jnp.float32(3.5)), (low + high) / 2, atol=1e-6)
    slope = jax.jit(jax.jacfwd(lambda b: quantise_signed(x, scale, b)))(jnp.float32(3.5))
    np.testing.assert_allclose(slope, high - low, atol=1e-6)


def test_quantisation_passes_gradients_inside_its_range_only() -> None:
    slope = jax.jit(jax.vmap(jax.grad(lambda v: quantise_unsigned(v, jnp.float32(1), jnp.float32(4)))))(jnp.asarray([-0.5, 0.4, 1.5]))
    np.testing.assert_allclose(slope, [0, 1, 0])


def test_spikes_are_hard_and_their_gradient_is_the_declared_surrogate() -> None:
    x = np.asarray([-0.7, -1e-6, 0.0, 0.4], np.float32)
    spikes, slope = jax.jit(jax.vmap(jax.value_and_grad(spike)))(x)
    np.testing.assert_array_equal(spikes, [0, 0, 1, 1])
    np.testing.assert_allclose(slope, 1 / (1 + (np.pi * x) ** 2), rtol=1e-6)
    # the surrogate is the slope of arctan(pi x) / pi
    with jax.enable_x64(True):
        check_grads(lambda v: jnp.arctan(jnp.pi * v) / jnp.pi, (x.astype(np.float64),), order=1, modes=["rev"])


fired = jax.jit(lif)


def test_lif_counts_like_integer_arithmetic_without_leak() -> None:
    """Twin theorem: with soft reset, no leak and a constant input x, T steps fire floor(T x / threshold) times (YAN-1)."""
    x = np.asarray([0.0, 0.125, 0.25, 0.5, 0.75, 0.96875], np.float32)
    spikes = np.asarray(fired(np.broadcast_to(x, (16, 1, 6)), jnp.float32(1), jnp.float32(1)))
    np.testing.assert_array_equal(spikes.sum(0)[0], np.floor(16 * x))


def test_lif_leaks() -> None:
    current = np.asarray([0.84, 0.0, 0.84], np.float32).reshape(3, 1, 1)
    for leak, expected in ((0.5, [0, 0, 1]), (0.1, [0, 0, 0])):  # 0.84 -> 0.42 -> 1.05, or 0.84 -> 0.084 -> 0.8484
        np.testing.assert_array_equal(np.ravel(fired(current, jnp.float32(leak), jnp.float32(1))), expected)


@pytest.mark.parametrize(("size", "kernel", "stride"), [(8, 3, 1), (8, 3, 2), (7, 3, 2), (6, 5, 1), (5, 1, 1)])
def test_unfolded_product_is_the_convolution(size: int, kernel: int, stride: int) -> None:
    geometry = conv("c", 2, 3, size, kernel=kernel, stride=stride)
    draw = np.random.default_rng(0)
    x, weights = (draw.normal(size=shape).astype(np.float32) for shape in ((2, size, size, 2), (kernel, kernel, 2, 3)))
    high = (geometry.height_out - 1) * stride + kernel - size
    pads = (max(high, 0) // 2, max(high, 0) - max(high, 0) // 2)

    @jax.jit
    def both(x, weights):
        product = (unfold(x, geometry) @ weights.reshape(-1, 3)).reshape(2, geometry.height_out, geometry.width_out, 3)
        numbers = ("NHWC", "HWIO", "NHWC")
        return product, jax.lax.conv_general_dilated(x, weights, (stride, stride), [pads, pads], dimension_numbers=numbers)

    np.testing.assert_allclose(*both(x, weights), atol=1e-5)


@pytest.fixture(scope="module")
def run():
    """A network's forward pass, compiled once; counts its traces."""
    network = mlp((4, 4, 1), 3, [12], rngs=nnx.Rngs(0))
    graph, state = nnx.split(network)
    arrays = [DigitalArray()] * 2

    class Run:
        traces = 0

        def __call__(self, operation: Operation, x: jax.Array):
            return self.jitted(state, operation, x)

    one = Run()

    def forward(weights, operation, x):
        one.traces += 1
        return nnx.merge(graph, weights)(x, operation, arrays, jax.random.key(0))

    one.jitted = jax.jit(forward)
    one.geometries = network.geometries
    return one


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(3).uniform(size=(5, 4, 4, 1)).astype(np.float32)


def test_relaxed_timesteps_equal_the_static_network_at_integers(run, x) -> None:
    for steps in (1, 3, 6):
        long = run(Operation.of(2, longest=6, timesteps=steps), x)
        short = run(Operation.of(2, longest=steps), x)
        long = long._replace(step_logits=long.step_logits[:steps])
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), long, short)


def test_one_trace_whatever_the_time_and_the_bits(run, x) -> None:
    run(Operation.of(2, longest=7), x)
    before = run.traces
    for steps, bits in ((1, 2), (2.5, 3.3), (7, [8, 2.1])):
        run(Operation.of(2, longest=7, timesteps=steps, weight_bits=bits), x)
    assert run.traces == before


def test_rates_count_the_steps_that_count(run, x) -> None:
    activity = run(Operation.of(2, longest=6, timesteps=2.5), x)
    assert 0 < float(activity.input_rate[1]) < 1
    workload = jax.jit(functools.partial(trace, run.geometries))(activity, Operation.of(2, longest=6, timesteps=2.5))
    np.testing.assert_allclose(workload.timesteps, 2.5)
    np.testing.assert_allclose(workload.activation_bits, [4, 1])
    silent = run(Operation.of(2, longest=6), np.zeros_like(x))
    np.testing.assert_array_equal(silent.input_rate, 0)
    assert np.all(np.isfinite(silent.logits))


@pytest.mark.slow
@pytest.mark.parametrize(("options", "positions"), [({}, [16, 4, 1]), ({"kernel": 5, "stride": 3}, [9, 1, 1])])
def test_convolutional_networks_run_and_refuse_other_shapes(options: dict[str, int], positions: list[int]) -> None:
    network = convnet((8, 8, 1), 10, [4, 6], **options, rngs=nnx.Rngs(0))
    assert [g.positions for g in network.geometries] == positions
    assert network.geometries[0].kernel_height == options.get("kernel", 3)
    activity = network(jnp.ones((2, 8, 8, 1)), Operation.of(3, longest=2), [DigitalArray()] * 3, jax.random.key(0))
    assert activity.logits.shape == (2, 10)
    with pytest.raises(ValueError, match="square images"):
        convnet((12,), 10, [4], **options, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="strides of 0"):
        convnet((8, 8, 1), 10, [4], stride=0, rngs=nnx.Rngs(0))


def test_synapses_learn_their_ranges() -> None:
    synapses = Synapses(conv("c", 1, 2, 4), gain=1.0, rngs=nnx.Rngs(0))
    graph, state = nnx.split(synapses)
    x = jnp.asarray(np.random.default_rng(0).uniform(size=(3, 4, 4, 1)), jnp.float32)

    def loss(state: nnx.State) -> jax.Array:
        return jnp.sum(nnx.merge(graph, state)(x, DigitalArray(), jnp.float32(3), jax.random.key(1)) ** 2)

    gradients = jax.jit(jax.grad(loss))(state)
    assert np.abs(gradients["log_scale"][...]) > 0
    assert np.abs(gradients["kernel"][...]).sum() > 0
