"""A study small enough to run in seconds."""

from collections.abc import Collection, Sequence
from pathlib import Path

from search.launch.resolved import write_config
from search.problem import config
from search.results import publish
from search.study import driver
from search.study.engines.inline import Inline
from search.study.screens.screen import Screen
from search.study.store.store import Store
from search.study.unit import State, Unit
from search.unit.work import UnitWork

TOY = """
name: toy
seed: 3
data: {name: digits, limit: 120}
network: {kind: mlp, hidden: [12], longest: 3}
hardware: {kind: crossbar, technology: rram_45nm, fixed: {cell_bits: 1}}
parameters:
  rows: {kind: power_of_two, low: 16, high: 64}
  adc_bits: {kind: integer, low: 3, high: 6}
  timesteps: {kind: integer, low: 1, high: 3}
  weight_bits: {kind: integer, low: 2, high: 4, per_layer: true}
  programming_sigma: {kind: continuous, low: 0.02, high: 0.2, log: true, per_layer: true}
objectives: [error, energy]
search:
  population: 3
  batch_size: 32
  warmup_steps: 20
  relax_steps: 40
  anneal_steps: 20
  finetune_steps: 10
  steps_per_call: 10
  preference_low: 0.01
  preference_high: 3
  scout_evaluations: 96
  tuned_designs: 2
  chips: 4
  exact_chips: 0
  designs: 6
"""


def toy_config(folder: Path, **replaced: str) -> Path:
    text = TOY
    for old, new in replaced.items():
        assert f"{old}:" in text
        text = "\n".join(f"{line.split(old)[0]}{old}: {new}" if line.strip().startswith(f"{old}:") else line for line in text.splitlines())
    path = folder / "toy.yaml"
    path.write_text(text)
    return path


def digital(text: str) -> str:
    """The same study on a digital chip: its programs compile in half the time, where what is tested is not the chip."""
    replaced = {
        "hardware:": "hardware: {kind: systolic, technology: digital_28nm}\n",
        "  adc_bits:": "  columns: {kind: integer, low: 4, high: 64}\n",
        "  programming_sigma:": "",
    }
    return "".join(next((new for old, new in replaced.items() if line.startswith(old)), line) for line in text.splitlines(keepends=True))


class Silent:
    """A screen that keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float, str]] = []
        self.ends: list[tuple[str, State, str]] = []
        self.notes: list[str] = []

    def begin(self, units: Sequence[Unit], done: Collection[str]) -> None:
        pass

    def show(self, unit: Unit, stage: str, share: float, details: str) -> None:
        self.seen.append((stage, share, details))

    def ended(self, unit: Unit, state: State, reason: str) -> None:
        self.ends.append((unit.name, state, reason))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def close(self) -> None:
        pass


def finished_study(path: Path, screen: Screen) -> Path:
    """The result folder of a config, beside it: run and published."""
    file = config.read(path)
    unit = Unit(file.config.hash(), {}, config.written(file.config))
    with Store(path.parent / "out") as store:
        store.put("kind", "run")
        store.add_units([unit])
        driver.run([unit], store, Inline(), lambda: UnitWork({unit.name: file}), screen, lambda: None)
        write_config(store.folder, file.config)
        publish.publish(store)
    return path.parent / "out"
