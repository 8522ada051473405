"""What a run chooses in place of what a network is built with: exact when hard, linear and rightly signed between."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.test_util import check_grads

from codesign.analog.arrays.array import DigitalArray
from codesign.hardware.parts.elementwise import encoding_pj
from codesign.network.builders.models import mlp, recurrent
from codesign.network.codes import Mixed
from codesign.network.integer.to_fixed_point import to_fixed_point
from codesign.network.layers.style import Style
from codesign.network.network import SpikingNetwork
from codesign.network.neurons.firing import Binary, Graded, Parts, Stochastic
from codesign.network.neurons.neurons import LeakyNeuron
from codesign.network.operation import Operation
from codesign.network.run import Activity
from codesign.network.settled import settled
from codesign.network.trace import trace
from codesign.technology import catalogue
from codesign.workloads.workload import Workload, dense

CODES = ("direct", "rate", "latency", "phase")
FRAMES = jnp.asarray(np.random.default_rng(1).uniform(size=(8, 12)), jnp.float32)


def network_of(hidden: tuple[int, ...] = (16, 10), **style: Any) -> SpikingNetwork:
    return mlp((12,), 5, list(hidden), style=Style(**style), rngs=nnx.Rngs(0))


def run(network: SpikingNetwork, inputs: jax.Array = FRAMES, **operation: Any) -> tuple[Activity, Workload]:
    layers = len(network.geometries)
    held = Operation.of(layers, longest=4, **operation)
    activity = network(inputs, held, [DigitalArray()] * layers, jax.random.key(0))
    return activity, trace(network.geometries, activity, held)


def assert_same(left: tuple[Activity, Workload], right: tuple[Activity, Workload]) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), left[0], right[0])
    compared = [workload.encoded * workload.static("encoded_inputs") for _, workload in (left, right)]
    np.testing.assert_array_equal(*compared)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("gate", [None, [0, 1, 1]])
def test_a_chosen_code_is_the_network_that_was_built_with_it(code: str, gate: Any) -> None:
    """Answers, rates, payloads, and what is compared; whatever the network would do by itself."""
    built = run(network_of(encoding=code), gate=gate)
    assert_same(run(network_of(encoding="phase" if code == "direct" else "direct"), gate=gate, input_code=code), built)


@pytest.mark.parametrize("reset", ["soft", "hard", "none"])
def test_a_chosen_reset_is_the_neuron_that_was_built_with_it(reset: str) -> None:
    assert_same(run(network_of(), reset=reset), run(network_of(reset=reset)))


def test_a_temperature_is_the_stochastic_neurons() -> None:
    """Of each layer its own; that of the scores, which have no neurons, changes nothing."""
    cold = network_of(firing="stochastic", temperature=0.1)
    same = run(network_of(firing="stochastic"), firing_temperature=[0.1, 0.1, 3])
    assert_same(same, run(cold))
    other, _ = run(network_of(firing="stochastic"), firing_temperature=[0.1, 2.0, 3])
    np.testing.assert_array_equal(other.output_rate[0], same[0].output_rate[0])
    assert float(other.output_rate[1]) != float(same[0].output_rate[1])


def test_without_noise_stochastic_neurons_are_the_deterministic_ones() -> None:
    # colder than a search may make them, so that no potential is near enough to its threshold
    held = dataclasses.replace(Operation.of(3, longest=4), firing_temperature=jnp.asarray(1e-6, jnp.float32))
    cold = network_of(firing="stochastic")(FRAMES, held, [DigitalArray()] * 3, jax.random.key(0))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), cold, run(network_of())[0])


@pytest.mark.parametrize("bits", [1, 3])
def test_a_payload_is_that_of_neurons_built_for_it(bits: int) -> None:
    """Levels, prices, and the scale of what an ANN layer sends in their place."""
    built = run(network_of(firing="graded", payload_bits=bits), gate=0.3)
    assert_same(run(network_of(firing="graded", payload_bits=4), gate=0.3, payload_bits=bits), built)


def test_recurrent_layers_choose_too() -> None:
    inputs = jnp.round(2 * jax.random.uniform(jax.random.key(1), (4, 4, 6)))

    def built(**style: Any) -> SpikingNetwork:
        return recurrent((6,), 5, [7], style=Style(encoding="events", **style), rngs=nnx.Rngs(0))

    chosen = run(built(firing="graded", payload_bits=3), inputs, payload_bits=2, reset="hard")
    assert_same(chosen, run(built(firing="graded", payload_bits=2, reset="hard"), inputs))


def test_soft_codes_are_weighed_in_answers_and_prices() -> None:
    """Rates and comparisons are means of those of the codes, although more inputs are not 0 in a mixture than in any of them."""
    network, shares = network_of(()), [0.4, 0.3, 0.2, 0.1]
    alone = [run(network, input_code=code) for code in CODES]
    held = dataclasses.replace(Operation.of(1, longest=4, input_code=CODES), input_code=jnp.asarray(shares))
    mixed = network(FRAMES, held, [DigitalArray()], jax.random.key(0))
    for field in ("logits", "input_rate", "payload_bits"):
        mean = sum(share * getattr(each, field) for share, (each, _) in zip(shares, alone, strict=True))
        np.testing.assert_allclose(getattr(mixed, field), mean, atol=1e-5)
    work = trace(network.geometries, mixed, held)
    assert float(work.encoded[0] * work.static("encoded_inputs")[0]) == pytest.approx(0.6 * 12)


def test_pools_keep_codes_apart() -> None:
    """The largest of a window of a mixture is none of a code: pooled first, weighed then."""
    frames = jax.random.uniform(jax.random.key(3), (4, 8, 8, 1))
    signal = Mixed(("rate", "latency"), jnp.full(2, 0.5))(frames, 4, jnp.float32(4), jax.random.key(0))
    most = signal.each(lambda x: jnp.max(x, axis=(1, 2)))
    apart = [jnp.max(spikes, axis=(2, 3)) for _, spikes in signal.codes]
    np.testing.assert_allclose(most.spikes, 0.5 * apart[0] + 0.5 * apart[1], atol=1e-6)


def test_gradients_of_codes_match_differences_in_float64() -> None:
    with jax.enable_x64():
        network = network_of(())
        frames, arrays = FRAMES.astype(jnp.float64), [DigitalArray()]
        held = Operation.of(1, longest=4, input_code=CODES)

        def told(shares: jax.Array) -> tuple[jax.Array, ...]:
            chosen = dataclasses.replace(held, input_code=jnp.asarray(shares))
            activity = network(frames, chosen, arrays, jax.random.key(0))
            work = trace(network.geometries, activity, chosen)
            return activity.logits, work.input_rate, work.activation_bits, work.encoded

        check_grads(told, (jnp.asarray([0.4, 0.3, 0.2, 0.1]),), 1, ["rev"])


def test_comparisons_cost_as_far_as_codes_are_spikes() -> None:
    technology = catalogue.load("digital_28nm")
    layer = dataclasses.replace(dense("layer", 12, 5), encoded_inputs=12)

    def energy(share: jax.Array) -> jax.Array:
        return jnp.sum(encoding_pj(Workload.of([layer], encoded=share), technology))

    assert float(energy(jnp.float32(1))) > 0
    assert float(jax.grad(energy)(jnp.float32(0.5))) == pytest.approx(float(energy(jnp.float32(1))))
    assert float(energy(jnp.float32(0))) == 0


def test_the_gradient_of_a_temperature_is_that_of_the_probability() -> None:
    """In float64: noise lets neurons fire below their threshold, and keeps them from it above."""
    with jax.enable_x64():
        distance = jnp.asarray([-0.5, -0.1, 0.3])
        noise = jnp.asarray([0.2, 0.6, 0.4])
        found = jax.vmap(jax.grad(lambda t, d, u: Stochastic(t)(d, u)), (None, 0, 0))(jnp.asarray(0.3), distance, noise)
        smooth = jax.vmap(jax.grad(lambda t, d: jax.nn.sigmoid(d / t)), (None, 0))(jnp.asarray(0.3), distance)
        np.testing.assert_allclose(found, smooth, rtol=1e-12)
        check_grads(lambda t: jax.nn.sigmoid(distance / t), (jnp.asarray(0.3),), 1, ["rev"])
        assert found[0] > 0 > found[2]


def test_weak_currents_fire_more_often_in_noise() -> None:
    """The gradient through neurons, and a large difference of temperatures, have one sign."""
    current, bits = jnp.full((4, 1, 2000), 0.1), jnp.float32(8)

    def rate(temperature: jax.Array) -> jax.Array:
        neuron = LeakyNeuron(parts=Parts(Stochastic(temperature)))
        return jnp.mean(neuron(current, bits, jax.random.key(0)))

    assert float(jax.grad(rate)(jnp.float32(0.3))) > 0
    assert rate(jnp.float32(0.6)) > rate(jnp.float32(0.3)) > rate(jnp.float32(0.1))


def test_the_gradient_of_a_payload_is_the_step_to_the_next_bit() -> None:
    with jax.enable_x64():
        distance = jnp.asarray([-0.5, 0.2, 1.5, 4.2, 9.0])

        def sent(bits: jax.Array) -> tuple[jax.Array, jax.Array]:
            firing = Graded(3, used=jnp.asarray(bits))
            return firing(distance, None), jnp.asarray(firing.largest)

        check_grads(sent, (jnp.asarray(1.4),), 1, ["rev"])
        np.testing.assert_allclose(jax.jacobian(lambda b: sent(b)[0])(jnp.asarray(2.0)), [0, 0, 0, 2, 4])
        # at the most bits it is the step down
        np.testing.assert_allclose(jax.jacobian(lambda b: sent(b)[0])(jnp.asarray(3.0)), [0, 0, 0, 2, 4])


def test_an_unknown_name_has_a_nearest() -> None:
    with pytest.raises(ValueError, match=r"unknown input_code 'latancy' \(did you mean 'latency'\?\)"):
        Operation.of(2, longest=4, input_code="latancy")
    with pytest.raises(ValueError, match=r"unknown reset 'hrad' \(did you mean 'hard'\?\)"):
        Operation.of(2, longest=4, reset=["soft", "hrad"])


def test_a_settled_network_answers_alike_and_has_an_integer_form() -> None:
    network = network_of(firing="graded", payload_bits=3)
    held = Operation.of(3, longest=4, input_code="latency", reset="hard", payload_bits=[2, 1, 1])
    with pytest.raises(ValueError, match=r"codesign\.network\.settled"):
        to_fixed_point(network, held)
    built, plain = settled(network, held)
    assert [block.neuron.parts.firing.bits for block in built.body.blocks] == [2, 1]
    assert isinstance(network.body.blocks[0].neuron.parts.firing, Graded)
    assert network.body.blocks[0].neuron.parts.firing.bits == 3  # a copy: the network itself stays
    arrays = [DigitalArray()] * 3
    left, right = (each(FRAMES, how, arrays, jax.random.key(0)) for each, how in ((network, held), (built, plain)))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), left, right)
    to_fixed_point(built, plain)
    with pytest.raises(ValueError, match="nothing has decided among the resets"):
        settled(network, Operation.of(3, longest=4, reset=["soft", "hard"]))


def test_nothing_is_drawn_or_built_where_nothing_is_chosen() -> None:
    network = network_of()
    held = Operation.of(3, longest=4)
    assert settled(network, held) == (network, held)
    assert isinstance(network.body.blocks[0].neuron.parts.firing, Binary)
