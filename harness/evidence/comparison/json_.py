"""``compare.json``: the whole comparison, its schema, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.disk.documents import parse_json
from harness.errors import MisuseError
from harness.evidence.comparison import Shown
from harness.evidence.comparison.compared import SCHEMA, Compared
from harness.evidence.stored import of_schema
from harness.paths import read_file

FILENAME = "compare.json"


def render(compared: Compared, shown: Sequence[Shown]) -> bytes:
    """As JSON, UTF-8, two spaces; infinities as the words ``Infinity``, ``-Infinity``, ``NaN`` in quotes."""
    return (compared.model_dump_json(by_alias=True, indent=2) + "\n").encode()


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of what ``render`` writes."""
    found = Compared.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | found


def read_compared(path: Path) -> Compared:
    """The comparison in a file, or in the folder that ``--out`` named. ``MisuseError``: none there, or of another version."""
    if path.is_dir():
        path = path / FILENAME
    try:
        content = parse_json(read_file(path).decode("utf-8"))
    except FileNotFoundError:
        raise MisuseError(
            "no such comparison",
            where=str(path),
            expected=f"a {FILENAME} or its folder",
            next_step="hil compare --out DIR",
        ) from None
    except (OSError, ValueError) as error:
        raise MisuseError(
            "the comparison is not readable JSON", where=str(path), found=error, next_step="compare again"
        ) from error
    return of_schema(Compared, content, schema=SCHEMA, what="the comparison", where=str(path), instead="compare again")
