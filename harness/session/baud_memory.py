"""The speed that each unit's line held last time, in one small JSON file of the user's.

A unit is known by its probe's id and its port: the same board on another adapter is another line. What is remembered only
saves time: it is tried before it is used, and forgotten when it is a month old. Emulated units are not remembered.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import platformdirs

from harness.evidence.write import replace

FILENAME: Final = "line-speeds.json"
_GOOD_FOR: Final = timedelta(days=30)


@dataclass(frozen=True)
class Remembered:
    """``baud`` held; the speeds in ``refused`` did not, each for that reason."""

    baud: int | None = None
    refused: Mapping[int, str] = field(default_factory=dict)


def state_file() -> Path:
    """``$HIL_STATE_DIR/line-speeds.json``, else in the user's state folder."""
    override = os.environ.get("HIL_STATE_DIR")
    return (Path(override) if override else Path(platformdirs.user_state_dir("hil"))) / FILENAME


def recall(uid: str, port: str, now: datetime, path: Path | None = None) -> Remembered:
    """What is known of that unit on that port; nothing when the file is missing, damaged or old: it is only a hint."""
    entry = _read(path or state_file()).get(_key(uid, port), {})
    try:
        if now - datetime.fromisoformat(entry["checked"]) > _GOOD_FOR:
            return Remembered()
        refused = {int(baud): str(why) for baud, why in entry.get("refused", {}).items()}
        return Remembered(int(entry["baud"]), refused)
    except (KeyError, TypeError, ValueError, AttributeError):
        return Remembered()


def remember(
    uid: str, port: str, baud: int, refused: Mapping[int, str], now: datetime, path: Path | None = None
) -> None:
    """Write it down. A disk that refuses is no reason to stop a run: it is then not remembered."""
    path = path or state_file()
    known = _read(path)
    known[_key(uid, port)] = {
        "baud": baud,
        "refused": {str(other): why for other, why in refused.items()},
        "checked": now.isoformat(),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, (json.dumps(known, indent=1, sort_keys=True) + "\n").encode())
    except OSError:
        return


def _key(uid: str, port: str) -> str:
    return f"{uid} {port}"


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
