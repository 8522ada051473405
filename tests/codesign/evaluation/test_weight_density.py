"""Zeros among quantised weights reach the chips that profit from them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.test_util import check_grads

from codesign.evaluation.evaluate import Batch, Design, Evaluation, evaluate
from codesign.hardware import Crossbar, ManyCore, Systolic
from codesign.hardware.base import AbstractHardware
from codesign.network.builders.models import vgg
from codesign.network.operation import Operation
from codesign.network.quantise import COUNTING_WIDTH, non_zero_share, quantise_signed
from codesign.technology.catalogue import load

PRICES = load("rram_28nm")
BATCH = Batch(jax.random.uniform(jax.random.key(0), (4, 8, 8, 1)), jnp.arange(4) % 3)
NETWORK = vgg((8, 8, 1), 3, [6, 0], [16], rngs=nnx.Rngs(0))
LAYERS = len(NETWORK.geometries)
BITS = [2.0, 4.0, 3.0, 6.0]


def evaluated(chip: AbstractHardware, kept: float = 1.0, bits: list[float] | float = 4) -> Evaluation:
    """The network with only the largest weights of each layer kept."""

    def pruned(path, leaf):
        if "kernel" not in jax.tree_util.keystr(path):
            return leaf
        return jnp.where(jnp.abs(leaf) >= jnp.quantile(jnp.abs(leaf), 1 - kept), leaf, 0)

    graph, state = nnx.split(NETWORK)
    design = Design(jax.tree_util.tree_map_with_path(pruned, state), Operation.of(LAYERS, longest=2, weight_bits=bits), chip)
    return jax.jit(lambda: evaluate(graph, design, BATCH, PRICES, jax.random.key(1), exact=False, hardness=0.5))()


def test_density_and_size_are_those_of_the_quantised_weights():
    work = evaluated(Systolic.of(), bits=BITS).workload
    for index, block in ((0, NETWORK.body.blocks[0]), (2, NETWORK.body.blocks[2]), (3, NETWORK.scores)):
        held = np.abs(np.asarray(block.synapses.quantised(jnp.float32(BITS[index]))))
        assert float(work.weight_density[index]) == pytest.approx(np.mean(held > 0), rel=1e-6)
        share = held[held > 0] / np.exp(float(block.synapses.log_scale[...]))
        assert float(work.weight_magnitude[index]) == pytest.approx(np.mean(share), rel=1e-5)
    # 1.25 standard deviations and less are 0 in ternary weights
    assert float(work.weight_density[0]) < 0.4 < float(work.weight_density[3])
    assert float(work.weight_density[1]) == 1


@pytest.mark.parametrize("bits", [4, 6])
def test_cells_draw_as_before(bits):
    """Mean conductances do not change: density times size is the mean over all weights, which was measured before."""
    work = evaluated(Crossbar.of(cell_bits=8, programming_sigma=1e-6), bits=bits).workload
    synapses = NETWORK.scores.synapses
    before = jnp.mean(jnp.clip(jnp.abs(synapses.weights) * jnp.exp(-synapses.log_scale[...]), 0, 1))
    # the wires of this small array take next to nothing
    assert float(work.weight_density[-1] * work.weight_magnitude[-1]) == pytest.approx(float(before), rel=0.03)


def test_only_chips_that_skip_zeros_profit():
    whole, pruned = (evaluated(Systolic.of(), kept).workload for kept in (1.0, 0.2))
    # the same rates: only the weights' zeros are to differ
    sparse = dataclasses.replace(whole, weight_density=pruned.weight_density)

    def saved(chip: AbstractHardware) -> float:
        # leakage and the memory off the chip apart: of chips this small they are nearly all
        spent = [chip.cost(work, PRICES).by_component() for work in (sparse, whole)]
        ours, theirs = (sum(float(pj) for name, pj in parts.items() if name not in ("leakage", "off_chip")) for parts in spent)
        return 1 - ours / theirs

    assert saved(Systolic.of()) > 1e-3
    assert saved(ManyCore.of(synapses="sparse")) > 0.05
    assert saved(Systolic.of(zeros="ungated")) == pytest.approx(0, abs=1e-6)
    assert saved(ManyCore.of()) == pytest.approx(0, abs=1e-6)


def test_the_count_is_hard_and_its_gradient_soft():
    values, scale = jax.random.normal(jax.random.key(2), (200,)), jnp.float32(2.5)
    for bits in (2.0, 4.0, 7.0):
        share = jnp.mean(quantise_signed(values, scale, jnp.float32(bits)) != 0)
        assert float(non_zero_share(values, scale, jnp.float32(bits))) == pytest.approx(float(share), rel=1e-6)
    between = [float(non_zero_share(values, scale, jnp.float32(bits))) for bits in (3.0, 3.5, 4.0)]
    assert between[1] == pytest.approx((between[0] + between[2]) / 2, rel=1e-5)

    def soft(values, scale):
        steps = jnp.clip(jnp.abs(values) / scale, 0, 1) * 7
        return jnp.mean(jax.nn.sigmoid((steps - 0.5) / COUNTING_WIDTH))

    hard_slopes, soft_slopes = (jax.grad(f, (0, 1))(values, scale) for f in (lambda v, s: non_zero_share(v, s, jnp.float32(4)), soft))
    for ours, declared in zip(hard_slopes, soft_slopes, strict=True):
        np.testing.assert_allclose(ours, declared, rtol=1e-5, atol=1e-8)
    # larger weights are rarer zeros, a larger scale makes more of them
    assert float(jnp.sum(hard_slopes[0] * jnp.sign(values))) > 0 > float(hard_slopes[1])
    with jax.enable_x64(True):
        check_grads(soft, (jnp.asarray(np.linspace(0.1, 2, 20)), jnp.asarray(2.5)), order=1, modes=["rev"], rtol=1e-5)
