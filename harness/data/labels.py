"""What happens when in a recording, from a file: labels as Audacity exports them, or a CSV with a first row of names.

Audacity: a line for each, ``start<TAB>end<TAB>label``, in seconds; lines that begin with a backslash (frequencies) are passed over.
CSV: columns ``start``, ``label`` and, if there, ``end``, in seconds. A label without an end is a moment.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path

from harness.data.dataset import Event
from harness.errors import PlanError
from harness.paths import read_file
from harness.text import printable


def read(path: Path, recording: int = 0) -> tuple[Event, ...]:
    """The events in a file, by their start. ``PlanError`` with its line for what cannot be read as one."""
    try:
        text = read_file(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(
            "the annotations cannot be read",
            where=str(path),
            expected="a UTF-8 text file",
            found=error,
            next_step="export the labels again, or correct the path (it is relative to the folder of the plan)",
        ) from error
    lines = text.splitlines()
    named = lines and "label" in [cell.strip().lower() for cell in lines[0].replace(";", ",").split(",")]
    found = [
        Event(recording, *_times(start, end, f"{path}:{number}"), _name(label, f"{path}:{number}"))
        for number, start, end, label in (_csv(lines, path) if named else _audacity(lines, path))
    ]
    return tuple(sorted(found, key=lambda event: (event.start_s, event.end_s)))


def _audacity(lines: list[str], path: Path) -> Iterator[tuple[int, str, str, str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("\\"):
            continue
        parts = line.split("\t")
        if len(parts) != 3:
            raise PlanError(
                "a line is no label",
                where=f"{path}:{number}",
                expected="start, end and label with tabs between them, or a CSV with columns start, end, label",
                found=printable(line[:80]),
                next_step="export the labels again, or correct the line",
            )
        yield number, *(part.strip() for part in parts)  # type: ignore[misc]


def _csv(lines: list[str], path: Path) -> Iterator[tuple[int, str, str, str]]:
    delimiter = ";" if ";" in lines[0] else ","
    reader = csv.DictReader(io.StringIO("\n".join(lines)), delimiter=delimiter, restval="")
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    for row in reader:
        where = f"{path}:{reader.line_num}"
        if None in row or "start" not in row:
            raise PlanError(
                "a line is no annotation",
                where=where,
                expected=f"columns start, label and perhaps end; {len(reader.fieldnames)} cells as the first line has",
                found=", ".join(reader.fieldnames),
                next_step="correct the file",
            )
        if any(cell.strip() for cell in row.values()):
            yield reader.line_num, row["start"].strip(), row.get("end", "").strip(), row["label"].strip()


def _times(start: str, end: str, where: str) -> tuple[float, float]:
    try:
        times = float(start), float(end or start)
    except ValueError:
        times = math.nan, math.nan
    if not (math.isfinite(times[0]) and math.isfinite(times[1])) or times[0] < 0 or times[1] < times[0]:
        raise PlanError(
            "an annotation has no time",
            where=where,
            expected="seconds, 0 or more, the end not before the start",
            found=printable(f"{start} to {end}"),
            next_step="correct the line",
        )
    return times


def _name(label: str, where: str) -> str:
    if not label or printable(label) != label:
        raise PlanError(
            "an annotation has no name",
            where=where,
            expected="the name of a class",
            found=printable(repr(label)),
            next_step="name it, or remove the line",
        )
    return label
