"""Analog-to-digital converters: energy and area by resolution, rate and node.

Source: the fit of the Accelergy ADC plug-in to published converters (reference/analog.md). It holds from 4 bits up and falls by 1.2 %
between 4 and 4.4 bits; a converter that gets cheaper with resolution would be exploited, so below 4.5 bits the energy follows
`k1 b + k2 2^b`, joined in value and slope, and 4 bits come out 3 to 4 % below the fit.
"""

from typing import Final

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

_JOIN_BITS: Final = 4.5  # just above where the fit stops falling
_SOFT_DB: Final = 0.1  # soft minimum for gradients: at the corner 0.07 dB or 1.6 % dearer than the fit
_DB: Final = np.log(10) / 10  # dB to natural logarithm
# slope of ln(energy) at the join, where the resolution-limited branch of the figure of merit holds
_JOIN_SLOPE: Final = (6.02 - 3.22051) * _DB - 2.82913 / _JOIN_BITS
# k1 b + k2 2^b with value 1 and slope _JOIN_SLOPE at the join
_K1, _K2 = np.linalg.solve([[_JOIN_BITS, 2**_JOIN_BITS], [1, np.log(2) * 2**_JOIN_BITS]], [1, _JOIN_SLOPE])


def adc_energy_pj(bits: ArrayLike, rate_mhz: ArrayLike, node_nm: ArrayLike) -> Float[Array, "..."]:
    """Energy of one conversion [pJ].

    Args:
        bits: resolution [bit], at least 1.
        rate_mhz: conversions per microsecond.
        node_nm: process node [nm].
    """
    b = jnp.asarray(bits)
    # no branch: the forms are multiplied, and each is held beyond the join, where the low one is 1
    high = jnp.maximum(b, _JOIN_BITS)
    # the fit takes Hz
    speed_limited = 213.781 - 2.8719 * jnp.log(jnp.asarray(rate_mhz) * 1e6)
    resolution_limited = 128.307 + 3.22051 * high
    merit_db = -_SOFT_DB * jnp.logaddexp(-speed_limited / _SOFT_DB, -resolution_limited / _SOFT_DB)
    log_energy = _DB * (6.02 * high + 1.76 - merit_db) + 26.0496 + 1.88004 * jnp.log(node_nm) - 2.82913 * jnp.log(high) - 1.47020
    low = jnp.minimum(b, _JOIN_BITS)
    # half: the figure of merit is per bandwidth, which is half of the conversion rate
    return 0.5 * jnp.exp(log_energy) * (_K1 * low + _K2 * 2**low)


def adc_area_um2(bits: ArrayLike, rate_mhz: ArrayLike, node_nm: ArrayLike) -> Float[Array, "..."]:
    """Area of one converter [um2]; arguments as `adc_energy_pj`."""
    # in terms of the energy, as the fit has it, so it rises with every bit that the energy rises with
    log_energy = jnp.log(adc_energy_pj(bits, rate_mhz, node_nm))
    log_rate = jnp.log(jnp.asarray(rate_mhz) * 1e6)
    return jnp.exp(1.34619 + 0.993279 * jnp.log(node_nm) + 0.180715 * log_rate + 0.299124 * log_energy)
