"""Several engines on one chip: every layer runs on one of them, and an engine is paid for when any layer does.

The third insight of Ottati et al. (IEEE JETCAS 2023): neither an ANN nor a spiking accelerator is best for all layers. The assignment
of layers to engines is a soft one, sharpened as hardness grows.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from codesign.cost import Cost
from codesign.hardware.base import AbstractHardware
from codesign.hardware.hybrid.engines import engine_cost
from codesign.hardware.hybrid.ranges import RANGES
from codesign.hardware.hybrid.transfer import transfer
from codesign.hardware.parameters.leaves import float_leaves
from codesign.hardware.parameters.shares import sharpened
from codesign.numerics import held_between
from codesign.parameters.legal import LegalRange
from codesign.shown.chips import chip_sheet
from codesign.shown.sheet import Sheet
from codesign.technology.technology import Technology
from codesign.workloads.workload import LayerWork, Workload

DEFAULTS: Final = {name: legal.default for name, legal in RANGES.items()}
"""Value of each parameter that is left out, in the units of the class."""


class HybridChip(AbstractHardware):
    """Engines that share a chip.

    A layer begins when the one before is done with all its steps, unless both run on the same engine and that engine overlaps layers. All
    engines leak while the whole inference runs, as their memories hold weights and states. Engines may be digital or analog: a layer on a
    crossbar is computed with its errors (`codesign.evaluation.arithmetic`). When consecutive layers change engine, the map
    between them is written to and read from a transfer buffer and crosses a link.
    Engines that cannot run a layer are masked out of its assignment. The technology has to price every engine and the transfer:
    `codesign.technology.combine` joins those of several.

    Attributes:
        assignment: share of each layer on each engine, `[layers, engines]`; a chip that is built has one 1 per row.
        transfer_buffer_kb: double buffer between engines [kB]; a map that outgrows half of it passes in parts.
        link_gbit_per_s: bandwidth between engines [Gbit/s].
        engines: the engines.
        names: their names, which prefix the components.
    """

    assignment: Float[Array, "layers engines"]
    transfer_buffer_kb: Float[Array, ""]
    link_gbit_per_s: Float[Array, ""]
    engines: tuple[AbstractHardware, ...]
    names: tuple[str, ...] = eqx.field(static=True)  # text cannot be an array leaf, and the names become component names

    @classmethod
    def of(
        cls, engines: Mapping[str, AbstractHardware], assignment: ArrayLike | Sequence[int], **parameters: ArrayLike | Sequence[float]
    ) -> "HybridChip":
        """A chip from named engines.

        Args:
            engines: by name.
            assignment: `[layers, engines]` with non-negative rows (normalised here to sum to 1), or one engine index per layer.
            **parameters: `transfer_buffer_kb`, `link_gbit_per_s`.

        Raises:
            ValueError: no engines, an assignment of the wrong shape, a negative entry or an empty row, or an unknown parameter.
        """
        if not engines:
            raise ValueError("a hybrid chip needs at least one engine")
        table = np.asarray(assignment)
        # whole numbers only: a flat row of floats is a mistake to report, not indices to round
        if table.ndim == 1 and np.issubdtype(table.dtype, np.integer):
            if table.min() < 0 or table.max() >= len(engines):
                raise ValueError(f"assignment: engine index must be in 0..{len(engines) - 1}, got {table.tolist()}")
            table = np.eye(len(engines))[table]
        if table.ndim != 2 or table.shape[1] != len(engines):
            raise ValueError(f"assignment: expected [layers, {len(engines)}] for engines {tuple(engines)}, got shape {table.shape}")
        if (table < 0).any() or (table.sum(1) <= 0).any():
            raise ValueError("assignment: every row needs non-negative entries that do not all vanish")
        shares = jnp.asarray(table / table.sum(1, keepdims=True), jnp.float32)
        leaves = float_leaves("HybridChip", DEFAULTS, parameters)
        return cls(assignment=shares, engines=tuple(engines.values()), names=tuple(engines), **leaves)

    @property
    def ranges(self) -> Mapping[str, LegalRange]:
        """Its own, and those of the engines by their names."""
        engines = zip(self.names, self.engines, strict=True)
        return {**RANGES, **{f"{name}.{parameter}": legal for name, chip in engines for parameter, legal in chip.ranges.items()}}

    @property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The engine of each layer, and what the engines leave open."""
        engines = zip(self.names, self.engines, strict=True)
        return {"assignment": self.names} | {
            f"{name}.{field}": options for name, chip in engines for field, options in chip.choices.items()
        }

    @property
    def limiting(self) -> frozenset[str]:
        """Those of the engines; with an engine that layers move to or leave, what it has to hold changes too."""
        engines = zip(self.names, self.engines, strict=True)
        found = {f"{name}.{field}" for name, chip in engines for field in chip.limiting}
        return frozenset(found | {"assignment"} if found else found)

    def inert_parameters(self, technology: Technology) -> Mapping[str, str]:
        """Those of the engines, by their names."""
        engines = zip(self.names, self.engines, strict=True)
        return {f"{name}.{parameter}": why for name, engine in engines for parameter, why in engine.inert_parameters(technology).items()}

    def sheet(self) -> Sheet:
        """Its own parameters, and those of each engine."""
        fields = {name: getattr(self, name) for name in ("assignment", *RANGES)}
        engines = {name: engine.sheet() for name, engine in zip(self.names, self.engines, strict=True)}
        return chip_sheet("HybridChip", fields, RANGES, {"assignment": self.names}, engines)

    def unsupported(self, layer: LayerWork) -> str | None:
        """A layer that no engine can run."""
        reasons = [engine.unsupported(layer) for engine in self.engines]
        if any(reason is None for reason in reasons):
            return None
        return "; ".join(f"{name}: {reason}" for name, reason in zip(self.names, reasons, strict=True))

    def assigned(self, layers: Sequence[LayerWork], hardness: ArrayLike = 1.0) -> "HybridChip":
        """The chip with its `shares` as assignment, and engines with nothing left open."""
        engines = tuple(engine.assigned(layers, hardness) for engine in self.engines)
        return dataclasses.replace(self, assignment=self.shares(layers, hardness), engines=engines)

    def shares(self, layers: Workload | Sequence[LayerWork], hardness: ArrayLike = 1.0) -> Float[Array, "layers engines"]:
        """Share of each layer on each engine: masked, normalised, and sharpened to the largest at hardness 1.

        Raises:
            ValueError: the assignment has another number of layers than the network.
        """
        if self.assignment.shape[0] != len(layers):
            raise ValueError(f"assignment has {self.assignment.shape[0]} layers, but the workload has {len(layers)}")
        mask = jnp.asarray([[engine.supports(layer) for engine in self.engines] for layer in layers], self.assignment.dtype)
        # before sharpening: the largest share may be that of an engine that cannot run the layer
        masked = self.assignment * mask
        # where only engines that cannot run the layer were chosen, all others share it
        possible = jnp.where(jnp.sum(masked, 1, keepdims=True) > 0, masked, mask)
        return sharpened(possible, hardness)

    def cost(self, workload: Workload, technology: Technology, hardness: ArrayLike = 1.0) -> Cost:
        """Cost of one inference; see `AbstractHardware.cost`.

        Raises:
            UnsupportedLayerError: a layer that no engine can run.
            ValueError: the assignment has another number of layers than the workload.
        """
        self.require(workload)
        technology.require_first_principles("HybridChip")
        shares = self.shares(workload, hardness)
        costs = [engine_cost(engine, workload, technology, shares[:, index], hardness) for index, engine in enumerate(self.engines)]
        # chance that neighbours run apart, were layers placed independently by their shares; exact once shares are 0 or 1.
        # The first layer changes nothing: its engine charges the way of the input
        changes = jnp.concatenate([jnp.zeros(1, shares.dtype), held_between(1 - jnp.sum(shares[1:] * shares[:-1], 1), 0, 1)])
        crossing = transfer(self.transfer_buffer_kb, self.link_gbit_per_s, changes, workload, technology, hardness)
        latency = sum((cost.latency_ns for cost in costs), crossing.latency_ns)
        energy = [jnp.concatenate([cost.energy_pj, (cost.leakage_mw * latency)[:, None]], axis=1) for cost in costs]
        # mW ns = pJ
        between = jnp.stack([crossing.leakage_mw * latency, crossing.energy_pj], axis=1)
        components = [f"{name}.{part}" for name, cost in zip(self.names, costs, strict=True) for part in (*cost.components, "leakage")]
        areas = [jnp.append(cost.area_um2, 0) for cost in costs]
        return Cost(
            workload.names,
            (*components, "transfer_leakage", "transfer"),
            jnp.concatenate([*energy, between], axis=1),
            latency,
            jnp.concatenate([*areas, jnp.stack([jnp.zeros_like(crossing.area_um2), crossing.area_um2])]),
            # shares sum to 1 to rounding
            held_between(sum((cost.utilisation for cost in costs), jnp.zeros_like(latency)), 0, 1),
            jnp.max(jnp.stack([cost.excess for cost in costs])),
        )
