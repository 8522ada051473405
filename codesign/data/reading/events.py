"""Event-camera recordings: one representation, its checks, and binning into frames over time."""

from typing import Final, NamedTuple

import numpy as np

from codesign.data.dataset import DataError

_LATEST_US: Final = 2**53


class Events(NamedTuple):
    """Events of one recording, in order of time; four arrays of one length.

    Attributes:
        x, y: column and row of the pixel.
        polarity: 1 for a rise of brightness (ON), 0 for a fall (OFF).
        time_us: time [us], never decreasing.
    """

    x: np.ndarray
    y: np.ndarray
    polarity: np.ndarray
    time_us: np.ndarray


def check_times(times: np.ndarray, where: str) -> None:
    """Refuse times that go backwards or are not finite.

    Raises:
        DataError: names file and first bad event.
    """
    if times.dtype.kind == "f" and not np.isfinite(times).all():
        raise DataError(f"{where}: event {int(np.argmax(~np.isfinite(times)))}: time is not finite")
    # differences of larger ones are no longer exact, and no recording lasts for 285 years
    if len(times) and not (times[0] >= -_LATEST_US and times.max() <= _LATEST_US):
        raise DataError(f"{where}: times from {times[0]} to {times.max()}, beyond {_LATEST_US} us")
    # compared, not subtracted: differences of unsigned times would wrap
    backwards = times[1:] < times[:-1]
    if backwards.any():
        event = int(np.argmax(backwards)) + 1
        raise DataError(f"{where}: event {event}: time goes backwards, {times[event - 1]} to {times[event]}")


def check_events(events: Events, height: int, width: int, where: str) -> None:
    """Refuse a recording with fields of different lengths, pixels that are not the sensor's, another polarity, or times going back.

    Raises:
        DataError: names file and first bad event.
    """
    lengths = {len(field) for field in events}
    if len(lengths) > 1:
        raise DataError(f"{where}: x, y, polarity and time have lengths {', '.join(str(len(field)) for field in events)}")
    for name, field, size in (("x", events.x, width), ("y", events.y, height), ("polarity", events.polarity, 2)):
        # asked the positive way round: a NaN fails every comparison
        outside = ~((field >= 0) & (field < size))
        # whole numbers may come as floats; anything between would be counted in another cell
        bad = outside | (field != np.floor(field)) if field.dtype.kind == "f" else outside
        if bad.any():
            event = int(np.argmax(bad))
            what = f"is outside 0 to {size - 1}" if outside[event] else "is no whole number"
            raise DataError(f"{where}: event {event}: {name} {field[event]} {what}")
    check_times(events.time_us, where)


def bin_events(
    events: Events, *, timesteps: int, height: int, width: int, window_us: float, start_us: float = 0, ceiling: int | None = None
) -> np.ndarray:
    """Event counts `[timesteps, height, width, 2]` float32 (last axis: OFF, ON) of equal time bins.

    Args:
        events: a recording that `check_events` accepts.
        timesteps: number of bins.
        height: rows of the sensor.
        width: columns of the sensor.
        window_us: length of the window [us]; events outside it are left out.
        start_us: start of the window [us].
        ceiling: largest count of a cell; 1 gives binary spikes.
    """
    size = timesteps * height * width * 2
    inside = (events.time_us >= start_us) & (events.time_us < start_us + window_us)
    # masks copy all four fields, which is spared where the window holds everything
    x, y, polarity, time = events if inside.all() else (field[inside] for field in events)
    # int32 before rows and columns come in: those may be bytes, which would wrap
    step = ((time - start_us) * (timesteps / window_us)).astype(np.int32)
    # rounding can lift an event at the very end of the window into a bin that is not there
    cell = ((np.minimum(step, timesteps - 1) * height + y) * width + x) * 2 + polarity
    # fields of an npz recording may be floats, which bincount refuses
    counts = np.bincount(cell.astype(np.int64, copy=False), minlength=size).astype(np.float32)
    if ceiling is not None:
        np.minimum(counts, ceiling, out=counts)
    return counts.reshape(timesteps, height, width, 2)
