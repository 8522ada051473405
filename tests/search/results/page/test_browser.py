"""The page in a browser: no errors, a click and the keyboard choose a design, and it fits a phone and a dark room."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codesign.units import show
from search.results import publish
from tests.search.results import made
from tests.search.results.browser import chromium, missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow  # a browser starts

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    path = chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish.republish(made.finished(tmp_path_factory.mktemp("made") / "out"))


@pytest.fixture
def opened(browser: "Browser") -> Iterator[Open]:
    """Opens a file; at the end of the test nothing may have gone wrong in it, nothing asked for, and no name been run."""
    errors, contexts, pages = list[str](), list[Any](), list[Any]()

    def open_file(path: Path, width: int = 1400, scheme: Any = "light") -> "Page":
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: errors.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None)
        page.goto(path.as_uri())
        page.wait_for_selector(".front .main-svg")
        contexts.append(context)
        pages.append(page)
        return page

    yield open_file
    assert errors == []
    assert not any(page.evaluate("window.broken") for page in pages)
    for context in contexts:
        context.close()


def title(page: "Page") -> str:
    return page.locator(".sheet h2").first.inner_text()


def test_a_click_on_a_point_shows_the_breakdown_of_that_design(opened: Open, report: Path) -> None:
    page = opened(report)
    box = page.locator(".front .chart")
    # where plotly has drawn the design, asked of plotly
    script = """(chart) => { const trace = chart.data.find((each) => each.name === "on the front");
        const at = trace.customdata.indexOf(0), place = chart.getBoundingClientRect(), {xaxis, yaxis} = chart._fullLayout;
        return [place.x + xaxis._offset + xaxis.d2p(trace.x[at]), place.y + yaxis._offset + yaxis.d2p(trace.y[at])]; }"""
    page.mouse.click(*box.evaluate(script))
    assert title(page) == "Spec sheet of d00"
    table = page.locator(".sheet details table")
    assert table.count() == 1
    page.locator(".sheet details summary").click()
    assert show(made.design(0, 9)["energy_pj"], "pJ") in table.inner_text(), "the energies of all layers sum to the design's"
    assert page.locator(".sheet .chart .main-svg").count() >= 4, "energy, layers, chips, ageing"


def test_the_keyboard_goes_everywhere(opened: Open, report: Path) -> None:
    page = opened(report)
    page.locator(".card").first.focus()
    page.keyboard.press("Enter")
    assert title(page) == "Spec sheet of d00"
    page.locator(".front .chart").focus()
    page.keyboard.press("ArrowRight")
    assert title(page) == "Spec sheet of d01"
    page.locator(".parallel canvas").focus()
    page.keyboard.press("ArrowLeft")
    assert title(page) == "Spec sheet of d00"
    page.locator(".designs .link", has_text="d03").focus()
    page.keyboard.press("Enter")
    assert title(page) == "Spec sheet of d03"
    assert page.evaluate("document.activeElement.textContent") == "d03", "who came by keyboard goes on from there"


def test_a_spec_sheet_is_enough_to_build_from(opened: Open, report: Path) -> None:
    page = opened(report)
    page.locator(".card").first.click()
    text = page.locator(".sheet").inner_text()
    for needed in ("spikes", "plain values", "768", "clock", "200 MHz", "crossbar", "lif", "a month"):
        assert needed in text, needed
    assert made.LAYERS[1] in text, "names are text"


def test_dragging_along_an_axis_keeps_what_passes_there(opened: Open, report: Path) -> None:
    page = opened(report)
    page.locator(".parallel canvas").scroll_into_view_if_needed()
    group = "document.querySelector('.parallel canvas').getBoundingClientRect()"
    place = page.evaluate(f"(() => {{ const b = {group}; return [b.x, b.y, b.height]; }})()")
    x, top = place[0] + 46, place[1] + 64
    page.mouse.move(x, top + 5)
    page.mouse.down()
    page.mouse.move(x, top + 60, steps=4)
    page.mouse.up()
    told = page.locator(".parallel .controls span").inner_text()
    assert told == "3 of 9 designs", "those with 64 rows"
    drawn = page.locator(".front .chart").evaluate("(c) => c.data.filter((t) => t.customdata).reduce((n, t) => n + t.customdata.length, 0)")
    assert drawn == 3, "the front follows"
    page.locator(".parallel .quiet").click()
    assert page.locator(".parallel .controls span").inner_text() == ""


def test_axes_and_order_can_be_chosen(opened: Open, report: Path) -> None:
    page = opened(report)
    page.get_by_label("y axis").select_option("latency_ns")
    assert "latency" in page.locator(".front .chart .ytitle").text_content()
    page.locator(".designs input[type=checkbox]").check()
    assert page.locator(".designs tbody tr").count() == 9
    page.locator(".designs thead button", has_text="error").click()
    assert page.locator(".designs tbody tr .link").first.inner_text() == "d07", "least error first"


@pytest.mark.parametrize("width", [360, 768, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_read(opened: Open, report: Path, width: int, scheme: str) -> None:
    page = opened(report, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "nothing is wider than the screen"
    ground, ink = page.evaluate("(() => { const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]; })()")
    dark = scheme == "dark"
    assert (sum(map(int, ground[4:-1].split(","))) < sum(map(int, ink[4:-1].split(",")))) == dark
    paper = page.locator(".front .chart").evaluate("(chart) => chart._fullLayout.paper_bgcolor")
    assert paper == ("#171a1f" if dark else "#ffffff"), "charts are as dark as the page"


def test_paper_is_white(opened: Open, report: Path, tmp_path: Path) -> None:
    page = opened(report, scheme="dark")
    page.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 20_000
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".front .chart").evaluate("(chart) => chart._fullLayout.paper_bgcolor") == "#ffffff"


def test_values_are_told_as_python_tells_them(opened: Open, report: Path) -> None:
    page = opened(report)
    for value, unit in ((1234.5, "pJ"), (0.02, "ns"), (7.9e5, "um2"), (42.0, "um2"), (999.6, "pJ"), (3.0, "mW"), (1.2e7, "pJ*ns")):
        assert page.evaluate("([value, unit]) => show(value, unit)", [value, unit]) == show(value, unit)


def test_a_sweep_is_one_page_and_its_fronts_can_be_clicked(opened: Open, tmp_path: Path) -> None:
    labels = tuple({"seed": seed, "variant": made.HOSTILE if seed else "plain"} for seed in range(2))
    page = opened(publish.republish(made.finished(tmp_path / "sweep", labels=labels)))
    assert title(page).startswith("Spec sheet of d")
    assert "seed 0" in title(page) or "seed 1" in title(page)
    page.evaluate("document.querySelector('[data-figure=compare]').emit('plotly_click', {points: [{customdata: ['000000000001', 'd03']}]})")
    assert title(page).startswith("Spec sheet of d03 (seed 1")


def test_an_old_folder_has_a_page(opened: Open, tmp_path: Path) -> None:
    page = opened(publish.republish(made.finished(tmp_path / "old", change=made.without, known=made.EARLIER)))
    assert page.locator(".sheet .chart .main-svg").count() >= 3


def test_a_study_that_broke_its_bounds_has_a_page_of_the_nearest_design(opened: Open, tmp_path: Path) -> None:
    def bounded(row: made.Row) -> made.Row:
        return (
            row
            | {"feasible": False, "power_mw": 5.0, "violation": 1.0 + row["member"], "tightest": "power", "accuracy": 1 - row["error"]}
            | {f"{stage}_accuracy": 1 - row["error"] for stage in ("validation", "relaxed", "rounded")}
            | {"gap_accuracy": 0.0}
        )

    def config_text(text: str) -> str:
        return text.replace("objectives: [error, energy]", "objectives: [accuracy, energy]\nconstraints: {power: 1.0}")

    page = opened(publish.republish(made.finished(tmp_path / "out", change=bounded, config_text=config_text)))
    assert title(page) == "Spec sheet of d00"
    assert page.locator(".card").count() == 0
    assert "at most 1 mW" in page.locator(".sheet table").first.inner_text()
    assert "breaks a bound" in page.locator(".badges").inner_text()
    assert "Build nothing yet" in page.locator(".build").inner_text()
