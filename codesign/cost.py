"""Cost: energy, latency and area by layer and component. Totals are sums of the breakdown, never stored."""

from typing import TYPE_CHECKING, Final

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from codesign.shown.costs import cost_sheet
from codesign.shown.sheet import Sheet
from codesign.shown.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

ARRAYS: Final = ("energy_pj", "latency_ns", "area_um2", "utilisation", "excess")


class Cost(Shown, eqx.Module):
    """What one inference costs on one chip.

    Attributes:
        layers: layer names (static).
        components: component names (static), shared by energy and area; a component without area has 0 there.
        energy_pj: energy of one inference [pJ].
        latency_ns: time of each layer [ns]; layers run one after another unless the hardware says otherwise in its docstring.
        area_um2: silicon area by component [um2], paid once for the whole network.
        utilisation: share of the compute resources a layer keeps busy, in [0, 1].
        excess: how far the chip asks for more than its technology can do, as the natural logarithm of the worst ratio (a clock over the
            fastest its memories follow, a network over what a chip without off-chip memory holds); 0 for a legal one.
    """

    layers: tuple[str, ...] = eqx.field(static=True)
    components: tuple[str, ...] = eqx.field(static=True)
    energy_pj: Float[Array, "layers components"]
    latency_ns: Float[Array, " layers"]
    area_um2: Float[Array, " components"]
    utilisation: Float[Array, " layers"]
    # a factory, since an array made on import would start JAX
    excess: Float[Array, ""] = eqx.field(default_factory=lambda: jnp.zeros((), jnp.float32))

    @property
    def energy(self) -> Float[Array, ""]:
        """Total energy [pJ]."""
        return jnp.sum(self.energy_pj)

    @property
    def latency(self) -> Float[Array, ""]:
        """Total latency [ns]."""
        return jnp.sum(self.latency_ns)

    @property
    def area(self) -> Float[Array, ""]:
        """Total area [um2]."""
        return jnp.sum(self.area_um2)

    @property
    def power(self) -> Float[Array, ""]:
        """Mean power while running [mW = pJ/ns]."""
        # a model without latency gives 0 ns
        return self.energy / jnp.maximum(self.latency, 1e-9)

    @property
    def edp(self) -> Float[Array, ""]:
        """Energy-delay product [pJ*ns]. May leave float32's range on large networks: prefer `log_edp`."""
        return self.energy * self.latency

    @property
    def log_edp(self) -> Float[Array, ""]:
        """Natural logarithm of the energy-delay product in pJ*ns."""
        return jnp.log(self.energy) + jnp.log(self.latency)

    def sheet(self) -> Sheet:
        """Totals, and who pays them; see `codesign.shown`."""
        return cost_sheet(self.layers, self.components, {name: getattr(self, name) for name in ARRAYS})

    def by_layer(self) -> dict[str, Array]:
        """Energy of each layer [pJ]."""
        return dict(zip(self.layers, jnp.sum(self.energy_pj, axis=1), strict=True))

    def by_component(self) -> dict[str, Array]:
        """Energy of each component [pJ]."""
        return dict(zip(self.components, jnp.sum(self.energy_pj, axis=0), strict=True))

    def to_table(self) -> "pd.DataFrame":
        """The breakdown as a long table: `layer, component, energy_pj, latency_ns, area_um2`.

        Energy has a row per layer and component. Latency belongs to a layer (component `time`), area to the chip (layer `chip`).
        Entries that do not apply are empty, so every column sums to its total.
        """
        # here and not above: pandas loads slowly, and the traced part of a search makes no tables
        import numpy as np
        import pandas as pd

        nan = float("nan")
        energy, latency, area = (np.asarray(x, np.float64) for x in (self.energy_pj, self.latency_ns, self.area_um2))
        rows = [
            (layer, component, energy[i, j], nan, nan) for i, layer in enumerate(self.layers) for j, component in enumerate(self.components)
        ]
        rows += [(layer, "time", nan, latency[i], nan) for i, layer in enumerate(self.layers)]
        rows += [("chip", component, nan, nan, area[j]) for j, component in enumerate(self.components)]
        return pd.DataFrame(rows, columns=["layer", "component", "energy_pj", "latency_ns", "area_um2"])
