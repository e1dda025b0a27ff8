"""Pages as a browser shows them: on a desk and on a phone, light, dark and printed. Needs Chromium; skipped where there is none."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import BEYOND, FULL, WAIT_MS, launched, shut_out
from evidence_pages import PAGES

WIDTHS = (1280, 360)
DAILY = ((1280, "light"), (360, "dark"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as found:
        yield found


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
            assert shut_out(page) == []


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
