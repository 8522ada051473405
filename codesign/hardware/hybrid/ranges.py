"""Legal values of what a hybrid chip has beside its engines."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from codesign.parameters.legal import LegalRange

RANGES: Final[Mapping[str, LegalRange]] = MappingProxyType(
    {
        # from what memories are charged at least, to 64 MB
        "transfer_buffer_kb": LegalRange(0.0625, 65_536, 16, "KB"),
        "link_gbit_per_s": LegalRange(0.001, 100_000, 25.6, "Gbit/s"),
    }
)
