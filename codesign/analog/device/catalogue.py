"""Published devices. Each says where its numbers come from; a field that a source does not give is the generic device's.

`DEVICES` maps names to functions, so that every call is a fresh device whose leaves may be replaced (`equinox.tree_at`).
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from codesign.analog.device.device import Device
from codesign.analog.device.noise import MICRO, AbstractProgrammingNoise, NoNoise, NormalNoise, PolynomialNoise, ProportionalNoise, leaf
from codesign.analog.device.time import AbstractDrift, AbstractReadNoise, FlickerReadNoise, NoDrift, NoReadNoise, PowerLawDrift

# inf and not None: levels stay an array leaf
_ANALOG: Final = math.inf


def _pcm_drift(start_s: float) -> PowerLawDrift:
    """Exponents of the phase-change memory model in aihwkit (`PCMLikeNoiseModel`)."""
    return PowerLawDrift(leaf(start_s), leaf((-0.0155, 0.0244, 0.049, 0.1)), leaf((-0.0125, -0.0059, 0.008, 0.045)))


def _pcm_flicker(read_s: float) -> FlickerReadNoise:
    """Read noise of the phase-change memory model in aihwkit (`PCMLikeNoiseModel`)."""
    return FlickerReadNoise(leaf(0.0088), leaf(0.65), leaf(0.2), leaf(read_s))


def _polynomial(coefficients: tuple[float, ...], unit: float) -> PolynomialNoise:
    return PolynomialNoise(leaf(coefficients), leaf(unit))


def _device(
    name: str,
    source: str,
    ohm: tuple[float, float],
    levels: float,
    read: tuple[float, float],
    programming: AbstractProgrammingNoise,
    ageing: tuple[AbstractDrift, AbstractReadNoise] | None = None,
    stuck: tuple[float, float] = (0.0, 0.0),
) -> Device:
    drift, reading = ageing or (NoDrift(), NoReadNoise())
    return Device(
        r_on_ohm=leaf(ohm[0]),
        r_off_ohm=leaf(ohm[1]),
        levels=leaf(levels),
        read_voltage_v=leaf(read[0]),
        read_time_s=leaf(read[1]),
        programming=programming,
        drift=drift,
        reading=reading,
        stuck_on=leaf(stuck[0]),
        stuck_off=leaf(stuck[1]),
        name=name,
        source=source,
    )


def generic(sigma: float = 0.0, r_on_ohm: float = 20e3, r_off_ohm: float = 200e3, levels: float = _ANALOG) -> Device:
    """A device with a spread of `sigma` times G_max, and nothing else.

    Args:
        sigma: programming noise as a share of G_max.
        r_on_ohm: lowest resistance [ohm].
        r_off_ohm: highest resistance [ohm].
        levels: programmable conductances.
    """
    return _device("generic", "chosen by the user", (r_on_ohm, r_off_ohm), levels, (0.2, 10e-9), NormalNoise(leaf(sigma)))


def neurosim_rram(sigma: float = 0.0) -> Device:
    """RRAM of NeuroSim's defaults: 100k / 1.7M ohm, 0.55 V (22 and 65 nm), 10 ns, 4 bit; the spread is the user's."""
    return _device("NeuroSim RRAM", "DNN+NeuroSim V1.x", (100e3, 1.7e6), 16, (0.55, 10e-9), NormalNoise(leaf(sigma)))


def isaac() -> Device:
    """The cell of ISAAC as CiMLoop models it: 1333 / 20k ohm, 0.2 V, 1 ns, 2 bit; no spread given."""
    return _device("ISAAC", "Shafiee et al. 2016; CiMLoop's cell", (1333, 20e3), 4, (0.2, 1e-9), NoNoise())


def neurram() -> Device:
    """NeuRRAM as CiMLoop models it, 250k / 1M ohm, 0.5 V; its spread is a cubic in microsiemens, fitted up to 39.26 uS."""
    # G_max is 4 uS here, so that only the beginning of the fit is used
    noise = _polynomial((1.053, 0.2374, -0.01167, 1.536e-4), MICRO)
    return _device("NeuRRAM", "Wan et al. 2022; CiMLoop's cell", (250e3, 1e6), _ANALOG, (0.5, 10e-9), noise)


def pcm() -> Device:
    """Phase-change memory of aihwkit: G_max 25 uS, 250 ns, drift from 20 s on, 1/f read noise."""
    noise = _polynomial((0.26348, 1.9650, -1.1731), 0.0)
    return _device("PCM", "aihwkit", (40e3, 10e6), _ANALOG, (0.2, 250e-9), noise, (_pcm_drift(20), _pcm_flicker(250e-9)))


def pcm_joshi() -> Device:
    """Phase-change memory of Joshi et al. 2020 as CrossSim carries it: 0.25 to 25 uS, spread in microsiemens; ages as `pcm`."""
    noise = _polynomial((0.28638599, 0.07585724, -0.00178767), MICRO)
    ageing = (_pcm_drift(20), _pcm_flicker(250e-9))
    return _device("PCM Joshi", "Joshi et al. 2020; CrossSim", (40e3, 4e6), _ANALOG, (0.2, 250e-9), noise, ageing)


def hermes() -> Device:
    """The HERMES chip, two devices a weight: G_max 20.7 uS, 512 ns, verified after 300 s; ages as `pcm` otherwise."""
    noise = _polynomial((0.16603, 4.71806, -8.48101, 4.68961), 0.0)
    # drift counts from the verification, 300 s after programming here
    ageing = (_pcm_drift(300), _pcm_flicker(512e-9))
    return _device("HERMES", "aihwkit", (1 / 20.7e-6, 10e6), _ANALOG, (0.2, 512e-9), noise, ageing)


def reram() -> Device:
    """ReRAM of aihwkit one second after programming: G_max 40 uS, a quartic spread."""
    noise = _polynomial((0.348, 16.030, -43.853, 45.393, -16.815), 0.0)
    return _device("ReRAM", "aihwkit", (25e3, 2.5e6), _ANALOG, (0.2, 10e-9), noise)


def mnsim() -> Device:
    """The default cell of MNSIM: 10k / 1M ohm, 0.15 V, 3.16 ns, 1 % variation, 0.1 % of the cells stuck each way."""
    noise = ProportionalNoise(leaf(0.01))
    return _device("MNSIM", "MNSIM 2.0 defaults", (10e3, 1e6), 2, (0.15, 3.16e-9), noise, stuck=(0.001, 0.001))


def spikesim() -> Device:
    """SpikeSim's non-ideality engine: one LSB 19.139k ohm, 100M ohm off, 0.1 V; no spread as released."""
    return _device("SpikeSim", "SpikeSim NICE, released code", (19139, 1e8), 2, (0.1, 10e-9), NoNoise())


def sram() -> Device:
    """SRAM read as a current: digital, so exact; 10k ohm on, and a transistor's leakage off."""
    return _device("SRAM", "nominal; noise free", (10e3, 1e9), 2, (0.1, 1e-9), NoNoise())


DEVICES: Final[Mapping[str, Callable[[], Device]]] = MappingProxyType(
    {
        "generic": generic,
        "rram-neurosim": neurosim_rram,
        "rram-isaac": isaac,
        "rram-neurram": neurram,
        "rram-mnsim": mnsim,
        "rram-spikesim": spikesim,
        "reram": reram,
        "pcm": pcm,
        "pcm-joshi": pcm_joshi,
        "pcm-hermes": hermes,
        "sram": sram,
    }
)
"""Devices by name, each made when it is asked for; their sources are in the functions."""
