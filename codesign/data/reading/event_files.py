"""File formats of event-camera recordings: 40-bit ATIS (N-MNIST), AEDAT 2.0, and `.npz`."""

import io
import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from codesign.data.dataset import DataError
from codesign.data.reading.arrays import read_npz
from codesign.data.reading.events import Events, check_events
from codesign.data.reading.files import read_bytes

_ATIS_BYTES: Final = 5
_ATIS_OVERFLOW_ROW: Final = 240  # one beyond the last of the ATIS sensor's 240 rows, so it can be no event
_ATIS_OVERFLOW_US: Final = 2**13
_ALIASES: Final = {"x": ("x",), "y": ("y",), "polarity": ("polarity", "p"), "time_us": ("time_us", "t")}


# a # alone does not tell: as the first byte of an event it is row 140 to 143 of a DAVIS. Events have a byte of 0, text has none, and
# the one line that can begin an event is #\n (row 140, column 160 to 175), which a camera's software ends with \r\n
_HEADER_LINE: Final = re.compile(rb"#[^\x00-\x08\x0a-\x1f]*\r\n|#[^\x00-\x08\x0a-\x1f]+\n")
_HEADER_CUT: Final = re.compile(rb"#[^\x00-\x08\x0a-\x1f]*\r?")


class AddressLayout(NamedTuple):
    """Where an AEDAT 2.0 camera keeps its fields in the 32-bit address, and how large its sensor is.

    Attributes:
        x, y: column and row, (shift, bits).
        polarity: bit of the polarity.
        other: mask of records of other kinds.
        height, width: of the sensor [pixel].
        on: the polarity bit of a rise of brightness.
        mirrored: whether column 0 of the address is the right one.
    """

    x: tuple[int, int]
    y: tuple[int, int]
    polarity: int
    other: int
    height: int
    width: int
    on: int = 1
    mirrored: bool = False


# a DVS128 writes 0 for ON, and counts columns from the right: jAER's extractor of its events inverts both
# `other`: bit 15 of a DVS128 marks external events; of a DAVIS bit 31 frames and inertial samples, bit 10 external events
DVS128: Final = AddressLayout(x=(1, 7), y=(8, 7), polarity=0, other=1 << 15, height=128, width=128, on=0, mirrored=True)
"""Of a DVS128, by iniVation's documentation of the AEDAT 2.0 format; row 0 is the lowest one there, and stays so here."""
DAVIS240: Final = AddressLayout(x=(12, 10), y=(22, 9), polarity=11, other=1 << 31 | 1 << 10, height=180, width=240)
"""Of a DAVIS240; see `DVS128`."""
DAVIS346: Final = DAVIS240._replace(height=260, width=346)
"""Of a DAVIS346; see `DVS128`."""


def decode_atis(records: np.ndarray) -> Events:
    """Events of 40-bit records `[n, 5]` uint8: x, y, then polarity (1 bit) and time (23 bits, us), big-endian.

    A record with y = 240 is no event: it adds 2^13 us to all later times.
    Source: G. Orchard et al., "Converting static image datasets to spiking neuromorphic datasets using saccades", 2015.
    """
    high = records[:, 2]
    # cast before the shift: a byte shifted by 16 has nothing left
    time = (high & 127).astype(np.int32) << 16 | records[:, 3].astype(np.int32) << 8 | records[:, 4]
    overflow = records[:, 1] == _ATIS_OVERFLOW_ROW
    # the packed N-MNIST recordings have none, and filtering would copy every event
    if overflow.any():
        time = (time + _ATIS_OVERFLOW_US * np.cumsum(overflow))[~overflow]
        records, high = records[~overflow], high[~overflow]
    return Events(records[:, 0], records[:, 1], high >> 7, time)


def read_atis(path: Path, height: int = 34, width: int = 34) -> Events:
    """One recording of the N-MNIST kind.

    Raises:
        DataError: unreadable or truncated file, an event outside the sensor, times that go backwards.
    """
    content = read_bytes(path)
    if len(content) % _ATIS_BYTES:
        raise DataError(f"{path}: {len(content)} bytes are not a whole number of {_ATIS_BYTES}-byte events: truncated?")
    events = decode_atis(np.frombuffer(content, np.uint8).reshape(-1, _ATIS_BYTES))
    check_events(events, height, width, str(path))
    return events


def read_aedat(path: Path, layout: AddressLayout = DVS128) -> Events:
    """One AEDAT 2.0 recording: header lines that begin with #, then pairs of big-endian 32-bit address and time [us].

    Frame, inertial and external records are left out.

    Raises:
        DataError: unreadable or truncated file, another version, an event outside the sensor, times that go backwards.
    """
    content = read_bytes(path)
    # only a version that is stated can be refused: a file that states none is read as 2.0
    if content.startswith(b"#!AER-DAT") and not content.startswith(b"#!AER-DAT2.0"):
        version = content[9:12].decode("ascii", "replace")
        raise DataError(f"{path}: AEDAT version {version}; only 2.0 is read, so convert it")
    start = 0
    while line := _HEADER_LINE.match(content, start):
        start = line.end()
    if _HEADER_CUT.fullmatch(content, start):
        raise DataError(f"{path}: truncated in its header")
    if (len(content) - start) % 8:
        raise DataError(f"{path}: {len(content) - start} bytes after the header are not a whole number of 8-byte events: truncated?")
    words = np.frombuffer(content, ">u4", offset=start).reshape(-1, 2)
    words = words[(words[:, 0] & layout.other) == 0].astype(np.int64)
    address = words[:, 0]
    x, y = ((address >> shift) & ((1 << bits) - 1) for shift, bits in (layout.x, layout.y))
    if layout.mirrored:
        x = layout.width - 1 - x
    rise = ((address >> layout.polarity) & 1) == layout.on
    events = Events(x, y, rise.astype(np.int64), words[:, 1])
    check_events(events, layout.height, layout.width, str(path))
    return events


def read_npz_events(path: Path, height: int, width: int) -> Events:
    """One recording as arrays `x`, `y`, `polarity` (or `p`) and `time_us` (or `t`); polarity is 0 or 1, or -1 and 1.

    Raises:
        DataError: unreadable file, a missing array, an event outside the sensor, times that go backwards.
    """
    content = read_bytes(path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            names = list(archive.files)
    except Exception:  # whatever is wrong, read_npz says it
        names = []
    # where no alias is there the first is asked for, so that the complaint names it
    chosen = {field: next((alias for alias in aliases if alias in names), aliases[0]) for field, aliases in _ALIASES.items()}
    arrays = read_npz(io.BytesIO(content), path, chosen.values())
    fields = []
    for name in chosen.values():
        if arrays[name].ndim != 1 or arrays[name].dtype.kind not in "uifb":
            raise DataError(f"{path}: {name} has shape {arrays[name].shape} {arrays[name].dtype}; expected numbers [events]")
        if arrays[name].dtype == np.uint64 and arrays[name].max(initial=0) > np.iinfo(np.int64).max:
            raise DataError(f"{path}: {name} {arrays[name].max()} is beyond any sensor and any time")
        fields.append(arrays[name].astype(np.int64) if arrays[name].dtype.kind in "uib" else arrays[name])
    events = Events(*fields)
    events = events._replace(polarity=np.where(events.polarity == -1, 0, events.polarity))
    check_events(events, height, width, str(path))
    return events
