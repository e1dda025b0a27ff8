"""Pages as a browser shows them: on a desk and on a phone, light, dark and printed. Needs Chromium; skipped where there is none."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from evidence_pages import PAGES

playwright = pytest.importorskip(
    "playwright.sync_api", reason="looking at pages needs playwright: pip install -e '.[dev]'"
)
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="needs axe-playwright-python: pip install -e '.[dev]'"
)

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
WAIT_MS = 120_000  # for a machine that is busy with the rest of the suite
WIDTHS = (1280, 360)
FULL = os.environ.get("HIL_FULL") == "1"
DAILY = ((1280, "light"), (360, "dark"))

#: Right edges of what is drawn outside of a box that scrolls by itself: beyond the screen is out of sight.
BEYOND = """() => {
  const width = document.documentElement.clientWidth;
  const hidden = e => e.closest('.scroll, .unseen, thead, svg') !== null;
  return [...document.querySelectorAll('main *')]
    .filter(e => !hidden(e) && e.getBoundingClientRect().right > width + 1)
    .map(e => `${e.tagName} ${e.className}: ${e.textContent.trim().slice(0, 60)}`);
}"""


def find_chromium(own: str) -> str | None:
    """The browser that is to be used: HIL_CHROMIUM, playwright's own, or the system's."""
    candidates = [os.environ.get("HIL_CHROMIUM"), own, *map(shutil.which, PROGRAMS)]
    return next((path for path in candidates if path and Path(path).is_file()), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        path = find_chromium(driver.chromium.executable_path)
        if path is None:
            pytest.skip("no Chromium here: apt-get install chromium-headless-shell, or HIL_CHROMIUM=PATH")
        try:
            found = driver.chromium.launch(executable_path=path, timeout=WAIT_MS)
        except playwright.Error as error:
            pytest.skip(f"{path} does not start here: {str(error).splitlines()[0]}")
        yield found
        found.close()


Show = Callable[..., Any]


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Show]:
    """Opens a page's bytes; at the end nothing may have been complained of or fetched."""
    said: list[str] = []
    contexts = []

    def opened(content: bytes, width: int, scheme: str = "light") -> Any:
        path = tmp_path / "report.html"
        path.write_bytes(content)
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if not request.url.startswith("data:") else None)
        page.goto(path.as_uri())
        assert said == [path.as_uri()]
        said.clear()
        return page

    yield opened
    assert said == []
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_the_screen_and_shuts_nobody_out(name: str, width: int, show: Show) -> None:
    content = PAGES[name]()
    for scheme in ("light", "dark"):
        page = show(content, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(BEYOND) == []
        # The rules of width and those of colours know nothing of each other: each of both once is enough for every day.
        if (width, scheme) in DAILY or FULL:
            found = axe.Axe().run(page).response["violations"]
            bad = [v for v in found if v["impact"] in ("serious", "critical")]
            assert not bad, [(v["id"], v["help"], [node["html"][:120] for node in v["nodes"][:3]]) for v in bad]


@pytest.mark.parametrize("name", PAGES)
def test_a_printed_page_is_ink_on_white_and_as_wide_as_the_paper(name: str, show: Show) -> None:
    page = show(PAGES[name](), 720, "dark")  # A4 less its margins, at 96 dots per inch
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert page.evaluate(BEYOND) == []


def test_on_a_phone_a_gate_stands_with_its_result_and_reason(show: Show) -> None:
    page = show(PAGES["failed_in_a_layer"](), 360)
    rows = page.locator("table", has=page.locator("caption", has_text="Each gate")).locator("tbody tr")
    assert rows.count() >= 3
    for row in rows.all():
        boxes = [cell.bounding_box() for cell in row.locator("th, td").all()]
        assert len(boxes) == 3
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["height"] > 10 for box in boxes)
        assert all(above["y"] + above["height"] <= below["y"] + 1 for above, below in itertools.pairwise(boxes))


def test_what_scrolls_can_be_reached_and_moved_by_keys(show: Show) -> None:
    page = show(PAGES["hundred_classes"](), 360)
    matrix = page.get_by_role("region", name="Confusion matrix")
    wider = "e => e.scrollWidth - e.clientWidth"
    assert matrix.evaluate(wider) > 100, "the case that this is about"
    for _ in range(30):
        page.keyboard.press("Tab")
        if matrix.evaluate("e => e === document.activeElement"):
            break
    else:
        pytest.fail("the matrix is never reached by Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
