"""TOML and JSON that anybody may have written: whatever is wrong with the text is a ``ValueError``.

Python's own readers end with a ``RecursionError`` on a page of brackets.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from harness.disk import files


def toml(path: Path) -> dict[str, Any]:
    """A TOML file. ``OSError`` when it cannot be read, ``ValueError`` when it is none."""
    text = files.text(path)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def parse_json(text: str | bytes) -> Any:
    """JSON as plain values. ``ValueError`` when it is none."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it nests too deep") from None
