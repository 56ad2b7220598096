"""The report in a real browser: nothing is fetched, nothing goes wrong, nothing runs over the edge."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.report.check_page import FILE_NAME as CHECK_PAGE
from tasks.report.check_page import render_checks
from tasks.report.data import collect
from tasks.report.page import render, write_page
from tasks.warehouse.run import Run
from tests.unit.report.made_story import EVIL, SIXTY, standard_run, stopped_run

#: A desktop and a telephone, in CSS pixels.
WIDTHS = (1280, 390)
PAGES: dict[str, Callable[[Path], Run]] = {
    "published": standard_run,
    "first": lambda folder: standard_run(folder, is_first=True, customers=200),
    "stopped": stopped_run,
    "sixty": lambda folder: standard_run(folder, names=SIXTY, customers=300),
    "evil": lambda folder: standard_run(folder, names=EVIL, customers=300),
}

#: Runs whose check page is looked at, too.
CHECK_PAGES = ("published", "stopped")
WRITTEN = (*PAGES, *(f"{name}, checks" for name in CHECK_PAGES))

Driver = Any  # selenium has no complete types


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    """Headless Chromium that keeps a log of its console and of every request."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    if browser is None or chromedriver is None:
        pytest.skip("chromium and chromedriver are not installed (apt-get install chromium chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(chromedriver))
    yield started
    started.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The written page of each kind of run."""
    written = {}
    for name, make in PAGES.items():
        run = make(tmp_path_factory.mktemp(name))
        data = collect(run)
        written[name] = write_page(render(data), run.paths.report)
        if name in CHECK_PAGES:
            written[f"{name}, checks"] = write_page(render_checks(data), run.paths.report, CHECK_PAGE)
        run.warehouse.close()
    return written


def open_page(driver: Driver, path: Path, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get(path.as_uri())


@pytest.mark.parametrize("name", WRITTEN)
def test_nothing_is_requested_and_the_console_is_silent(driver: Driver, pages: dict[str, Path], name: str) -> None:
    for kind in ("performance", "browser"):
        driver.get_log(kind)
    open_page(driver, pages[name], 1280)
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    requested = [
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in requested if not url.startswith("data:")] == [pages[name].as_uri()]
    assert driver.get_log("browser") == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", WRITTEN)
def test_the_page_never_scrolls_sideways(driver: Driver, pages: dict[str, Path], name: str, width: int) -> None:
    open_page(driver, pages[name], width)
    driver.execute_script("document.querySelectorAll('details').forEach(item => { item.open = true; })")
    page = "document.documentElement"
    assert driver.execute_script("return window.innerWidth") == width
    assert driver.execute_script(f"return {page}.scrollWidth - {page}.clientWidth") == 0


@pytest.mark.parametrize("name", ["published", "sixty", "evil", "published, checks"])
def test_drawings_have_room_for_what_is_drawn(driver: Driver, pages: dict[str, Path], name: str) -> None:
    """Nothing is cut off at the edge of a drawing."""
    open_page(driver, pages[name], 1280)
    cut = driver.execute_script(
        """
        return [...document.querySelectorAll('svg.chart')].flatMap(drawing => {
            const room = drawing.viewBox.baseVal, drawn = drawing.getBBox();
            const isOver = drawn.x < -1 || drawn.y < -1
                || drawn.x + drawn.width > room.width + 1 || drawn.y + drawn.height > room.height + 1;
            return isOver ? [[drawing.querySelector('title').textContent, drawn.x, drawn.y,
                              drawn.x + drawn.width - room.width, drawn.y + drawn.height - room.height]] : [];
        })
        """
    )
    assert cut == []


@pytest.mark.parametrize("name", ["published", "published, checks"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(driver: Driver, pages: dict[str, Path], scheme: str, name: str) -> None:
    """Text has at least the contrast 4.5 to what it stands on (WCAG 2.1, success criterion 1.4.3)."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    open_page(driver, pages[name], 1280)
    driver.execute_script("document.querySelectorAll('details').forEach(item => { item.open = true; })")
    contrasts = driver.execute_script(
        """
        const channels = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
        const isClear = colour => /, 0\\)$/.test(colour) || colour === 'transparent';
        const luminance = colour => {
            const [r, g, b] = channels(colour).map(
                value => value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (a, b) => {
            const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
            return (high + 0.05) / (low + 0.05);
        };
        const behind = element => {
            for (let at = element; at; at = at.parentElement) {
                const colour = getComputedStyle(at).backgroundColor;
                if (!isClear(colour)) return colour;
            }
        };
        const found = {};
        const note = (name, value) => { found[name] = Math.min(found[name] ?? 99, value); };
        document.querySelectorAll('h1, h2, h3, p, a, li, th, td, .chip, .muted, summary, small, dt, code').forEach(
            item => note('html ' + item.tagName + '.' + item.className,
                         contrast(getComputedStyle(item).color, behind(item))));
        document.querySelectorAll('svg .cell').forEach(cell => {
            const label = cell.nextElementSibling;
            note('cell ' + cell.getAttribute('class'),
                 contrast(getComputedStyle(label).fill, getComputedStyle(cell).fill));
        });
        return found;
        """
    )
    assert len(contrasts) > 20
    assert {name: round(value, 2) for name, value in contrasts.items() if value < 4.5} == {}


@pytest.mark.parametrize(
    ("choice", "results"),
    [("all", {"is-failed", "is-passed"}), ("failed", {"is-failed"}), ("passed", {"is-passed"}), ("skipped", set())],
)
def test_checks_are_chosen_by_their_result(
    driver: Driver, pages: dict[str, Path], choice: str, results: set[str]
) -> None:
    open_page(driver, pages["published, checks"], 1280)
    driver.execute_script("document.querySelectorAll('details').forEach(item => { item.open = true; })")
    driver.find_element("id", f"show-{choice}").click()
    shown = driver.execute_script(
        "return [...document.querySelectorAll('.check')].filter(item => item.offsetParent).map(item => item.classList[1])"
    )
    assert set(shown) == results
    empty = driver.execute_script(
        """
        return [...document.querySelectorAll('.door, .table')].filter(
            item => item.offsetParent && ![...item.querySelectorAll('.check')].some(check => check.offsetParent)).length
        """
    )
    assert empty == 0
