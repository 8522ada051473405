"""A finished study without a search: designs along a curve, with all that a page tells of them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from search.problem import config
from search.study.journal import Write
from search.study.store.store import Store
from search.study.unit import State, Unit
from tests.search.toy import toy_config

LAYERS = ("dense1", "dense2</script><script>window.broken = 1</script>")
COMPONENTS = ("adc", "array<b>", "buffers")
Row = dict[str, Any]
HOSTILE = "<img src=x onerror='window.broken = 1'>"


def design(number: int, count: int) -> dict[str, Any]:
    """Designs that get better and dearer; every third is beaten by the one before, of very many all but every fiftieth."""
    period, free = (3, 2) if count < 100 else (50, 1)
    behind = max(number % period - free + 1, 0)
    rank, worse = (number - behind) / max(count - 1, 1), 1 + 0.1 * behind
    energy, error = 1e3 * 30**rank * worse, 0.2 * 0.1**rank * worse
    row: dict[str, Any] = {"design": f"d{number:02d}", "origin": "member", "member": number, "feasible": True, "chips": 4}
    row |= {
        "error": error,
        "error_mean": error,
        "error_std": error / 10,
        "chip_errors": [error * share for share in (0.9, 0.95, 1.05, 1.1)],
    }
    row |= {"energy_pj": energy, "latency_ns": 100.0 + number, "area_um2": 2e5 + number}
    row |= {"validation_error": error * 0.98, "validation_energy_pj": energy, "validation_samples": 100, "test_samples": 100}
    row |= {"relaxed_error": error * 0.9, "relaxed_energy_pj": energy * 0.9, "rounded_error": error, "rounded_energy_pj": energy}
    row |= {"gap_error": error * 0.1, "gap_energy": 1.1, "energy_pj_p10": energy * 0.8, "energy_pj_p90": energy * 1.5}
    row |= {"error_1h": error * 1.1, "error_1d": error * 1.2, "error_30d": error * 1.5, "error_30d_std": error / 8}
    row |= {"error_30d_recalibrated": error * 1.2, "error_30d_recalibrated_std": error / 9}
    if number % 2 == 0:
        row |= {"error_exact": error * 1.1, "error_exact_std": error / 9, "exact_gap": error * 0.1, "exact_gap_se": error / 20}
        row |= {"exact_chips": 2, "exact_samples": 100, "exact_wires": "exact"}
    row |= {"rows": 16.0 * 2 ** (number % 3), "adc_bits": 3.0 + number % 4, "timesteps": 1.0 + number % 3}
    for layer in LAYERS:
        row |= {f"weight_bits[{layer}]": 2.0 + number % 3, f"programming_sigma[{layer}]": 0.02 + 0.001 * (number % 9)}
        row |= {f"input_rate[{layer}]": 0.4, f"output_rate[{layer}]": 0.2, f"weight_density[{layer}]": 0.9}
    return row


def breakdown(row: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Energy of each layer by component, latency of each layer, area of each component: they sum to the design's."""
    shares = {(layer, part): (2 - i) * (3 - j) / 18 for i, layer in enumerate(LAYERS) for j, part in enumerate(COMPONENTS)}
    found = [(*key, {"energy_pj": share * row["energy_pj"]}) for key, share in shares.items()]
    found += [(layer, "latency", {"latency_ns": row["latency_ns"] / 2}) for layer in LAYERS]
    found += [("", part, {"area_um2": row["area_um2"] / 3}) for part in COMPONENTS]
    nothing = dict.fromkeys(("energy_pj", "latency_ns", "area_um2"))
    return [(layer, part, {"layer": layer, "component": part, **nothing, **held}) for layer, part, held in found]


def facts() -> dict[str, Any]:
    shapes = {"kind": "dense", "neuron": "lif", "input": [64, 1, 1], "output": [12, 1, 1], "kernel": [1, 1], "stride": 1}
    constants = {"adc_pj": {"value": 2.0, "unit": "pJ", "low": 1.0, "high": 4.0, "source": f"a book {HOSTILE}", "spread": 0.5}}
    return {
        "layers": [{"name": layer, **shapes, "weights": 768, "macs": 768} for layer in LAYERS],
        "chip": {"family": {"value": "crossbar", "unit": ""}, "clock_mhz": {"value": 200.0, "unit": "MHz"}},
        "operation": {"gate": {"value": [1.0, 0.0], "unit": "1"}},
        "baselines": [
            {"name": f"ANN, 8 bit {HOSTILE}", "test_error": 0.05, "error_std": 0.01, "energy_pj": 9e3, "area_um2": 3e5, "why": ""}
        ],
        "constants": constants,
    }


EARLIER = {"constants": facts()["constants"]}
"""What units of earlier versions know of themselves."""


def drawn(row: Mapping[str, Any]) -> dict[str, Any]:
    values = [[row["error"], row["energy_pj"] * share] for share in (0.8, 1.0, 1.5)]
    return {"values": values, "elasticities": {"adc_pj": 0.3 + 0.01 * row["member"]}}


def finished(
    folder: Path,
    count: int = 9,
    labels: tuple[Mapping[str, Any], ...] = ({},),
    change: Callable[[Row], Row] = dict,
    known: Mapping[str, Any] | None = None,
    config_text: Callable[[str], str] = str,
) -> Path:
    """A result folder that nothing is published in yet.

    Args:
        folder: that does not exist.
        count: designs of each unit.
        labels: of the units; several make a sweep.
        change: what becomes of each design.
        known: facts of each unit; None for all.
        config_text: what becomes of the toy's config.
    """
    path = toy_config(folder.parent)
    path.write_text(config_text(path.read_text()))
    values = config.written(config.read(path).config)
    with Store(folder) as store:
        store.put("kind", "sweep" if len(labels) > 1 else "run")
        units = [Unit(f"{number:012x}", label, values) for number, label in enumerate(labels)]
        store.add_units(units)
        for unit in units:
            rows = [change(design(number, count)) for number in range(count)]
            written = [("designs", (row["design"], json.dumps(row))) for row in rows]
            written += [
                ("breakdown", (row["design"], layer, part, json.dumps(held))) for row in rows for layer, part, held in breakdown(row)
            ]
            written += [("drawn", (row["design"], json.dumps(drawn(row)))) for row in rows]
            written += [("failed", (99, "relax", f"not finite {HOSTILE}"))]
            written += [("facts", (key, json.dumps(value))) for key, value in (facts() if known is None else known).items()]
            steps = [(step, stage, member) for step, stage in ((10, "warm-up"), (20, "relax")) for member in (0, 1)]
            written += [("history", (step, member, stage, json.dumps(course(step, member)))) for step, stage, member in steps]
            store.begin(unit)
            store.write(unit, Write(tuple(written)))
            store.end(unit, State.DONE, "", {"wall_s": 90.0})
    return folder


def without(row: Row) -> Row:
    """As earlier versions stored it."""
    return {name: value for name, value in row.items() if name != "chip_errors" and not name.startswith("error_1")}


def course(step: int, member: int) -> dict[str, float]:
    return {"loss": 10 / (step + member), "error": 0.5, "energy": 1e4 * (1 + member), "relaxed_hypervolume": step / 100}
