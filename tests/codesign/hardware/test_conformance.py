"""Every registered family and published model runs the shipped conformance checks; the checks notice broken models."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.cost import Cost
from codesign.hardware import REGISTRY, HybridChip
from codesign.hardware.base import AbstractHardware
from codesign.published import REGISTRY as PUBLISHED
from codesign.technology.catalogue import load
from codesign.testing import check_cost, check_gradients, check_hardware
from codesign.workloads.presets import preset
from codesign.workloads.workload import LayerWork, Workload, conv, dense, pool

TECHNOLOGY = {"manycore": "loihi_14nm"}
ALL_KINDS = (
    conv("strided", 3, 24, 16, kernel=5, stride=2),
    conv("depthwise", 24, 24, 8, groups=24),
    conv("grouped", 24, 48, 8, groups=4),
    pool("pool", 48, 8),
    LayerWork("attention", "attention", 48, 48, 16, 1, 16, 1),
    conv("larger than an array", 48, 300, 4),
    LayerWork("recurrent", "recurrent", 300 + 64, 64),
    dense("fc", 64, 10),
)


def chip(name: str, work: Workload) -> AbstractHardware:
    if name == "hybrid":
        engines = {"crossbar": REGISTRY["crossbar"].of(), "systolic": REGISTRY["systolic"].of()}
        return HybridChip.of(engines, np.linspace([0.9, 0.1], [0.15, 0.85], len(work)))
    chosen = {**PUBLISHED, **REGISTRY}[name]
    return getattr(chosen, "of", chosen)()


def runnable(name: str, layers: tuple[LayerWork, ...]) -> Workload:
    able = chip(name, Workload.of([dense("fc", 1, 1)])) if name != "hybrid" else REGISTRY["systolic"].of()
    kept = [layer for layer in layers if able.supports(layer)]
    bits = [8] + [1] * (len(kept) - 1)
    return Workload.of(kept, activation_bits=bits, spiking=np.linspace(1, 0, len(kept)), timesteps=3)


SLOW = ("hybrid", *PUBLISHED)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in (*REGISTRY, *PUBLISHED)])
def test_every_model_on_every_kind_of_layer_it_runs(name):
    work = runnable(name, ALL_KINDS)
    prices = load(TECHNOLOGY.get(name, "rram_45nm"))
    built = chip(name, work)
    check_hardware(built, work, prices)
    if name in REGISTRY:
        cost = jax.jit(lambda: built.cost(work, prices))()
        assert cost.latency > 0
        assert cost.area > 0


FAMILIES_ON_NETWORKS = [(name, network) for name in REGISTRY for network in ("vgg9", "resnet18", "transformer", "shd")]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "network"), [*FAMILIES_ON_NETWORKS, *((name, "vgg9") for name in PUBLISHED)])
def test_every_model_on_networks(name, network):
    work = preset(network)
    if not all(chip(name, work).supports(layer) for layer in work):
        pytest.skip(f"{name} cannot run {network}")
    check_hardware(chip(name, work), work, load(TECHNOLOGY.get(name, "rram_45nm")))


class Toy(AbstractHardware):
    """A model with one thing wrong, chosen by `fault`."""

    rows: jnp.ndarray
    fault: str = eqx.field(static=True)

    def unsupported(self, layer):
        return None

    def cost(self, workload, technology, hardness=1.0):
        activity = jnp.sum(workload.input_rate)
        energy = jnp.ones((len(workload), 2)) * self.rows
        if self.fault == "negative":
            energy = energy.at[0, 0].set(-1)
        if self.fault == "root":
            energy = energy + jnp.sqrt(activity)
        if self.fault == "jump":
            energy = energy * jnp.where(hardness < 1, 2.0, 1.0)
        if self.fault == "python":
            energy = energy * float(workload.input_rate[0])
        used = jnp.full(len(workload), 2.0 if self.fault == "used" else 0.5)
        return Cost(workload.names, ("a", "b"), energy, jnp.ones(len(workload)), jnp.ones(2), used)


@pytest.mark.parametrize(
    ("fault", "message"),
    [("negative", "energy_pj is negative"), ("root", "gradient of .*rate"), ("jump", "does not tend"), ("used", "utilisation above 1")],
)
def test_the_checks_notice_a_fault(fault, message):
    with pytest.raises(AssertionError, match=message):
        check_hardware(Toy(jnp.float32(3), fault), preset("digits"), load("rram_45nm"))


def test_a_number_taken_out_of_jax_cannot_be_compiled():
    with pytest.raises(Exception, match=r"Concretization|concrete"):
        check_hardware(Toy(jnp.float32(3), "python"), preset("digits"), load("rram_45nm"))


def test_a_sound_toy_passes():
    check_hardware(Toy(jnp.float32(3), "none"), preset("digits"), load("rram_45nm"))
    check_gradients(Toy(jnp.float32(3), "none"), preset("digits"), load("rram_45nm"))
    check_cost(Toy(jnp.float32(3), "none").cost(preset("digits"), load("rram_45nm")))
