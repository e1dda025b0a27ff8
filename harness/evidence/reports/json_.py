"""``record.json``: the record itself, and the way back."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from harness.disk.documents import parse_json
from harness.errors import MisuseError
from harness.evidence.reports import Inputs
from harness.paths import read_file
from harness.records import SCHEMA, Record, Samples

FILENAME = "record.json"


def render(record: Record, samples: Samples | None, inputs: Inputs | None) -> bytes:
    """The record as JSON, UTF-8, two spaces; infinities as the words ``Infinity``, ``-Infinity``, ``NaN`` in quotes."""
    return (record.plain().model_dump_json(by_alias=True, indent=2) + "\n").encode()


def read_record(path: Path) -> Record:
    """The record in a file, or in a report directory.

    Raises ``MisuseError`` when there is none, or one that this version cannot read, naming both schemas.
    """
    if path.is_dir():
        path = path / FILENAME
    try:
        content = parse_json(read_file(path).decode("utf-8"))
    except FileNotFoundError:
        raise MisuseError("no such record", where=str(path), expected=f"a {FILENAME} or its directory") from None
    except (OSError, ValueError) as error:
        raise MisuseError("the record is not readable JSON", where=str(path), found=error) from error
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        raise MisuseError(
            "the record's schema is not one that this version reads",
            where=str(path),
            expected=SCHEMA,
            found=schema if schema is not None else "no 'schema' at all",
            next_step="read it with the version of hil that wrote it ('harness_version')",
        )
    try:
        return Record.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise MisuseError(
            "the record is damaged",
            where=f"{path}:{'.'.join(map(str, first['loc']))}",
            expected=first["msg"],
            found=repr(first["input"])[:120],
        ) from error
