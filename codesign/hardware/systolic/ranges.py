"""Legal values of a systolic array's parameters; one value each, as a chip has one array."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from codesign.parameters.legal import LegalRange

# bounds of sense and not of any one process: an array is 256 times larger than the largest that was made (256 x 256)
RANGES: Final[Mapping[str, LegalRange]] = MappingProxyType(
    {
        "rows": LegalRange(1, 4096, 32, whole=True),
        "columns": LegalRange(1, 4096, 32, whole=True),
        # a byte and more; from 64 bytes down a memory costs what one of 64 bytes does
        "scratchpad_kb": LegalRange(0.0009765625, 4096, 0.0625, "KB"),
        "input_buffer_kb": LegalRange(0.0625, 1_048_576, 64, "KB"),
        "weight_buffer_kb": LegalRange(0.0625, 1_048_576, 144, "KB"),
        "output_buffer_kb": LegalRange(0.0625, 1_048_576, 64, "KB"),
        "columns_per_neuron_unit": LegalRange(1, 4096, 1, whole=True),
        "clock_mhz": LegalRange(1, 10_000, 400, "MHz"),
        # below the lowest threshold voltage nothing switches
        "supply_v": LegalRange(0.3, 1.5, 0.9, "V"),
        "offchip_gbit_per_s": LegalRange(0.001, 100_000, 102.4, "Gbit/s"),
    }
)
