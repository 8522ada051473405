"""From weights to the outputs of an array: mappings, drivers, converters, read-out, and the arrays that put them together.

Searches move the smooth ones, designs are measured on those of single devices. What a device itself does is in `device`.
"""

from codesign.analog.arrays.array import AbstractArray, DigitalArray, analog_matmul
from codesign.analog.arrays.converter import AbstractConverter, ConversionErrors, IdealConverter, UniformConverter
from codesign.analog.arrays.device_array import DeviceCrossbar, Wires
from codesign.analog.arrays.driver import AbstractDriver, BitSerialDriver, IdealDriver, MultiLevelDriver, SpikeDriver
from codesign.analog.arrays.mapping import (
    AbstractMapping,
    AbstractWhole,
    BinaryBranches,
    BitSlices,
    DifferentialPair,
    Encoding,
    OffsetColumn,
    TowardsHighResistance,
)
from codesign.analog.arrays.mixed import MixedArray
from codesign.analog.arrays.physics import CrossbarPhysics
from codesign.analog.arrays.readout import convert, converter_step, statistical_read
from codesign.analog.arrays.searched import StatisticalCrossbar, TiledCrossbar
from codesign.analog.arrays.slices import Slices

__all__ = [
    "AbstractArray",
    "AbstractConverter",
    "AbstractDriver",
    "AbstractMapping",
    "AbstractWhole",
    "BinaryBranches",
    "BitSerialDriver",
    "BitSlices",
    "ConversionErrors",
    "CrossbarPhysics",
    "DeviceCrossbar",
    "DifferentialPair",
    "DigitalArray",
    "Encoding",
    "IdealConverter",
    "IdealDriver",
    "MixedArray",
    "MultiLevelDriver",
    "OffsetColumn",
    "Slices",
    "SpikeDriver",
    "StatisticalCrossbar",
    "TiledCrossbar",
    "TowardsHighResistance",
    "UniformConverter",
    "Wires",
    "analog_matmul",
    "convert",
    "converter_step",
    "statistical_read",
]
