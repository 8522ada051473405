"""A sourced constant: value, unit, node, bits, where it comes from, and how sure it is."""

from typing import Final, NamedTuple

from codesign.technology.scaling import RELATIVE_UNCERTAINTY, area_factor, energy_factor, pitch_factor, wire_factor

SCALINGS: Final = ("none", "energy", "area", "wire", "pitch")
# factor on both sides of a value between which it lies with 80 % (10th to 90th percentile), by how it is known. Silicon: chips of one
# process differ by this much; tool: the spread between CACTI, NeuroSim and measured chips (docs/validation.md); the others are judgements
EVIDENCE: Final = {"exact": 1.0, "silicon": 1.25, "tool": 1.5, "recalled": 2.0, "assumed": 3.0}


class Quantity(NamedTuple):
    """A sourced constant.

    Attributes:
        name: as it is asked for.
        value: in `unit`.
        unit: of value, low and high.
        node_nm, bits: process node [nm] and word length [bit] it was measured at; 0 where it does not depend on them.
        source: where it comes from.
        scaling: how it goes to another node, by `scaling.py`: `none` (a device, a capacitance per length), `energy` or `area` (digital
            circuits), `wire` (a resistance per length), `pitch` (a length counted in wires).
        supply_v: the supply it was measured at [V], 0 where that is the technology's own.
        evidence: how it is known, one of `EVIDENCE`.
        low, high: its 10th and 90th percentile, 0 where `evidence` alone says how sure it is.
    """

    name: str
    value: float
    unit: str
    node_nm: float
    bits: float
    source: str
    scaling: str = "none"
    supply_v: float = 0.0
    evidence: str = "tool"
    low: float = 0.0
    high: float = 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """10th and 90th percentile; of several sources where they were given, else by the class of evidence."""
        if self.low or self.high:
            return self.low, self.high
        factor = EVIDENCE[self.evidence]
        # of a negative number (the slope of a drift exponent) the larger is nearer to 0
        ends = (self.value / factor, self.value * factor)
        return min(ends), max(ends)

    def at(self, node_nm: float, supply_v: float) -> "Quantity":
        """This constant at another node and supply, with the scaling written into its source."""
        # a supply of 0 is the technology's own: then only the node changes
        from_v = self.supply_v or supply_v
        if self.scaling == "none" or (self.node_nm == node_nm and from_v == supply_v):
            return self
        if self.scaling == "energy":
            factor = energy_factor(self.node_nm, node_nm, from_v, supply_v)
            how = f"{self.node_nm:g} to {node_nm:g} nm, {from_v:g} to {supply_v:g} V, by Stillmaker-Baas 2017"
        elif self.scaling == "area":
            factor, how = area_factor(self.node_nm, node_nm), f"{self.node_nm:g} to {node_nm:g} nm by Stillmaker-Baas 2017"
        elif self.scaling == "pitch":
            factor, how = pitch_factor(self.node_nm, node_nm), f"{self.node_nm:g} to {node_nm:g} nm by NeuroSim's wires"
        else:
            factor, how = wire_factor(self.node_nm, node_nm), f"{self.node_nm:g} to {node_nm:g} nm by NeuroSim's wires"
        low, high = self.interval
        # the published factors are themselves uncertain: the interval opens by as much, were both normal
        wider = 1 + RELATIVE_UNCERTAINTY
        return self._replace(
            value=self.value * factor,
            node_nm=node_nm,
            supply_v=supply_v,
            source=f"{self.source}; scaled from {how}",
            low=low * factor / wider,
            high=high * factor * wider,
        )
