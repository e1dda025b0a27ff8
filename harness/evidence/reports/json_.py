"""``record.json``: the record itself, and the way back."""

from __future__ import annotations

from pathlib import Path

from harness.disk.documents import parse_json
from harness.errors import MisuseError
from harness.evidence.reports import Inputs
from harness.evidence.stored import of_schema
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
    return of_schema(Record, content, schema=SCHEMA, what="the record", where=str(path))
