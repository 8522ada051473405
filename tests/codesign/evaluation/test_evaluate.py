"""Where network and chip meet: gradients live, point the right way, and are right where the model is smooth."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.test_util import check_grads

from codesign.analog.arrays.array import DigitalArray
from codesign.evaluation.arithmetic import arrays_of, slicing_factor
from codesign.evaluation.devices import ageing_of
from codesign.evaluation.evaluate import Batch, Design, evaluate
from codesign.evaluation.verify import verify
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.systolic.array import Systolic
from codesign.network.builders.models import recurrent
from codesign.network.layers.style import Style
from codesign.network.operation import Operation
from codesign.technology import catalogue
from codesign.workloads.workload import LayerWork, Workload, dense
from tests.trained import mean_evaluation, place, trained

# off the grid, where every parameter matters
POINT = {"rows": 96.0, "columns": 96.0, "adc_bits": 3.5, "timesteps": 2.5, "weight_bits": 2.5, "programming_sigma": 0.1}


@pytest.fixture(scope="module")
def gradients() -> dict[str, dict[str, float]]:
    """d(loss)/d(parameter) and d(log energy)/d(parameter) of a trained network, mean over simulated chips."""
    t = trained()

    def values(point: dict[str, jax.Array]) -> tuple[jax.Array, jax.Array]:
        evaluation = mean_evaluation(t, place(t.design, **point), t.train, exact=False)
        return evaluation.loss, jnp.log(evaluation.cost.energy)

    slopes = jax.jit(jax.jacrev(values))({name: jnp.float32(v) for name, v in POINT.items()})
    return dict(zip(("loss", "energy"), ({k: float(v) for k, v in s.items()} for s in slopes), strict=True))


@pytest.mark.parametrize(
    ("name", "sign", "why"),
    [
        ("rows", 1, "longer columns lose more on their wires, and the converter's range covers more"),
        ("columns", 1, "longer rows lose more on their wires"),
        ("adc_bits", -1, "finer converters err less"),
        ("timesteps", -1, "more steps carry more information"),
        ("weight_bits", -1, "finer weights err less"),
        ("programming_sigma", 1, "noise hurts"),
    ],
)
def test_loss_gradient_reaches_the_chip_with_the_physical_sign(gradients, name: str, sign: int, why: str) -> None:
    assert sign * gradients["loss"][name] > 1e-6, why


@pytest.mark.parametrize(
    ("name", "sign", "why"),
    [
        ("adc_bits", 1, "finer conversions cost more"),
        ("timesteps", 1, "every step costs"),
        ("weight_bits", 1, "more slices, more conversions"),
        ("programming_sigma", -1, "better cells take more programming pulses"),
    ],
)
def test_energy_gradient_has_the_physical_sign(gradients, name: str, sign: int, why: str) -> None:
    assert sign * gradients["energy"][name] > 1e-5, why


def test_array_size_trades_conversions_against_wires() -> None:
    """Where a layer fills many arrays, longer ones save conversions and driven rows; where it fills a part of one, they only cost."""
    prices = catalogue.load("rram_45nm")

    def slope_for(layer: LayerWork) -> Callable[[float, float], tuple[jax.Array, jax.Array]]:
        work = Workload.of([layer], timesteps=4, input_rate=0.2)
        return jax.jit(
            jax.grad(lambda rows, columns: jnp.log(Crossbar.of(rows=rows, columns=columns).cost(work, prices, 0.5).energy), argnums=(0, 1))
        )

    many, part = slope_for(dense("d", 1024, 256)), slope_for(dense("d", 20, 8))
    assert many(48.0, 64.0)[0] < -1e-5
    assert many(64.0, 48.0)[1] < -1e-5
    assert part(200.0, 64.0)[0] > 1e-7
    assert part(64.0, 200.0)[1] > 1e-7


@pytest.mark.slow
def test_energy_gradient_reaches_the_weights_and_the_neurons() -> None:
    t = trained()

    def energy(network) -> jax.Array:
        design = Design(network, t.design.operation, t.design.hardware)
        return evaluate(t.graph, design, t.test, t.technology, jax.random.key(0), exact=False, hardness=0.5).cost.energy

    gradient = jax.jit(jax.grad(energy))(t.design.network)
    norms = {jax.tree_util.keystr(path): float(jnp.linalg.norm(leaf)) for path, leaf in jax.tree_util.tree_leaves_with_path(gradient)}
    assert all(np.isfinite(list(norms.values())))
    for name in ("kernel", "log_threshold", "leak_logit"):
        assert max(v for k, v in norms.items() if name in k) > 0, name


def test_smooth_energy_gradients_match_differences_in_float64() -> None:
    with jax.enable_x64(True):
        prices = jax.tree.map(lambda x: x.astype(jnp.float64), catalogue.load("rram_45nm"))
        work = Workload.of([dense("a", 100, 30), dense("b", 30, 10)], dtype=jnp.float64)

        @jax.jit
        def energy(rows, columns, adc_bits, sigma, timesteps, weight_bits, rate):
            rows, columns, adc_bits, sigma = (jnp.asarray(v) for v in (rows, columns, adc_bits, sigma))
            chip = jax.tree.map(lambda x: x.astype(jnp.float64), Crossbar.of(cell_bits=1))
            chip = type(chip)(**{**chip.__dict__, "rows": rows, "columns": columns, "adc_bits": adc_bits, "programming_sigma": sigma})
            one = Workload(
                work.layers,
                rate * work.input_rate,
                work.output_rate,
                timesteps * jnp.ones(2),
                work.spiking,
                weight_bits * jnp.ones(2),
                work.activation_bits,
                work.state_bits,
                work.weight_density,
            )
            return jnp.log(chip.cost(one, prices, 0.5).energy)

        point = tuple(jnp.asarray(v, jnp.float64) for v in (47.3, 71.9, 5.3, 0.043, 3.3, 3.7, 1.2))
        check_grads(energy, point, order=1, modes=["rev"], atol=1e-6, rtol=1e-6, eps=1e-6)


@pytest.mark.slow
def test_relaxed_and_exact_models_agree_at_a_legal_point() -> None:
    t = trained()
    soft, hard = (mean_evaluation(t, t.design, t.test, exact=exact) for exact in (False, True))
    assert abs(float(soft.accuracy - hard.accuracy)) < 0.02
    np.testing.assert_allclose(soft.workload.input_rate, hard.workload.input_rate, rtol=0.08)


@pytest.mark.slow
def test_verification_prices_the_mean_rates() -> None:
    t = trained()
    run = jax.jit(lambda keys: verify(t.graph, t.design, t.test, t.technology, keys))
    evaluation, errors = run(jax.random.split(jax.random.key(5), 4))
    assert errors.shape == (4,)
    assert float(1 - evaluation.accuracy) == pytest.approx(float(errors.mean()), abs=1e-6)
    again = jax.jit(lambda work: t.design.hardware.cost(work, t.technology))(evaluation.workload)
    np.testing.assert_allclose(evaluation.cost.energy_pj, again.energy_pj, rtol=1e-6)


def test_bit_slices_average_their_errors() -> None:
    """One device has the full spread; many binary slices tend to sqrt(1/3) of it."""
    factor = slicing_factor(jnp.asarray([2.0, 12.0]), jnp.float32(1))
    np.testing.assert_allclose(factor, [1, 3**-0.5], rtol=1e-3)
    rng = np.random.default_rng(0)
    slices = rng.normal(size=(200_000, 3)) @ (2.0 ** np.arange(3)) / 7
    assert float(slicing_factor(jnp.asarray([4.0]), jnp.float32(1))[0]) == pytest.approx(slices.std(), rel=0.01)


def test_a_batch_needs_a_label_for_every_sample() -> None:
    t = trained()
    with pytest.raises(AssertionError):
        evaluate(t.graph, t.design, t.test._replace(labels=t.test.labels[:-1]), t.technology, jax.random.key(0), exact=False)


@pytest.mark.slow
def test_labels_per_step_and_steps_without_a_label() -> None:
    """An answer at every step, on a chip; what is labelled -1 counts for nothing."""
    network = recurrent((3,), 2, [4], style=Style(encoding="events", readout="each_step"), rngs=nnx.Rngs(0))
    graph, state = nnx.split(network)
    inputs = jnp.asarray(np.random.default_rng(0).poisson(0.5, (4, 5, 3)), jnp.float32)
    labels = jnp.asarray([[0, 1, -1, 0, 1]] * 4)
    design = Design(state, Operation.of(2, longest=5), Systolic.of())
    prices = catalogue.load("digital_45nm")

    @jax.jit
    def both(inputs, key):
        evaluation = evaluate(graph, design, Batch(inputs, labels), prices, key, exact=True)
        return evaluation, nnx.merge(graph, state)(inputs, design.operation, [DigitalArray()] * 2, jax.random.clone(key)).logits

    evaluation, logits = both(inputs, jax.random.key(1))
    assert logits.shape == (4, 5, 2)
    chosen = np.asarray(jax.nn.log_softmax(logits))[:, [0, 1, 3, 4], [0, 1, 0, 1]]
    assert float(evaluation.loss) == pytest.approx(-chosen.mean(), rel=1e-5)
    right = np.asarray(logits.argmax(-1) == labels)[:, [0, 1, 3, 4]]
    assert float(evaluation.accuracy) == pytest.approx(right.mean())
    with pytest.raises(AssertionError):
        evaluate(graph, design, Batch(inputs, labels[:, 0]), prices, jax.random.key(1), exact=True)


@pytest.mark.slow
def test_a_refresh_interval_trades_programming_against_age() -> None:
    """Programming is shared by more inferences, and the devices that are measured have relaxed for longer."""
    t = trained()

    def loss_and_energy(log_refresh_s: jax.Array) -> tuple[jax.Array, jax.Array]:
        evaluation = mean_evaluation(t, place(t.design, refresh_s=jnp.exp(log_refresh_s)), t.train, exact=False)
        return evaluation.loss, jnp.log(evaluation.cost.energy)

    loss, energy = jax.jit(jax.jacfwd(loss_and_energy))(jnp.log(jnp.float32(10)))
    assert float(loss) > 1e-4
    assert np.isfinite(float(energy))


def test_devices_are_as_old_as_the_chip_leaves_them() -> None:
    rram, digital = catalogue.load("rram_45nm"), catalogue.load("digital_45nm")
    ageing = ageing_of(Crossbar.of(refresh_s=100.0), rram)
    assert ageing is not None
    assert float(ageing.age_s) == 100
    assert ageing_of(Systolic.of(), digital) is None
    operation = Operation.of(2, longest=1)

    def held(refresh_s: jax.Array, exact: bool) -> list[jax.Array]:
        chip = Crossbar.of(refresh_s=refresh_s)
        arrays = arrays_of(chip, rram, operation, exact, 16, ageing_of(chip, rram))
        return [array.program(jnp.zeros((100, 50)), jnp.float32(1), jax.random.key(0)).weights for array in arrays]

    for exact in (False, True):
        spread = [float(w.std()) for w in jax.jit(held, static_argnums=1)(jnp.asarray([1.0, 86400.0]), exact)]
        # an age for each layer; resistive memory relaxes from 1 s on, to 8.4 % of G_max
        assert spread[0] < 0.05
        assert spread[1] > spread[0] + 0.03
