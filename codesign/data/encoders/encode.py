"""Encoders: from values to spikes over time. Pure JAX; the time axis comes first in every result.

Frames of any shape `[...]` with values in [0, 1] become `[T, ...]`; a signal `[T, ...]` becomes its level crossings `[T, ..., 2]`.
"""

import difflib
from collections.abc import Callable
from typing import Final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

Encoder = Callable[[Float[Array, "..."], int, Key[Array, ""]], Float[Array, "time ..."]]


def direct(values: Float[Array, "..."], timesteps: int) -> Float[Array, "time ..."]:
    """The values themselves at every step; the first layer works on numbers, not spikes."""
    return jnp.broadcast_to(values, (timesteps, *values.shape))


def rate(values: Float[Array, "..."], timesteps: int, key: Key[Array, ""]) -> Float[Array, "time ..."]:
    """Independent spikes with probability `values` at each step.

    The gradient is that of the mean spike count: straight through to the values.
    """
    # draws are below 1: a value of 1 always spikes, a value of 0 never
    drawn = jax.random.uniform(key, (timesteps, *values.shape), values.dtype) < values
    # exactly 0 or 1: what 1 - x loses by rounding is rounded away in the sum
    return values + jax.lax.stop_gradient(drawn.astype(values.dtype) - values)


def latency(values: Float[Array, "..."], timesteps: int, silent_below: float = 0.0) -> Float[Array, "time ..."]:
    """One spike for each value, the earlier the larger: at step round((1 - x)(T - 1)), so 1 spikes first and 0 last.

    `1 - step / (T - 1)` gives the value back to within 1 / (2 (T - 1)), and a rounding of the value's precision.

    Args:
        values: values in [0, 1].
        timesteps: T.
        silent_below: smaller values do not spike at all.
    """
    first = jnp.round((1 - jnp.clip(values, 0, 1)) * (timesteps - 1))
    steps = jnp.arange(timesteps, dtype=values.dtype).reshape(-1, *[1] * values.ndim)
    # whole numbers in floats: equality is exact
    return ((steps == first) & (values >= silent_below)).astype(values.dtype)


def phase_weights(timesteps: int, period: int) -> Float[Array, " time"]:
    """What a spike counts at each step of the phase code: 1/2, 1/4, ... 2^-period, then again from 1/2.

    The weights of one period sum to 1 - 2^-period.
    """
    return 2.0 ** -(1 + jnp.arange(timesteps, dtype=jnp.float32) % period)


def phase(values: Float[Array, "..."], timesteps: int, period: int = 8) -> Float[Array, "time ..."]:
    """Binary digits of the values, most significant first, again in each period (binary spikes; see `phase_weights`).

    A period's weighted sum is the value rounded down to `period` bits (1 becomes 1 - 2^-period).
    Source: J. Kim et al., "Deep neural networks with weighted spikes", Neurocomputing 311, 2018.
    """
    top = 2.0**period
    # 1 has no digits behind the point, so it becomes the largest value that has
    whole = jnp.floor(jnp.clip(values, 0, 1 - 1 / top) * top)
    digits = jnp.arange(timesteps, dtype=values.dtype).reshape(-1, *[1] * values.ndim) % period
    return jnp.floor(whole / 2.0 ** (period - 1 - digits)) % 2


def level_crossing(signal: Float[Array, "time ..."], spacing: float, ceiling: float = float("inf")) -> Float[Array, "time ... polarity"]:
    """Levels crossed downwards and upwards (last axis: OFF, ON) since the last event; the first step is the reference.

    Where `ceiling` cuts nothing, `reconstruct` gives the signal back to within `spacing` at every step. The delta encoder of
    neuromorphic sensors; N. Sayiner et al., "A level-crossing sampling scheme for A/D conversion", 1996.

    Args:
        signal: values over time.
        spacing: distance of levels, above 0.
        ceiling: most events of a step; 1 gives binary spikes, and what is cut is made up for in later steps.
    """
    # in units of the spacing levels are whole numbers, which add up without rounding
    relative = (signal - signal[0]) / spacing

    def step(level: Array, value: Array) -> tuple[Array, Array]:
        crossed = jnp.clip(jnp.trunc(value - level), -ceiling, ceiling)
        # the level follows what was sent, not what was seen: what the ceiling cuts is still to come
        return level + crossed, jnp.stack([jnp.maximum(-crossed, 0), jnp.maximum(crossed, 0)], axis=-1)

    _, events = jax.lax.scan(step, jnp.zeros_like(relative[0]), relative)
    return events


def reconstruct(events: Float[Array, "time ... polarity"], spacing: float, start: Float[Array, "..."]) -> Float[Array, "time ..."]:
    """Signal that level crossings describe, given its first value."""
    return start + spacing * jnp.cumsum(events[..., 1] - events[..., 0], axis=0)


ENCODERS: Final[dict[str, Encoder]] = {
    "direct": lambda values, timesteps, key: direct(values, timesteps),
    "rate": rate,
    "latency": lambda values, timesteps, key: latency(values, timesteps),
    "phase": lambda values, timesteps, key: phase(values, timesteps),
}
"""Encoders of frames by name, with one signature."""


def encode(name: str, values: Float[Array, "..."], timesteps: int, key: Key[Array, ""]) -> Float[Array, "time ..."]:
    """Frames through an encoder by name; `key` is used by the random one.

    Raises:
        ValueError: unknown name (the message gives the nearest), or no steps.
    """
    if name not in ENCODERS:
        near = difflib.get_close_matches(name, ENCODERS, 1, 0)
        raise ValueError(f"unknown encoder {name!r} (did you mean {near[0]!r}?)")
    if timesteps < 1:
        raise ValueError(f"timesteps must be at least 1, got {timesteps}")
    return ENCODERS[name](values, timesteps, key)
