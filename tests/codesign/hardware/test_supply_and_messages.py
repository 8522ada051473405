"""What supply, payload, clock and memory change: less supply never costs more energy, longer messages take longer, nothing is free."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from codesign.cost import Cost
from codesign.hardware.hybrid import HybridChip
from codesign.hardware.manycore.core import EventPrices
from codesign.hardware.manycore.manycore import ManyCore, _core_times
from codesign.hardware.manycore.prices import event_prices
from codesign.hardware.parts.memory import sram_maximum_mhz
from codesign.hardware.parts.supply import delay_factor, energy_factor
from codesign.technology.catalogue import compose, load
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


LSTP = compose(process="cmos_28nm", memory="lstp")
PAIR = (dense("a", 256, 256), dense("b", 256, 10))


def cost(workload: Workload, technology: Technology = LSTP, chip: ManyCore | None = None) -> Cost:
    return jax.jit(lambda w: (ManyCore.of() if chip is None else chip).cost(w, technology))(workload)


def test_answers_leave_the_chip_as_messages() -> None:
    """A layer's spikes are charged where they arrive, those of the last at the edge; three more pass no core."""
    silent, answering = (cost(Workload.of(PAIR, output_rate=[0.1, rate], timesteps=1)).by_component() for rate in (0, 0.3))
    found = prices(LSTP, 0.75, 1)
    for name, expected in (("message", 3 * found.message.pj[0]), ("hop", 0.0)):
        np.testing.assert_allclose(answering[name] - silent[name], expected, rtol=2e-2, atol=0.3, err_msg=name)


@pytest.mark.parametrize("technology", [LSTP, load("loihi_14nm")])
def test_shortcuts_encoders_and_exits_are_paid(technology: Technology) -> None:
    plain = Workload.of(PAIR, output_rate=0.2, timesteps=4)
    before = cost(plain, technology).by_component()
    extras = {
        "residual_inputs": Workload.of((dataclasses.replace(PAIR[0], residual_inputs=256), PAIR[1]), output_rate=0.2, timesteps=4),
        "encoded_inputs": Workload.of((dataclasses.replace(PAIR[0], encoded_inputs=256), PAIR[1]), output_rate=0.2, timesteps=4),
        "exit_checks": Workload.of(PAIR, output_rate=0.2, timesteps=4, exit_checks=[0, 4]),
    }
    pays = {"residual_inputs": ("synapse", "message"), "encoded_inputs": ("neuron",), "exit_checks": ("neuron",)}
    for name, workload in extras.items():
        after = cost(workload, technology).by_component()
        for component in pays[name]:
            assert float(after[component]) > float(before[component]), name


def test_a_clock_above_the_slowest_memory_is_illegal_and_waiting_costs_with_the_clock() -> None:
    chips = [ManyCore.of(synapse_memory_kb=512, clock_mhz=clock, supply_v=0.9) for clock in (100, 200, 4000)]
    slow, fast, asked = (cost(Workload.of(PAIR), chip=chip) for chip in chips)
    assert float(slow.excess) == float(fast.excess) == 0
    fastest = float(sram_maximum_mhz(512.0, LSTP))
    assert float(asked.excess) == pytest.approx(np.log(4000 / fastest), rel=1e-4)
    control = [float(one.by_component()["control"]) for one in (slow, fast)]
    # the barrier does not shorten with the clock
    assert control[1] > control[0]
    assert float(fast.latency) < float(slow.latency)


@pytest.mark.parametrize("technology", [LSTP, load("loihi_14nm")])
def test_long_messages_take_energy_and_routers_and_short_ones_name_no_neuron(technology: Technology) -> None:
    found = {bits: cost(Workload.of(PAIR), technology, ManyCore.of(message_bits=bits)) for bits in (4, 32, 64)}
    assert float(found[64].by_component()["hop"]) == pytest.approx(2 * float(found[32].by_component()["hop"]), rel=1e-4)
    router = float(technology["router_area_um2"])
    assert float(found[64].area - found[32].area) / 2 >= router * 0.99
    # two cores of 1024 neurons
    assert float(found[4].excess) == pytest.approx(np.log(11 / 4), rel=1e-4)
    assert float(found[32].excess) == 0


def test_the_memory_cell_may_be_chosen() -> None:
    open_to_all = ManyCore.of(memory=("hp", "lop", "lstp"))
    assert open_to_all.choices["memory"] == ("hp", "lop", "lstp")
    chosen = dataclasses.replace(open_to_all, memory=jnp.asarray([0.0, 0, 1]))
    leaky = load("digital_28nm")
    expected = cost(Workload.of(PAIR), LSTP)
    np.testing.assert_allclose(cost(Workload.of(PAIR), leaky, chosen).energy_pj, expected.energy_pj, rtol=1e-4)
    assert float(cost(Workload.of(PAIR), leaky).energy) > 2 * float(expected.energy)
    with pytest.raises(ValueError, match="did you mean 'lstp'"):
        ManyCore.of(memory="lstpp")


def test_loihi_s_core_is_its_share_of_the_die_and_its_clock_means_nothing() -> None:
    loihi = load("loihi_14nm")
    workload = Workload.of([dense("a", 4, 4)], state_bits=24)
    assert float(cost(workload, loihi).area) == pytest.approx(60e6 / 128, rel=1e-3)
    assert ManyCore.of().inert_parameters(loihi).keys() == {"clock_mhz", "memory"}
    assert not ManyCore.of().inert_parameters(LSTP)
    assert HybridChip.of({"cores": ManyCore.of()}, np.ones((1, 1))).inert_parameters(loihi).keys() == {"cores.clock_mhz", "cores.memory"}
