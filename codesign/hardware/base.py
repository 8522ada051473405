"""The interface of all hardware: a pytree of design parameters that turns a workload into a cost."""

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

import equinox as eqx
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.parameters.legal import LegalNames, LegalRange
from codesign.shown.chips import chip_sheet
from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload


class UnsupportedLayerError(ValueError):
    """A layer that the hardware cannot run; the message names layer and reason."""


class AbstractHardware(Shown, eqx.Module):
    """A chip.

    Design parameters are float array leaves (scalars or one entry per layer), options are static fields, so that `jax.grad`,
    `jax.vmap` and `jax.jit` see a chip as data. Concrete classes are final.

    Class attributes:
        named: what `of` takes as a name, and several names of which a search chooses one; each is a field that holds their shares.
    """

    named: ClassVar[Mapping[str, LegalNames]] = MappingProxyType({})

    @abc.abstractmethod
    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference.

        Args:
            workload: what to run.
            technology: prices of actions.
            hardness: 1 is the exact discrete model; below 1 the smooth one. They agree at legal integers.
        """

    @abc.abstractmethod
    def unsupported(self, layer: LayerWork) -> str | None:
        """Why the chip cannot run this layer, or None when it can."""

    def assigned(self, layers: Sequence[LayerWork], hardness: ArrayLike = 1.0) -> "AbstractHardware":
        """The chip with its open choices as sharp as `cost` has them, as far as arithmetic asks for them; itself where there are none.

        Args:
            layers: of the network.
            hardness: see `cost`.
        """
        return self

    def allocation(self, workload: Workload) -> Mapping[str, Float[Array, " layers"]]:
        """How many blocks of the chip each layer takes, by what they are called: `arrays` of a crossbar, `cores` of a many-core.

        Nothing where layers take turns on the same hardware.
        """
        return {}

    @property
    def ranges(self) -> Mapping[str, LegalRange]:
        """Smallest and largest legal value of its parameters, by name; one that is not named may have any finite value."""
        return {}

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """Fields that hold shares of named options, last axis, and these options."""
        # most chips leave nothing open by name
        return {}

    @property
    def limiting(self) -> frozenset[str]:
        """Parameters that can make a chip ask for more than its technology can do (`Cost.excess`), such as a clock."""
        return frozenset()

    def inert_parameters(self, technology: Technology) -> Mapping[str, str]:
        """Parameters that change nothing under these prices, or that no price follows, each with the reason; no search may move them."""
        return {}

    def sheet(self) -> Sheet:
        """Parameters with values, units and legal ranges; see `codesign.shown`."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return chip_sheet(type(self).__name__, fields, self.ranges, self.choices)

    def supports(self, layer: LayerWork) -> bool:
        """Whether the chip can run this layer."""
        return self.unsupported(layer) is None

    def require(self, workload: Workload) -> None:
        """Refuse a workload with a layer that this chip cannot run.

        Raises:
            UnsupportedLayerError: names the first such layer and why.
        """
        # shapes are static: under jit this refuses while tracing and leaves nothing in the program
        for layer in workload:
            reason = self.unsupported(layer)
            if reason is not None:
                raise UnsupportedLayerError(f"{type(self).__name__} cannot run layer {layer.name!r} ({layer.kind}): {reason}")
