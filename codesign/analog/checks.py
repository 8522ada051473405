"""Checks of values that people type, outside `jit` only: inside it a value has no number yet and the checks pass."""

import jax
import numpy as np
from jax.typing import ArrayLike


def _concrete(value: ArrayLike) -> np.ndarray | None:
    return None if isinstance(value, jax.core.Tracer) else np.asarray(value)


def _worst(name: str, value: np.ndarray, bad: np.ndarray) -> str:
    if value.ndim == 0:
        return f"{name} is {value:.6g}"
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    return f"{name}{list(index)} is {value[index]:.6g}, {int(bad.sum())} of {bad.size} entries are bad"


def require_finite(name: str, value: ArrayLike) -> None:
    """Refuse NaN and infinity.

    Raises:
        ValueError: names the field and its first bad entry.
    """
    array = _concrete(value)
    if array is not None and not np.isfinite(array).all():
        raise ValueError(f"{_worst(name, array, ~np.isfinite(array))}; it must be finite")


def require_at_least(name: str, value: ArrayLike, low: float) -> None:
    """Refuse values below `low`, NaN and infinity.

    Raises:
        ValueError: names the field, its first bad entry and the bound.
    """
    # first, since NaN compares false with every bound
    require_finite(name, value)
    array = _concrete(value)
    if array is not None and (array < low).any():
        raise ValueError(f"{_worst(name, array, array < low)}; it must be at least {low:g}")


def require_at_most(name: str, value: ArrayLike, high: float) -> None:
    """Refuse values above `high`, NaN and infinity.

    Raises:
        ValueError: names the field, its first bad entry and the bound.
    """
    require_finite(name, value)
    array = _concrete(value)
    if array is not None and (array > high).any():
        raise ValueError(f"{_worst(name, array, array > high)}; it must be at most {high:g}")


def require_above(name: str, value: ArrayLike, low: ArrayLike, low_name: str = "") -> None:
    """Refuse values that are not above `low`, which may be another field, `low_name`.

    Raises:
        ValueError: names the field or fields and the first bad entry.
    """
    require_finite(name, value)
    # the bound may be a field of its own, and so may be traced while the value is not
    array, bound = _concrete(value), _concrete(low)
    if array is None or bound is None or (array > bound).all():
        return
    limit = f"{low_name} ({bound:.6g})" if low_name else f"{bound:g}"
    raise ValueError(f"{_worst(name, array, array <= bound)}; it must be above {limit}")


def require_array(name: str, value: ArrayLike, dimensions: int) -> None:
    """Refuse another number of dimensions and empty arrays; shapes are known inside `jit` too.

    Raises:
        ValueError: names the array and the shape it has.
    """
    shape = np.shape(value)
    if len(shape) != dimensions or 0 in shape:
        raise ValueError(f"{name} has shape {shape}; it needs {dimensions} dimensions and at least one entry along each")
