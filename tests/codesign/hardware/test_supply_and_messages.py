"""What supply and payload change: less supply never costs more energy, longer messages take longer, a barrier slows with its chip."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from codesign.hardware.manycore.core import EventPrices
from codesign.hardware.manycore.manycore import ManyCore, _core_times
from codesign.hardware.manycore.prices import event_prices
from codesign.hardware.parts.supply import delay_factor, energy_factor
from codesign.technology.catalogue import load
from codesign.technology.technology import Technology
from codesign.workloads.workload import Workload, dense

CHIPS = ("loihi_14nm", "digital_45nm")


def prices(technology: Technology, supply_v: float, payload_bits: float) -> EventPrices:
    workload = Workload.of([dense("a", 4, 4)], activation_bits=payload_bits)
    core = ManyCore.of(supply_v=supply_v)._core()
    return event_prices(core, workload, "dense", workload.weight_bits, technology, 1.0)


@pytest.mark.parametrize("node", [32, 65])
def test_energy_falls_with_the_supply_to_its_minimum_and_stays_there(node: int) -> None:
    technology = load(f"digital_{node}nm")
    supply = jnp.linspace(0.2, 1.2, 101)
    energy, slope = jax.vmap(jax.value_and_grad(lambda v: energy_factor(v, technology)))(supply)
    assert np.all(np.diff(energy) >= 0)
    assert np.all(np.isfinite(slope))
    assert slope[0] == 0
    assert slope[-1] > 0
    # the published minimum
    assert float(supply[np.argmax(np.asarray(slope) > 0)]) == pytest.approx({32: 0.41, 65: 0.59}[node], abs=0.011)


@pytest.mark.parametrize("name", CHIPS)
def test_a_payload_lengthens_a_message_in_energy_and_in_time(name: str) -> None:
    technology = load(name)
    plain, graded = (prices(technology, technology.supply_v, bits) for bits in (1, 9))
    for way in ("east_west", "north_south"):
        for each in ("pj", "ns"):
            ratio = getattr(getattr(graded, way), each) / getattr(getattr(plain, way), each)
            np.testing.assert_allclose(ratio, 1 + 8 / 32, rtol=1e-6, err_msg=f"{way} {each}")
    for side in ("message", "receive"):
        np.testing.assert_allclose(getattr(graded, side).ns / getattr(plain, side).ns, 1 + 8 / 32, rtol=1e-6)


@pytest.mark.parametrize("name", CHIPS)
def test_what_is_sent_is_as_long_as_what_is_received(name: str) -> None:
    """A layer's spikes travel with the payload that the next one receives, not with that of its own input."""
    technology, chip = load(name), ManyCore.of()

    def busy(received: list[float]) -> tuple[Array, Array, EventPrices]:
        workload = Workload.of([dense("a", 64, 64), dense("b", 64, 64)], activation_bits=received, input_rate=0.5, output_rate=0.5)
        events = chip.events(workload, 1.0)
        found = event_prices(chip._core(), workload, "dense", workload.weight_bits, technology, 1.0)
        return _core_times(events, found), events.messages / events.cores, found

    (plain, messages, before), (graded, _, after) = busy([1.0, 1.0]), busy([1.0, 9.0])
    sent = messages[1] * (after.message.ns - before.message.ns)[1]
    assert sent > 0
    np.testing.assert_allclose((graded - plain)[:, 0], [sent, 0], rtol=1e-4)  # neurons and their spikes, then synapses
    (numbers, _, after) = busy([9.0, 1.0])
    received = messages[0] * (after.receive.ns - before.receive.ns)[0]
    np.testing.assert_allclose((numbers - plain)[:, 0], [0, received], rtol=1e-4)


@pytest.mark.parametrize("name", CHIPS)
def test_a_barrier_slows_with_the_supply(name: str) -> None:
    technology = load(name)
    supply = 0.8 * technology.supply_v
    slower = prices(technology, supply, 1).barrier_ns / prices(technology, technology.supply_v, 1).barrier_ns
    np.testing.assert_allclose(slower, delay_factor(supply, technology), rtol=1e-6)
