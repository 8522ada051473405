"""Whether every wish has its price: what a search gets for nothing it takes all of, and its verdict is then a hole of the model.

A parameter is moved to a bound of its range while the rest of the design, and what it runs, is random and legal. Where that makes nothing
worse in any design (energy, latency, area, arithmetic error, legality), the bound is a free lunch: give it a price, or do not search it.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.hardware.base import AbstractHardware
from codesign.parameters.space import Parameter
from codesign.technology.technology import Technology
from codesign.testing.designs import (
    Ranges,
    Values,
    bounds,
    chosen,
    default_workload,
    draw_choices,
    draw_values,
    draw_workloads,
    parameters_of,
)
from codesign.testing.move import Move, compare
from codesign.testing.qualities import Error, Legality, always_legal, arithmetic_error, measure
from codesign.workloads.workload import Workload


def check_no_free_lunch(hardware: AbstractHardware, ranges: Ranges, technology: Technology, **settings: Any) -> None:
    """Check that no bound of any parameter is a free lunch, that none is dead, and that no option beats another in everything.

    Args:
        hardware: a chip; parameters without a range keep its values.
        ranges: those of a search.
        technology: prices.
        settings: see `moves_to_bounds`.

    Raises:
        AssertionError: names each such parameter, the direction, what does not get worse, and the designs tried.
        ValueError: a range for a parameter that the chip does not have.
    """
    found = free_lunches(hardware, ranges, technology, **settings)
    assert not found, "\n".join(f"{move}" for move in found)


def free_lunches(hardware: AbstractHardware, ranges: Ranges, technology: Technology, **settings: Any) -> list[Move]:
    """The moves that `check_no_free_lunch` refuses; a dead parameter is one entry, `dead`."""
    moves = moves_to_bounds(hardware, ranges, technology, **settings)
    alive = {move.parameter for move in moves if move.changes}
    dead = {move.parameter: move._replace(towards="dead") for move in moves if move.parameter not in alive}
    return [*dead.values(), *(move for move in moves if move.free and move.parameter in alive)]


def moves_to_bounds(
    hardware: AbstractHardware,
    ranges: Ranges,
    technology: Technology,
    *,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    workload: Workload | None = None,
    error: Error | None = None,
    legality: Legality = always_legal,
    designs: int = 1024,
    seed: int = 0,
) -> list[Move]:
    """What every parameter's way to its bounds does, and every option in another's place.

    Args:
        hardware: a chip; parameters without a range keep its values.
        ranges: a search's space, or parameters or `(low, high)` by name: whole numbers where both are ints. Parameters of the network
            (bits, timesteps) are drawn at random but not judged, as only training knows what they cost.
        technology: prices.
        options: of static fields: the field's value for each option's name.
        workload: its layers are run; rates, bits, steps and spiking are drawn for every design. A small network by default.
        error: of a chip, less being better; that of its arithmetic (`arrays_of`) on a random layer by default.
        legality: of a chip and a workload, above 0 where it may not be built.
        designs: drawn at random. Most of the time goes into compiling; a rare price is found among many only.
        seed: of the draw.

    Raises:
        AssertionError: hardly any design drawn is legal.
        ValueError: a range for a parameter that the chip does not have.
    """
    rng = np.random.default_rng(seed)
    work = default_workload(hardware) if workload is None else workload
    # no search may move what is inert
    inert = hardware.inert_parameters(technology)
    parameters = {name: parameter for name, parameter in parameters_of(hardware, ranges).items() if name not in inert}
    base = {**draw_values(parameters, len(work), designs, rng), **draw_choices(hardware, designs, rng)}
    told = {**base, **chosen(hardware, base)}
    workloads = draw_workloads(work, designs, rng)
    changes = list(_changes(hardware, parameters, base))
    points = {name: np.stack([value, *(change.get(name, value) for _, change in changes)]) for name, value in base.items()}
    rows = points["rows"] if "rows" in points else getattr(hardware, "rows", [])
    judged_by = (workloads, arithmetic_error(technology, work, np.unique(rows).tolist()) if error is None else error, legality)
    before, *after = measure(hardware, technology, points, *judged_by)
    results = {key: result for (key, _), result in zip(changes, after, strict=True)}
    moves = [
        compare((name, side, f"{bound:g}"), before, results[name, side], told)
        for name, parameter in parameters.items()
        for side, bound in bounds(parameter).items()
    ]
    for name, choices in hardware.choices.items():
        if name in inert:
            continue
        moves += _duels(name, {option: results[name, option] for option in choices}, told)
    alone = {name: value[None] for name, value in base.items()}

    def with_option(name: str, value: Any) -> NDArray[np.float64]:
        # the chip's own option is compiled already
        if value is getattr(hardware, name):
            return before
        return measure(dataclasses.replace(hardware, **{name: value}), technology, alone, *judged_by)[0]

    for name, variants in (options or {}).items():
        moves += _duels(name, {option: with_option(name, value) for option, value in variants.items()}, told)
    return moves


def _changes(hardware: AbstractHardware, parameters: Mapping[str, Parameter], base: Values) -> Iterator[tuple[tuple[str, str], Values]]:
    """Every parameter at both bounds, every choice at each option: who and where, and the values that replace the random ones."""
    for name, parameter in parameters.items():
        for side, bound in bounds(parameter).items():
            yield (name, side), {name: np.full_like(base[name], bound)}
    for name, choices in hardware.choices.items():
        for option, shares in zip(choices, np.eye(len(choices)), strict=True):
            yield (name, option), {name: np.broadcast_to(shares, base[name].shape)}


def _duels(name: str, results: Mapping[str, NDArray[np.float64]], told: Values) -> list[Move]:
    """Each option in the place of each other one."""
    return [
        compare((name, f"{option} over {other}", option), results[other], results[option], told)
        for option in results
        for other in results
        if option != other
    ]
