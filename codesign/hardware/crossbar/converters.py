"""Analog-to-digital converters: energy and area by resolution, rate and node.

Source: the fit of the Accelergy ADC plug-in to published converters (reference/analog.md), whose coefficients are the technology's; the
area with a slope in bits and a scale fitted to four measured converters. The energy's fit holds from 4 bits up and falls by 1.2 % between
4 and 4.4 bits; a converter that gets cheaper with resolution would be exploited, so below 4.5 bits the energy follows `k1 b + k2 2^b`,
joined in value and slope, and 4 bits come out 3 to 4 % below the fit. The fit is of effective bits (signal to noise and distortion): a
noisier converter of as many bits is a cheaper one.
"""

from typing import Final

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.technology.technology import Technology

_JOIN_BITS: Final = 4.5  # just above where the fit stops falling
_SOFT_DB: Final = 0.1  # soft minimum for gradients: at the corner 0.07 dB or 1.6 % dearer than the fit
_DB: Final = np.log(10) / 10  # dB to natural logarithm
# signal to noise of an ideal converter: 6.02 dB a bit and 1.76 dB
_IDEAL_DB: Final = (6.02, 1.76)


def effective_bits(bits: ArrayLike, noise: ArrayLike | None) -> Array:
    """Bits of a converter without noise that errs as much as this one [bit].

    Rounding errs by a variance of 1/12 step**2, to which the noise's adds, so that steps count as `sqrt(1 + 12 noise**2)` each (effective
    number of bits, IEEE 1241); the `2**bits - 1` steps of the range are then so many fewer.

    Args:
        bits: resolution [bit].
        noise: standard deviation of one conversion, in steps; None for none.
    """
    found = jnp.asarray(bits)
    # in levels and not in bits, so that even one noisy bit is no fewer than none
    return found if noise is None else jnp.log2(1 + (2**found - 1) / jnp.sqrt(1 + 12 * jnp.asarray(noise) ** 2))


def adc_energy_pj(bits: ArrayLike, rate_mhz: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Energy of one conversion [pJ].

    Args:
        bits: resolution [bit], at least 1.
        rate_mhz: conversions per microsecond.
        technology: coefficients of the fit, and the node.
    """
    t, b = technology, jnp.asarray(bits)
    # no branch: the forms are multiplied, and each is held beyond the join, where the low one is 1
    high = jnp.maximum(b, _JOIN_BITS)
    # the fit takes Hz
    speed_limited = t["adc_merit_speed_db"] + t["adc_merit_per_log_rate_db"] * _log_hz(rate_mhz)
    resolution_limited = t["adc_merit_resolution_db"] + t["adc_merit_per_bit_db"] * high
    merit_db = -_SOFT_DB * jnp.logaddexp(-speed_limited / _SOFT_DB, -resolution_limited / _SOFT_DB)
    decibels = _IDEAL_DB[0] * high + _IDEAL_DB[1] - merit_db
    # in logarithms: the scale is 1e10 and leaves little of float32's range
    powers = t["adc_energy_per_log_node"] * np.log(t.node_nm) + t["adc_energy_per_log_bits"] * jnp.log(high)
    # half: the figure of merit is per bandwidth, which is half of the conversion rate
    return 0.5 * jnp.exp(_DB * decibels + jnp.log(t["adc_energy_scale_pj"]) + powers) * _below_join(jnp.minimum(b, _JOIN_BITS), t)


def adc_area_um2(bits: ArrayLike, rate_mhz: ArrayLike, technology: Technology) -> Float[Array, "..."]:
    """Area of one converter [um2]; arguments as `adc_energy_pj`."""
    t = technology
    # in terms of the energy, as the fit has it, so it rises with every bit that the energy rises with
    log_energy = jnp.log(adc_energy_pj(bits, rate_mhz, t))
    powers = t["adc_area_per_log_node"] * np.log(t.node_nm) + t["adc_area_per_log_rate"] * _log_hz(rate_mhz)
    return t["adc_area_scale_um2"] * jnp.exp(powers + t["adc_area_per_log_energy"] * log_energy + t["adc_area_per_bit"] * jnp.asarray(bits))


def _log_hz(rate_mhz: ArrayLike) -> Array:
    return jnp.log(jnp.asarray(rate_mhz) * 1e6)


def _below_join(bits: Array, t: Technology) -> Array:
    """`k1 b + k2 2^b`: 1 at the join, with the slope that ln(energy) has there where the resolution limits."""
    slope = (_IDEAL_DB[0] - t["adc_merit_per_bit_db"]) * _DB + t["adc_energy_per_log_bits"] / _JOIN_BITS
    # 2^b rises by ln 2 of itself
    determinant = _JOIN_BITS * np.log(2) - 1
    return ((np.log(2) - slope) * bits + (_JOIN_BITS * slope - 1) * 2 ** (bits - _JOIN_BITS)) / determinant
