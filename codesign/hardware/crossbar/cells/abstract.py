"""What a crossbar asks of its cells."""

import abc
import dataclasses
from collections.abc import Mapping

from jaxtyping import Array

from codesign.hardware.crossbar.mapping import Design
from codesign.technology.technology import Technology


@dataclasses.dataclass(frozen=True)
class AbstractCells(abc.ABC):
    """A kind of cell; it holds nothing, as all of its numbers are the technology's."""

    @property
    @abc.abstractmethod
    def most_bits(self) -> float:
        """Bits that a cell can hold at most [bit]."""

    @property
    @abc.abstractmethod
    def inert(self) -> Mapping[str, str]:
        """Parameters of a crossbar that such cells leave nothing to choose about, each with the reason."""

    @abc.abstractmethod
    def conductances(self, technology: Technology) -> tuple[Array, Array]:
        """Smallest and largest conductance of a cell over the time of a read [S]."""

    @abc.abstractmethod
    def read_voltage_v(self, technology: Technology) -> Array:
        """Voltage of a driven row, and of the columns that are read [V]."""

    @abc.abstractmethod
    def write_pj(self, cells: Array, design: Design, verify_pj: Array, technology: Technology) -> Array:
        """Energy to write so many cells [pJ].

        Args:
            cells: how many.
            design: the chip.
            verify_pj: energy of selecting and converting what one cell reads [pJ].
            technology: prices.
        """

    @abc.abstractmethod
    def write_ns(self, design: Design, verify_ns: Array, technology: Technology) -> Array:
        """Time to write a row of cells [ns].

        Args:
            design: the chip.
            verify_ns: time to read and convert a row [ns].
            technology: prices.
        """

    @abc.abstractmethod
    def leakage_mw(self, design: Design, technology: Technology) -> Array:
        """Leakage power of the cells of one array [mW]."""

    @abc.abstractmethod
    def level_shifters_um2(self, design: Design, technology: Technology) -> Array:
        """Area of what lifts the lines of one array to the voltage of writing [um2]."""
