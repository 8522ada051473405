"""Legal values of a crossbar's parameters."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from codesign.parameters.legal import LegalRange

# whatever is finer counts as continuous (`codesign.analog.device.device.quantise`)
_CONTINUOUS: Final = 2.0**20

# bounds of sense and not of any one process: an array is larger than any that was made (1024 x 1024), a converter finer than any in one,
# and a device with more levels than any that was programmed (see docs/chips.md for the chips that were)
RANGES: Final[Mapping[str, LegalRange]] = MappingProxyType(
    {
        # a tile belongs to one layer, so that arrays of several sizes may share a chip
        "rows": LegalRange(1, 4096, 128, whole=True, per_layer=True),
        "columns": LegalRange(1, 4096, 128, whole=True, per_layer=True),
        "adc_bits": LegalRange(1, 14, 6, "bit", whole=True, per_layer=True),
        "columns_per_adc": LegalRange(1, 4096, 8, whole=True, per_layer=True),
        "cell_bits": LegalRange(1, 8, 2, "bit", whole=True, per_layer=True),
        # above 0: program-and-verify takes ever more pulses
        "programming_sigma": LegalRange(0.001, 1, 0.03, per_layer=True),
        "clock_mhz": LegalRange(1, 10_000, 200, "MHz", per_layer=True),
        # a second to 30 years
        "refresh_s": LegalRange(1, 1e9, 86400, "s", per_layer=True),
        "driver_bits": LegalRange(1, 8, 1, "bit", whole=True, per_layer=True),
        "arrays_per_tile": LegalRange(1, 1024, 8, whole=True, per_layer=True),
        # from what memories are charged at least, to 64 MB
        "buffer_kb": LegalRange(0.0625, 65_536, 16, "KB", per_layer=True),
        "bus_bits": LegalRange(1, 4096, 64, "bit", whole=True, per_layer=True),
        "duplication": LegalRange(1, 4096, 1, whole=True, per_layer=True),
        "channels_per_neuron": LegalRange(1, 65_536, 1, whole=True, per_layer=True),
        "adder_lanes": LegalRange(1, 65_536, 128, whole=True, per_layer=True),
    }
)

GIVEN: Final[Mapping[str, LegalRange]] = MappingProxyType(
    {
        # a converter that errs by more than a step has bits for nothing
        "adc_noise": LegalRange(0, 1, 0, "LSB", per_layer=True),
        "adc_offset": LegalRange(0, 16, 0, "LSB"),
        "read_noise": LegalRange(0, 1, 0),
        # half each at most: no cell is stuck both ways
        "stuck_on": LegalRange(0, 0.5, 0),
        "stuck_off": LegalRange(0, 0.5, 0),
        "levels": LegalRange(2, _CONTINUOUS, _CONTINUOUS, whole=True),
    }
)
"""Numbers that a chip need not have; without them nothing of the kind is computed."""

_DEVICE: Final = "says what cells are like, and nothing that is priced makes them better: no search may choose it, hardware.fixed gives it"
UNPRICED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "adc_offset": "says what converters are like, and no price is known for less: no search may choose it, hardware.fixed gives it",
        **{name: _DEVICE for name in ("read_noise", "stuck_on", "stuck_off", "levels", "device")},
    }
)
"""Those of them that are assumptions, with the reason."""
