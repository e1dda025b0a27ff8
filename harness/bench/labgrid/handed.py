"""What a run has listed, handed down to the processes that it starts: they need to know where a unit is, and no more.

Each would start a process of its own that asks the coordinator, and log in to every host, for what the run has just been told.
"""

from __future__ import annotations

import atexit
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from harness.bench import lease
from harness.bench.places import Place
from harness.disk.folders import runtime_folder

#: Names the file. Only those who work for whoever wrote it read it.
_FILE: Final = "HIL_LABGRID_PLACES"
_KEPT: Final = tuple(
    field.name for field in fields(Place) if field.type in ("str", "tuple[str, ...]")
)  # of this kind are all fields that a place over there has


def hand_down(url: str, places: Sequence[Place]) -> None:
    """For what this process starts. Never raises: without it they ask for themselves."""
    path = runtime_folder() / f"labgrid-{os.getpid()}.json"
    told = {"by": os.getpid(), "url": url, "places": [_told(place) for place in places]}
    try:
        path.write_text(json.dumps(told), encoding="utf-8")
    except OSError:
        return
    if os.environ.get(_FILE) != str(path):
        os.environ[_FILE] = str(path)
        atexit.register(_forget, path, os.getpid())


def handed(url: str) -> tuple[Place, ...] | None:
    """What the run that this process works for has listed; None where it works for none, or that has listed another bench."""
    path = os.environ.get(_FILE)
    if path is None or not _works_for_another():
        return None
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
        if told["url"] != url or told["by"] == os.getpid():
            return None
        return tuple(_place(each) for each in told["places"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _works_for_another() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ or os.environ.get(lease.RESERVED_BY, str(os.getpid())) != str(
        os.getpid()
    )


def _told(place: Place) -> dict[str, Any]:
    return {name: getattr(place, name) for name in _KEPT}


def _place(told: Mapping[str, Any]) -> Place:
    values: dict[str, Any] = {name: tuple(v) if isinstance(v := told[name], list) else str(v) for name in _KEPT}
    return Place(**values)


def _forget(path: Path, by: int) -> None:
    if os.getpid() == by:
        path.unlink(missing_ok=True)
