"""SATA training against the public tool's own numbers."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from codesign.published.sata import training as sata
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload, conv, dense, pool
from tests.golden_files import tables

NONE = Technology.of("unused", 28, 1, ())


def parse(layers: str) -> sata.Shapes:
    """The table's layer syntax; an output layer counts nothing."""
    rows, linear = [], []
    for entry in layers.split(";"):
        kind, *sizes = entry.split(":")
        v = [float(size) for size in sizes]
        if kind == "conv":
            height, width, channels, kh, kw, filters, eh, ew = v
            rows.append([filters * channels * kh * kw, filters * eh * ew, channels * height * width, eh * ew, height * width])
        else:
            rows.append([v[0] * v[1], v[1], v[0], 1.0, 1.0] if kind == "linear" else [0.0] * 5)
        linear.append(kind == "linear")
    return sata.Shapes(*np.asarray(rows).T, linear)


@partial(jax.jit, static_argnames="linear")
def laws(sizes, linear, steps, bits, spike_sparsity, gradient_sparsity):
    counts = sata.operation_counts(sata.Shapes(*sizes, linear), steps, bits, spike_sparsity, gradient_sparsity)
    return counts.sum(0), sata.unit_energies(bits)


def evaluate(row) -> dict[str, float]:
    shapes = parse(row.layers)
    given = [float(row[name]) for name in ("timesteps", "fwd_bits", "spike_sparsity", "du_sparsity")]
    counts, unit = (np.asarray(part) for part in laws(shapes[:5], tuple(shapes.linear), *given))
    ours = {}
    for i, name in enumerate(sata.COMPONENTS):
        ours[f"n_{name}_ops"], ours[f"e1_{name}_pJassumed"] = float(counts[i]), float(unit[i])
        ours[f"e_{name}_pJassumed"] = float(counts[i] * unit[i])
    part = {name: ours[f"e_{name}_pJassumed"] for name in sata.COMPONENTS}
    total = sum(part.values())
    return ours | {
        "e_fwd_compute_pJassumed": part["lif"] + part["mac_fwd"],
        "e_fwd_memory_pJassumed": part["dram_fwd"] + part["glb_fwd"] + part["spad_fwd"],
        "e_total_pJassumed": total,
        "e_total_per_mac": total / sata.MAC,
    }


@pytest.mark.golden
def test_every_output_column_of_every_row():
    table = tables("sata", ["layers", "fwd_bits", "du_sparsity", "e_total_pJassumed"])
    outputs = [name for name in table if name.startswith(("n_", "e1_", "e_"))]
    with jax.enable_x64():
        for _, row in table.iterrows():
            ours = evaluate(row)
            for name in outputs:
                assert ours[name] == pytest.approx(row[name], rel=1e-6, abs=1e-12), (row.network, name)


@jax.jit
def price(chip, workload):
    return chip.cost(workload, NONE)


def network(**properties) -> Workload:
    layers = [conv("c1", 3, 64, 32), pool("p1", 64, 32), conv("c2", 64, 128, 16), pool("p2", 128, 16), dense("fc", 8192, 1024)]
    return Workload.of([*layers, dense("out", 1024, 10)], weight_bits=8, **properties)


@pytest.mark.golden
def test_chip_agrees_with_the_equations_on_a_network_with_pooling_and_an_output_layer():
    row = "conv:32:32:3:3:3:64:32:32;conv:16:16:64:3:3:128:16:16;linear:8192:1024;out_linear:1024:10"
    shapes = parse(row)
    counts, unit = (np.asarray(part) for part in laws(shapes[:5], tuple(shapes.linear), 4.0, 8.0, 0.9, 0.7))
    energy = np.asarray(price(sata.SataTraining(gradient_rate=0.3), network(timesteps=4, input_rate=0.1)).energy_pj)
    np.testing.assert_allclose(energy.sum(0), counts * unit, rtol=1e-5)
    assert not np.any(energy[[1, 3, 5]])


def test_a_linear_layer_wipes_out_the_forward_macs_before_it():
    energy = np.asarray(price(sata.SataTraining(), network()).energy_pj)[:, sata.COMPONENTS.index("mac_fwd")]
    assert energy[0] == energy[2] == 0
    assert energy[4] > 0


def test_gradients_with_respect_to_rates_are_finite_and_positive():
    def total(rate, gradient_rate):
        return sata.SataTraining(gradient_rate=gradient_rate).cost(network(input_rate=rate), NONE).energy

    slopes = jax.jit(jax.vmap(jax.grad(total, (0, 1))))(jnp.asarray([0.0, 0.5]), jnp.asarray([0.0, 1.0]))
    assert np.all(np.asarray(slopes) > 0)
