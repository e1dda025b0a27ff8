"""The first try's reports stay: in ``try1/`` below the folder where the second writes its own."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Final

import pytest

from harness.errors import HilError
from harness.plugin import options, places
from harness.plugin.spread.needs import Need

FIRST: Final = "try1"


def folder_of(config: pytest.Config, nodeid: str, need: Need) -> Path | None:
    """Where the test's reports lie; None for one that leaves none."""
    from harness.evidence import layout

    if not need.case:
        return None
    if need.case == nodeid:
        return places.test_folder(config, nodeid)
    return layout.case_folder(places.report_root(config), need.case)


def put(config: pytest.Config, folder: Path | None) -> bool:
    """Move what the first try has left aside, and its record into the history; whether there was anything.

    Never raises: reports that cannot be moved are written over by the second try, as reports always are.
    """
    if folder is None or not folder.is_dir():
        return False
    place = folder / FIRST
    with contextlib.suppress(OSError):
        shutil.rmtree(place, ignore_errors=True)
        left = [path for path in folder.iterdir() if path.name != FIRST]
        if not left:
            return False
        place.mkdir()
        for path in left:
            path.replace(place / path.name)
        _into_history(config, place)
        return True
    return False


def clear(folder: Path | None) -> None:
    """Before a first try: what an earlier run had put aside there is not this one's."""
    if folder is not None:
        shutil.rmtree(folder / FIRST, ignore_errors=True)


def _into_history(config: pytest.Config, place: Path) -> None:
    from harness.evidence import read_record

    if not config.stash[options.KEY].history or not (place / "record.json").is_file():
        return
    with contextlib.suppress(HilError, OSError):
        places.keep_record(config, read_record(place), place)
