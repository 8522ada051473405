"""Legal values of a many-core's parameters; one value each, as all cores of a chip are alike."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from codesign.parameters.legal import LegalRange

RANGES: Final[Mapping[str, LegalRange]] = MappingProxyType(
    {
        "neurons_per_core": LegalRange(1, 1_048_576, 1024, whole=True),
        # from what memories are charged at least, to 64 MB
        "synapse_memory_kb": LegalRange(0.0625, 65_536, 128, "KB"),
        "message_bits": LegalRange(1, 1024, 32, "bit", whole=True),
        "clock_mhz": LegalRange(1, 10_000, 200, "MHz"),
        # below the lowest threshold voltage nothing switches
        "supply_v": LegalRange(0.3, 1.5, 0.75, "V"),
    }
)
