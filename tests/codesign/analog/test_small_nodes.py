"""Wires at nodes beyond NeuroSim's table."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.analog.wires.resistance import wire_resistance
from codesign.evaluation.arithmetic import arrays_of
from codesign.hardware.crossbar.crossbar import Crossbar
from codesign.network.operation import Operation
from codesign.technology.catalogue import load
from codesign.technology.scaling import wire_factor

WIDTH_UM = {14.0: 0.032, 22.0: 0.040, 32.0: 0.056, 65.0: 0.105, 45.0: 0.080}  # NeuroSim's metal wires


@pytest.mark.parametrize(("node", "outermost", "next_node"), [(7.0, 14.0, 22.0), (10.0, 14.0, 22.0), (130.0, 65.0, 45.0)])
def test_wires_go_on_by_the_law_that_scales_technologies(node: float, outermost: float, next_node: float) -> None:
    """Resistance per length by `wire_factor`, times the length of a cell, which is a number of wire widths."""
    exponent = np.log(WIDTH_UM[next_node] / WIDTH_UM[outermost]) / np.log(next_node / outermost)
    wider = (node / outermost) ** exponent
    ratio = wire_resistance(node, "1T1R")[0] / wire_resistance(outermost, "1T1R")[0]
    np.testing.assert_allclose(ratio, wire_factor(outermost, node) * wider, rtol=1e-5)


def test_wires_have_a_slope_everywhere() -> None:
    nodes = jnp.asarray([7.0, 10, 14, 22, 28, 45, 65, 130])
    slope = jax.jit(jax.vmap(jax.grad(lambda node: wire_resistance(node, "1T1R")[1])))(nodes)
    assert np.all(np.asarray(slope) < 0)


def test_crossbars_of_every_node_have_an_arithmetic() -> None:
    chip = Crossbar.of(rows=64, columns=64, adc_bits=6, cell_bits=1, programming_sigma=[0.05])
    (array,) = arrays_of(chip, load("pcm_14nm"), Operation.of(1, longest=2), exact=False, granularity=16)
    delivered = np.asarray(array.delivered((64, 4)))
    assert np.all((delivered > 0) & (delivered < 1))
