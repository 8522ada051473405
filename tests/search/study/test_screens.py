"""What a user reads while a study runs: how far it is, and how long it will take."""

import io
import json

import pytest
from rich.console import Console

from search.study.screens import screen
from search.study.screens.lines import LinesScreen
from search.study.screens.plain import PlainScreen
from search.study.screens.screen import Clock, Count, spelt
from search.study.screens.terminal import TerminalScreen
from search.study.unit import State
from tests.search.study.toy_work import units


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(screen.time, "monotonic", lambda: now[0])
    return now


def test_compilation_is_not_taken_for_the_pace_of_steps(clock: list[float]) -> None:
    told = Clock()
    clock[0] = 20.0
    assert told.left(0.01, alone=True) is None
    clock[0] = 21.0
    # four hundredths a second are left to do, and what hardening and measurement compile
    assert told.left(0.05, alone=True) == pytest.approx(0.95 / 0.04 + 2 * 20 * (0.55 - 0.05) / 0.55)
    clock[0] = 60.0
    assert told.left(0.9, alone=True) == pytest.approx(40 / 0.89 * 0.1)


def test_units_that_all_compile_have_that_in_their_pace(clock: list[float]) -> None:
    told = Clock()
    clock[0] = 10.0
    told.left(0.1, alone=False)
    clock[0] = 30.0
    assert told.left(0.25, alone=False) == pytest.approx(90.0)


def test_a_lost_unit_is_not_done() -> None:
    count, (first, second) = Count(), units(2)
    count.begin([first, second], set())
    assert count.show(first, 0.5) == 0.25
    assert count.ended(first, State.LOST) == 0
    assert count.show(second, 1.2) == 0.5
    assert count.ended(second, State.FAILED) == 0.5


@pytest.mark.parametrize(("seconds", "text"), [(None, ""), (7.9, "about 7s left"), (80, "about 1m 20s left"), (7260, "about 2h 01m left")])
def test_times_for_people(seconds: float | None, text: str) -> None:
    assert spelt(seconds) == text


def test_lines_name_the_unit_and_whatever_ended() -> None:
    out = io.StringIO()
    plain, (first, second) = PlainScreen(out), units(2)
    plain.begin([first, second], {second.name})
    plain.show(first, "relax", 0.5, "loss 1.2")
    plain.show(first, "relax", 0.51, "too soon after the last")
    plain.ended(first, State.FAILED, "nothing is finite")
    assert out.getvalue().splitlines() == [
        "2 units, 1 of them done before",
        " 75%  1/2 units  seed 0  relax  loss 1.2",
        "100%  seed 0  failed  nothing is finite",
    ]


def test_the_terminal_shows_names_as_they_are() -> None:
    """Labels come from configs: `[red]` is text and no colour."""
    out = io.StringIO()
    live = TerminalScreen(Console(file=out, force_terminal=True, width=140))
    unit = units(1)[0]._replace(label={"variant": "[red]mine"})
    live.begin([unit, *units(1)], set())
    live.show(unit, "relax", 0.5, "loss [bold]")
    live.note("checkpoint [x] is damaged")
    live.close()
    assert "[red]mine" in out.getvalue()
    assert "loss [bold]" in out.getvalue()
    assert "checkpoint [x] is damaged" in out.getvalue()


def test_programs_get_a_json_object_per_line() -> None:
    out = io.StringIO()
    told, (first, second) = LinesScreen(out), units(2)
    told.begin([first, second], {second.name})
    told.show(first, "relax", 0.5, "loss 1.2")
    told.ended(first, State.DONE, "")
    told.note("a note")
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["begin", "show", "ended", "note"]
    assert (events[0]["units"], events[0]["done"]) == (2, 1)
    assert (events[1]["unit"], events[1]["label"], events[1]["of_all"]) == (first.name, {"seed": 0}, 0.75)
    assert (events[2]["state"], events[2]["of_all"]) == ("done", 1.0)
