"""Things show values with their units, in few lines, and never fail to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from codesign.analog.device.catalogue import pcm
from codesign.cost import Cost
from codesign.data.dataset import Dataset, Split
from codesign.evaluation.evaluate import Design, Evaluation
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.hardware.hybrid.chip import HybridChip
from codesign.hardware.registry import REGISTRY
from codesign.hardware.systolic.array import Systolic
from codesign.network.builders.models import lenet
from codesign.network.operation import Operation
from codesign.parameters.categorical import Categorical
from codesign.parameters.gate import Gate
from codesign.parameters.power_of_two import PowerOfTwo
from codesign.parameters.space import Space
from codesign.published.registry import REGISTRY as PUBLISHED
from codesign.shown.shown import Shown
from codesign.technology.catalogue import load
from codesign.workloads.presets import preset
from codesign.workloads.workload import Workload, dense

SPACE = Space(
    {"rows": PowerOfTwo(16, 512), "gate": Gate(), "engine": Categorical(("crossbar", "systolic"), per_layer=True)},
    9,
    frozenset({("gate", 3)}),
)


def made_cost(energy: float = 2e6, excess: float = 0.0) -> Cost:
    names = ("conv1", "<script>")
    energies = jnp.full((2, 2), energy / 4)
    return Cost(names, ("adc", "leakage"), energies, jnp.full(2, 1e3), jnp.full(2, 1e6), jnp.full(2, 0.5), jnp.asarray(excess))


def digits(labels: np.ndarray) -> Dataset:
    split = Split(np.zeros((len(labels), 8, 8, 1), np.float32), labels)
    return Dataset("own <b>", split, split, split, 3, (8, 8, 1), "frames", (("own.npz", "ab" * 32),))


def chip(name: str) -> Shown:
    return HybridChip.of({"crossbar": Crossbar.of(), "systolic": Systolic.of()}, [0, 1, 1]) if name == "hybrid" else REGISTRY[name].of()


NETWORK = lenet((28, 28, 1), 10, rngs=nnx.Rngs(0))
DESIGN = Design(nnx.state(NETWORK), Operation.of(7, longest=8), Crossbar.of())
EVALUATION = Evaluation(*map(jnp.float32, (0.3, 0.4, 0.9)), made_cost(), preset("vgg9"), DESIGN.operation, DESIGN.hardware)
THINGS = {
    "cost": (made_cost(), ("energy 2 µJ", "latency 2 µs", "area 2 mm²", "adc 50 %")),
    "workload": (preset("vgg9"), ("timesteps 5", "weight_bits 4 bit", "64 x 32 x 32", "1.77 M")),
    "crossbar": (chip("crossbar"), ("rows = 128  (1 to 4096)", "adc_bits = 6 bit  (1 to 14 bit)", "clock_mhz = 200 MHz")),
    "systolic": (chip("systolic"), ("supply_v = 900 mV", "dataflow = weight_stationary", "zeros = gating")),
    "manycore": (chip("manycore"), ("synapse_memory_kb = 128 KB", "neurons_per_core = 1024")),
    "hybrid": (chip("hybrid"), ("crossbar 1, systolic 2 (of 3)", "adc_bits 6 bit", "weight_buffer_kb 144 KB")),
    "space": (SPACE, ("19 values over 9 layers, 18 of them", "16 to 512", "crossbar, systolic", "8 of 9")),
    "dataset": (digits(np.arange(30, dtype=np.int32) % 3), ("8 x 8 x 1, 3 classes", "30", "own.npz (sha256 abababababab)")),
    "technology": (load("rram_28nm"), ("28 nm, 0.9 V", "device rram", "assumed", "NeuroSim")),
    "operation": (Operation.of(9, longest=8), ("timesteps = 8  (1 to 1024)", "weight_bits = 4 bit (all 9)")),
    "device": (pcm(), ("r_on_ohm = 40 kohm", "read_time_s = 250 ns", "FlickerReadNoise(strength 0.0088")),
    "design": (DESIGN, ("61725 learned numbers", "timesteps = 8", "rows = 128")),
    "evaluation": (EVALUATION, ("accuracy 0.9", "loss 0.3 nat", "energy 2 µJ", "12 layers", "on Crossbar")),
    "network": (NETWORK, ("61470 weights", "16 x 10 x 10", "MeanReadout")),
}


def is_short(text: str) -> bool:
    lines = text.splitlines()
    return len(lines) <= 12 and max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", THINGS)
def test_values_and_units_are_told_in_few_lines(name: str) -> None:
    thing, wanted = THINGS[name]
    shown = repr(thing)
    assert not [part for part in wanted if part not in shown], shown
    assert "float32[" not in shown
    assert is_short(shown), shown
    assert str(thing) == shown


@pytest.mark.parametrize("name", THINGS)
def test_notebooks_get_an_escaped_table_without_colours(name: str) -> None:
    markup = THINGS[name][0]._repr_html_()
    assert markup is not None
    assert "<table" in markup
    # a notebook may be dark
    assert not [word for word in ("color:#", "rgb", "background:", "<script>", "<b>own") if word in markup]


def test_names_from_outside_are_escaped() -> None:
    assert "&lt;script&gt;" in str(made_cost()._repr_html_())
    assert "own &lt;b&gt;" in str(digits(np.zeros(3, np.int32))._repr_html_())


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models_show_what_they_have(name: str) -> None:
    shown = repr(PUBLISHED[name]())
    assert "f32[" not in shown
    assert is_short(shown), shown


@pytest.mark.parametrize("name", ["cost", "workload", "crossbar", "systolic", "hybrid", "technology", "operation", "device", "evaluation"])
def test_tracers_and_placeholders_show_shapes(name: str) -> None:
    thing = THINGS[name][0]
    seen = []

    @jax.jit
    def traced(thing: Shown) -> jax.Array:
        seen.extend([repr(thing), thing._repr_html_()])
        return jnp.zeros(())

    traced(thing)
    nothing = jax.tree.map(lambda leaf: None, thing)
    for other in (nothing, jax.tree.map(lambda leaf: object(), thing), jax.eval_shape(lambda: thing)):
        seen.extend([repr(other), other._repr_html_()])
    assert all(seen), seen
    assert all(is_short(text) for text in seen[::2])
    # prices are told by where they come from, whatever stands for them
    assert "float32[" in seen[0] or name == "technology"


def test_many_designs_show_their_range_and_number() -> None:
    chips = jax.vmap(lambda bits: Crossbar.of(adc_bits=bits))(jnp.arange(3.0, 12.0))
    assert "adc_bits = 3 to 11 bit [9]" in repr(chips)
    costs = jax.vmap(made_cost)(jnp.asarray([1e6, 4e6]))
    assert "2 designs" in repr(costs)
    assert "energy 1 to 4 µJ [2]" in repr(costs)
    assert jax.grad(lambda bits: (repr(Crossbar.of(adc_bits=bits)), bits**2)[1])(3.0) == 6


def test_a_cost_of_nothing_and_an_illegal_one_say_so() -> None:
    assert "energy 0 pJ" in repr(made_cost(0.0))
    assert "illegal: asks for 2 times" in repr(made_cost(excess=float(np.log(2))))


def test_long_names_and_many_layers_are_cut() -> None:
    work = Workload.of([dense(f"{'long' * 40}\n{i}", 10, 10) for i in range(100)])
    assert is_short(repr(work)), repr(work)
    assert "… 96 more" in repr(work)


def test_labels_of_steps_that_count_for_nothing_are_no_class() -> None:
    assert "1 to 2" in repr(digits(np.asarray([[0, -1], [1, 2], [2, -1]], np.int32)))


def test_what_is_half_built_is_still_printed() -> None:
    class Broken(Shown):
        def sheet(self):  # type: ignore[no-untyped-def]
            raise RuntimeError

    assert "Broken" in repr(Broken())
    assert Broken()._repr_html_() is None
    assert "Crossbar" in repr(object.__new__(Crossbar))
