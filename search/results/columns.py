"""What the columns of result tables are: one list for `codesign list columns` and the documentation; tests hold it to what studies write.

In names, OBJECTIVE stands for an objective's column with its unit (`energy_pj`), NAME for its name alone (`energy`), PARAMETER for what was
searched, LAYER for a layer, KEY for a key that a sweep varies.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple


class Column(NamedTuple):
    """A column, or several that are alike.

    Attributes:
        name: with capitals where names of the study stand.
        unit: of its values; empty for names, counts and shares.
        text: what it is.
    """

    name: str
    unit: str
    text: str


_UNIT: Final = Column("unit", "", "name of the study's unit: the hash of what it computes")
_DESIGN: Final = Column("design", "", "name of the design, d00 onwards, within its unit")
_SEARCHER: Final = Column("searcher", "", "which search found it")
_SEED: Final = Column("seed", "", "seed of that search")
_SHARE: Final = Column("share", "", "share of the whole budget that this search had")
_MEASURED: Final = Column("OBJECTIVE", "its own", "the objective, measured on test data at exact costs, mean over the simulated chips")
_VALIDATED: Final = Column("validation_OBJECTIVE", "its own", "the same on validation data and other simulated chips")
_RELAXED: Final = Column(
    "relaxed_OBJECTIVE", "its own", "claimed of the member by the relaxed model, on validation data; empty where none did"
)
_ROUNDED: Final = Column("rounded_OBJECTIVE", "its own", "the same once everything is legal, before weights are tuned for it")
_LEGAL: Final = Column("rounded_feasible", "", "whether bounds held right after rounding")
_SPREAD: Final = Column("error_std", "", "standard deviation of the test error over simulated chips")
_FEASIBLE: Final = Column("feasible", "", "whether all bounds hold, measured")
_FRONT: Final = Column("on_front", "", "feasible, and beaten by no other feasible design in all measured objectives")
_ORIGIN: Final = Column("origin", "", "a hardened `member`, one step from it (`polish`), `tuned` once more, or the searcher's")
_PARAMETERS: Final = (
    Column("PARAMETER", "its own", "value of a parameter that was searched"),
    Column("PARAMETER[LAYER]", "its own", "the same of one that each layer has its own of"),
)

_DESIGNS: Final = (
    _UNIT,
    Column("KEY", "", "what the sweep varied (only of a sweep)"),
    Column("KEY_of_design", "", "a column of the design that has the name of such a key"),
    _DESIGN,
    _SEARCHER,
    _SEED,
    Column("member", "", "number of the member of the population that it came from"),
    _ORIGIN,
    *_PARAMETERS,
    _MEASURED,
    Column("excess", "", "how far the chip asks for more than its technology can do, natural logarithm; 0 for a legal one"),
    Column("energy_pj", "pJ", "energy of one inference"),
    Column("latency_ns", "ns", "time of one inference"),
    Column("area_um2", "um2", "silicon area"),
    Column("error_mean", "", "share of wrong test answers, mean over simulated chips"),
    _SPREAD,
    Column("chips", "", "simulated chips that it was measured on"),
    Column("validation_error", "", "share of wrong validation answers, mean over other simulated chips"),
    _VALIDATED,
    Column("chip_errors", "", "test error of every simulated chip, a list; the chips are the same for all designs"),
    Column("validation_chip_errors", "", "the same on validation data, with other chips"),
    Column("test_samples", "", "test samples that errors are shares of"),
    Column("validation_samples", "", "validation samples likewise"),
    _RELAXED,
    _ROUNDED,
    Column("gap_NAME", "", "measured over relaxed: a ratio less 1 for costs, a difference for errors"),
    _LEGAL,
    Column("violation", "", "by how much the tightest bound is exceeded; at most 0 where it holds"),
    Column("tightest", "", "which bound that is"),
    _FEASIBLE,
    Column("input_rate[LAYER]", "", "measured share of non-zero inputs, per element and step"),
    Column("output_rate[LAYER]", "", "the same of its outputs"),
    Column("weight_density[LAYER]", "", "share of weights that are not 0 once quantised"),
    Column("weight_magnitude[LAYER]", "", "mean size of those, as a share of the largest that can be stored"),
    Column("arrays[LAYER]", "", "arrays that the layer takes, on a crossbar"),
    Column("cores[LAYER]", "", "cores that it takes, on a many-core"),
    *(
        column
        for name, age in (("error_1h", "an hour"), ("error_1d", "a day"), ("error_30d", "a month"))
        for column in (
            Column(name, "", f"test error {age} after programming, drift compensated, mean over chips (only of chips that age)"),
            Column(f"{name}_std", "", "standard deviation of that over chips"),
            Column(f"{name}_recalibrated", "", "the same with columns re-estimated then from 256 training samples, which is not charged"),
            Column(f"{name}_recalibrated_std", "", "standard deviation of that over chips"),
        )
    ),
    Column(
        "error_exact", "", "test error on solved wires and devices of every slice of a weight, mean over chips (crossbars of the front)"
    ),
    Column("error_exact_std", "", "standard deviation of that over chips"),
    Column("exact_gap", "", "that error less that of the search's form of the same devices on the same samples: 0.01 is a point"),
    Column("exact_gap_se", "", "standard error of the gap, over samples"),
    Column("exact_chips", "", "simulated chips that this was measured on"),
    Column("exact_samples", "", "test samples likewise"),
    Column("exact_wires", "", "what solved the wires: `exact`, or `line mean-field` where that would have taken too long"),
    Column("polish_evaluations", "", "legal designs that were scored for it"),
    Column("budget_sample_steps", "", "training samples x time steps that it took"),
    *(
        Column(f"{cost}_{end}", unit, f"{share}th percentile of the {cost.partition('_')[0]} under draws of all prices")
        for cost, unit in (("energy_pj", "pJ"), ("latency_ns", "ns"), ("area_um2", "um2"))
        for end, share in (("p10", 10), ("p90", 90))
    ),
    _FRONT,
    Column("front_probability", "", "share of draws of all prices in which it is on the front"),
)

COLUMNS: Final[Mapping[str, Sequence[Column]]] = MappingProxyType(
    {
        "designs": _DESIGNS,
        "pareto": _DESIGNS,
        "breakdown": (
            _UNIT,
            _DESIGN,
            Column("layer", "", "name of the layer; `chip` in rows of area"),
            Column("component", "", "what spends; `time` in rows of latency"),
            Column("energy_pj", "pJ", "energy of one inference there; the column sums to the design's energy"),
            Column("latency_ns", "ns", "time of the layer; sums likewise"),
            Column("area_um2", "um2", "silicon of the component; sums likewise"),
        ),
        "prices": (
            Column("constant", "", "the price, as in the technology"),
            Column("elasticity", "", "percent of the recommended design's energy per percent of the price"),
            Column("shift", "%", "by how much one standard deviation of the price moves two designs of the front against each other"),
            Column("value", "its own", "the price as it is"),
            Column("unit", "", "its unit"),
            Column("low", "its own", "10th percentile of what it may be"),
            Column("high", "its own", "90th percentile"),
            Column("source", "", "where it is from, and how it was scaled"),
            Column("spread", "", "standard deviation of its natural logarithm"),
        ),
        "history": (
            _UNIT,
            Column("step", "", "minibatches so far"),
            Column("stage", "", "warmup, relax or anneal"),
            Column("member", "", "number of the member"),
            Column("loss", "nat", "training loss, mean since the row before"),
            Column("NAME", "its own", "the objective of the relaxed design on validation data"),
            Column("relaxed_hypervolume", "", "of the whole population, relaxed"),
            Column("failed", "", "whether the member has been given up"),
        ),
        "failed": (
            _UNIT,
            Column("member", "", "number of the member"),
            Column("stage", "", "where it was given up"),
            Column("reason", "", "why"),
        ),
        "hardened": (
            _UNIT,
            Column("point", "", "the legal design, as JSON: parameters by name"),
            Column("relaxed", "", "objectives that the relaxed model claimed, as JSON, in the order of the config"),
            Column("rounded", "", "the same once everything is legal"),
            _LEGAL,
            Column("evaluations", "", "legal designs that were scored for it"),
        ),
        "units": (
            _UNIT,
            Column("KEY", "", "what the sweep varied"),
            Column("state", "", "waiting, running, done, failed or lost"),
            Column("attempts", "", "how often it was begun"),
            Column("wall_s", "s", "time it took"),
            Column("processor_s", "s", "processor time it took"),
            Column("peak_gb", "GB", "most memory of its process"),
            Column("host", "", "where it ran"),
            Column("reason", "", "why it failed or was lost"),
            Column("designs", "", "measured designs"),
            Column("on_front", "", "how many of them are on the common front"),
            Column("design", "", "the one it would build"),
            Column("OBJECTIVE", "its own", "the measured objective of that"),
        ),
        "comparison": (
            _SEARCHER,
            _SEED,
            _SHARE,
            Column("budget", "", "training samples x time steps that it had"),
            Column("spent", "", "the same that it spent"),
            Column("seconds", "s", "time it took"),
            Column("processor_seconds", "s", "processor time it took"),
            Column("found", "", "legal designs that it knew of"),
            Column("measured", "", "designs measured on test data"),
            Column("feasible", "", "share of them that hold all bounds"),
            Column("hypervolume", "", "share of the box that they dominate, measured"),
            Column("hypervolume_gap", "", "by how much that is less than the front of all searchers together dominates, as a share"),
            Column("igd_plus", "", "IGD+ to that front, on scales of the box"),
            Column("best_OBJECTIVE", "its own", "the best measured value"),
            Column("gap_NAME", "", "median gap between claim and hardened design (only of relaxed searches)"),
            Column("rounded_feasible", "", "share of members whose bounds held right after rounding"),
        ),
        "front": (_SEARCHER, _SEED, _SHARE, _FRONT, _MEASURED, _VALIDATED, _SPREAD, _FEASIBLE, _ORIGIN, *_PARAMETERS),
        "course": (
            _SEARCHER,
            _SEED,
            _SHARE,
            Column("spent", "", "training samples x time steps so far"),
            Column("validation_hypervolume", "", "share of the box that the legal designs known by then dominate, on validation data"),
        ),
        "summary": (
            _SHARE,
            _SEARCHER,
            Column("seeds", "", "searches that are done"),
            Column("median", "", "hypervolume, over seeds"),
            Column("low", "", "95 % interval of the median, by bootstrap"),
            Column("high", "", "its other end"),
            Column("gap", "", "median of hypervolume_gap"),
            Column("igd_plus", "", "median of igd_plus"),
            Column("seconds", "s", "median time"),
            Column("spent", "", "median of what was spent"),
            Column("difference", "", "median over seeds of the first searcher's hypervolume less this one's"),
            Column("p_holm", "", "Wilcoxon's two-sided p of that, adjusted by Holm"),
            Column("rank_biserial", "", "effect: rank-biserial correlation"),
            Column("cliffs_delta", "", "effect: Cliff's delta"),
        ),
        "claims": (
            _SEARCHER,
            _SEED,
            _SHARE,
            _LEGAL,
            _RELAXED,
            _ROUNDED,
            Column("hardened_OBJECTIVE", "its own", "once weights are tuned for it, on validation data too"),
            Column("gap_NAME", "", "hardened over relaxed: a ratio less 1 for costs, a difference for errors"),
        ),
    }
)
"""By table; `course` is what a comparison calls `history.csv`."""
