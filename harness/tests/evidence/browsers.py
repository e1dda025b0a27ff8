"""The browser that tests look at pages with, and what they look for. A test is skipped where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="looking at pages needs playwright: pip install -e '.[dev]'"
)
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="needs axe-playwright-python: pip install -e '.[dev]'"
)

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
WAIT_MS = 120_000  # for a machine that is busy with the rest of the suite
FULL = os.environ.get("HIL_FULL") == "1"

#: Right edges of what is drawn outside of a box that scrolls by itself: beyond the screen is out of sight.
BEYOND = """() => {
  const width = document.documentElement.clientWidth;
  const hidden = e => e.closest('.scroll, .unseen, thead, svg') !== null;
  return [...document.querySelectorAll('main *')]
    .filter(e => !hidden(e) && e.getBoundingClientRect().right > width + 1)
    .map(e => `${e.tagName} ${e.className}: ${e.textContent.trim().slice(0, 60)}`);
}"""


@contextmanager
def launched() -> Iterator[Any]:
    """A browser: HIL_CHROMIUM, playwright's own, or the system's."""
    with playwright.sync_playwright() as driver:
        candidates = [os.environ.get("HIL_CHROMIUM"), driver.chromium.executable_path, *map(shutil.which, PROGRAMS)]
        path = next((path for path in candidates if path and Path(path).is_file()), None)
        if path is None:
            pytest.skip("no Chromium here: apt-get install chromium-headless-shell, or HIL_CHROMIUM=PATH")
        try:
            found = driver.chromium.launch(executable_path=path, timeout=WAIT_MS)
        except playwright.Error as error:
            pytest.skip(f"{path} does not start here: {str(error).splitlines()[0]}")
        yield found
        found.close()


def shut_out(page: Any) -> list[Any]:
    """What of a page keeps somebody from using it: axe-core's findings that are serious or critical."""
    found = axe.Axe().run(page).response["violations"]
    return [
        (v["id"], v["help"], [node["html"][:120] for node in v["nodes"][:3]])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
