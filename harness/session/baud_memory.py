"""The speed that each unit's line held last time, in one small JSON file of the user's, with its digest.

A unit is known by its probe's id and its port: the same board on another adapter is another line. What is remembered only
saves time: it is tried before it is used, and forgotten when it is a month old. Emulated units are not remembered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from harness.disk import files, folders
from harness.errors import BenchError

FILENAME: Final = "line-speeds.json"
_GOOD_FOR: Final = timedelta(days=30)


@dataclass(frozen=True)
class Remembered:
    """``baud`` held; the speeds in ``refused`` did not, each for that reason."""

    baud: int | None = None
    refused: Mapping[int, str] = field(default_factory=dict)


def state_file() -> Path:
    """``$HIL_STATE_DIR/line-speeds.json``, else in the user's state folder. ``BenchError`` when the user has no home."""
    return folders.state_path(FILENAME)


def recall(uid: str, port: str, now: datetime, path: Path | None = None) -> Remembered:
    """What is known of that unit on that port; nothing when the file is missing, damaged or old: it is only a hint."""
    try:
        entry = _read(path or state_file()).get(_key(uid, port), {})
        if now - datetime.fromisoformat(entry["checked"]) > _GOOD_FOR:
            return Remembered()
        refused = {int(baud): str(why) for baud, why in entry.get("refused", {}).items()}
        return Remembered(int(entry["baud"]), refused)
    except (BenchError, KeyError, TypeError, ValueError, AttributeError):
        return Remembered()


def remember(
    uid: str, port: str, baud: int, refused: Mapping[int, str], now: datetime, path: Path | None = None
) -> None:
    """Write it down. A disk that refuses is no reason to stop a run: it is then not remembered."""
    try:
        path = path or state_file()
    except BenchError:
        return
    known = _read(path)
    known[_key(uid, port)] = {
        "baud": baud,
        "refused": {str(other): why for other, why in refused.items()},
        "checked": now.isoformat(),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, (json.dumps({"sha256": _digest(known), "units": known}, indent=1) + "\n").encode())
    except OSError:
        return


def _key(uid: str, port: str) -> str:
    return f"{uid} {port}"


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(files.text(path))
        units = content["units"]
        return units if isinstance(units, dict) and content["sha256"] == _digest(units) else {}
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return {}


def _digest(units: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(units, sort_keys=True).encode()).hexdigest()
