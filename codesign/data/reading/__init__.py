"""Bytes to arrays: files found, checked and decoded, events binned.

Every complaint names the file. Which data set a file belongs to is decided in `sets`.
"""

from codesign.data.reading.event_files import DAVIS240, DAVIS346, DVS128, AddressLayout, decode_atis, read_aedat, read_atis, read_npz_events
from codesign.data.reading.events import Events, bin_events, check_events
from codesign.data.reading.files import find, locate, read_known, user_cache

__all__ = [
    "DAVIS240",
    "DAVIS346",
    "DVS128",
    "AddressLayout",
    "Events",
    "bin_events",
    "check_events",
    "decode_atis",
    "find",
    "locate",
    "read_aedat",
    "read_atis",
    "read_known",
    "read_npz_events",
    "user_cache",
]
