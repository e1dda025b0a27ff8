"""Rows of text as spreadsheets and pandas write them: delimiters, decimal commas, a head, byte order marks, ``sep=;``."""

from __future__ import annotations

import cmath
import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from harness.data.datasets import _common
from harness.errors import PlanError
from harness.plans.names import suggestion
from harness.text import printable

_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "space": " "}
# Of these alone ``float`` makes what _NUMBER takes: no nan, no 1_000, no digits of other scripts.
_OF_NUMBERS = {ord(c): None for c in "0123456789+-.eE \t"}
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class TextOptions(_common.Options):
    """How a file of rows is written."""

    delimiter: Literal["auto", "comma", "semicolon", "tab", "space"] = Field(
        default="auto",
        description="What stands between the cells. auto: a tab if the first line has one, else a semicolon if it has one,"
        " else a comma; a first line `sep=;`, as spreadsheets write it, decides.",
    )
    decimal: Literal["point", "comma"] = Field(
        default="point", description="What stands before the decimals: 0.5 or 0,5."
    )
    header: Literal["auto", "yes", "no"] = Field(
        default="auto",
        description="Whether the first row names the columns. auto: it does when a column is asked for by name, or when none"
        " of its values is a number, or when one is `label` and no other row has that there.",
    )
    encoding: str = Field(
        default="utf-8",
        description="The file's encoding, as Python names it (cp1252). A byte order mark goes before it.",
    )

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            "a".encode(value)
            b"a".decode(value)
        except (LookupError, ValueError, TypeError) as error:
            raise ValueError(f"no encoding of text: {value!r}") from error
        return value


@dataclass(frozen=True)
class Table:
    """The rows of a file; row i ends on line ``lines[i]`` of it. ``head``: the columns' names, None without any."""

    path: Path
    head: tuple[str, ...] | None
    rows: list[list[str]]
    lines: list[int]

    def where(self, row: int) -> str:
        """``file:line`` of a row."""
        return f"{self.path}:{self.lines[row]}"

    def column(self, wanted: str | int, option: str) -> int:
        """The index of a column that is asked for by its name, or by its number from 1. ``PlanError`` when there is none."""
        if isinstance(wanted, int):
            width = len(self.head or self.rows[0])
            if 1 <= wanted <= width:
                return wanted - 1
            raise PlanError(
                f"there is no column {wanted}", where=f"{self.path}: {option}", expected=f"1..{width}", found=wanted
            )
        names = self.head or ()
        if names.count(wanted) == 1:
            return names.index(wanted)
        raise PlanError(
            f"the columns named {wanted!r} are {names.count(wanted)}" if wanted in names else f"no column {wanted!r}",
            where=f"{self.path}: {option}",
            expected=printable(", ".join(names)) or "a first row that names the columns",
            found=wanted,
            next_step=suggestion(wanted, names, "name a column as the file's first row does, or by its number from 1"),
        )


def read(path: Path, options: TextOptions, *, named: bool = False, beside: Sequence[int] = (0,)) -> Table:
    """The rows of a file, all of one length. ``named``: columns are asked for by name, so the first row has them.

    ``beside``: the columns that may hold text in a sample, by which a head is told from one. ``PlanError`` with the line for
    whatever is no such file.
    """
    cells, lines = _cells(path, options)
    if not cells:
        raise PlanError("the file has no samples", where=str(path), expected="a sample on each row", found="none")
    headed = options.header == "yes" or named or (options.header == "auto" and _says_label(cells))
    if options.header == "auto" and not headed:
        values = [cell for index, cell in enumerate(cells[0]) if index not in beside]
        headed = _is_head(values, f"{path}:{lines[0]}", options)
    head = tuple(cell.strip() for cell in cells[0]) if headed else None
    table = Table(path, head, cells[1:] if headed else cells, lines[1:] if headed else lines)
    width = len(cells[0])
    for row, found in enumerate(table.rows):
        if len(found) != width:
            raise PlanError(
                "a row has the wrong length",
                where=table.where(row),
                expected=f"{width} cells, as line {lines[0]} has",
                found=len(found),
            )
    if not table.rows:
        raise PlanError(
            "the file has no samples", where=str(path), expected="rows below the columns' names", found="none"
        )
    return table


def numbers(cells: Sequence[str], options: TextOptions, where: str, names: Sequence[str] | None = None) -> list[float]:
    """The values of cells, plain decimal numbers. ``PlanError`` naming the first that is none, with its column's name."""
    if options.decimal == "comma":
        cells = [cell.replace(",", ".") for cell in cells]
    if not "".join(cells).translate(_OF_NUMBERS):
        try:
            return [float(cell) for cell in cells]
        except ValueError:
            pass  # which one is said below
    column, strange = next((index, cell) for index, cell in enumerate(cells) if not _NUMBER.fullmatch(cell))
    name = printable(names[column]) if names else ""
    step = f"correct the cell{f', or pass over the column: drop: [{name}]' if name else ''}"
    if re.fullmatch(r"\s*-?\d+,\d+\s*", strange):
        step = "write decimals with 'decimal: comma'"
    raise PlanError(
        "a cell is not a number",
        where=where,
        expected="a decimal number such as 0.5 or -1e-3",
        found=f"{printable(repr(strange))}{f' in column {name!r}' if name else ''}",
        next_step=step,
    )


def _cells(path: Path, options: TextOptions) -> tuple[list[list[str]], list[int]]:
    text, first_line = _text(path, options), 1
    delimiter = _DELIMITERS.get(options.delimiter)
    if told := re.match(r'"?sep=(.)"?\r?\n', text):
        delimiter, text, first_line = delimiter or told[1], text[told.end() :], 2
    if delimiter is None:
        line = text.lstrip("\r\n").partition("\n")[0]
        bare = re.sub(r'"[^"]*"', "", line)
        delimiter = next((c for c in "\t;" if c in bare), ",")
    cells: list[list[str]] = []
    lines: list[int] = []
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=delimiter == " "
    )
    try:
        for row in reader:
            if row:
                cells.append(row)
                lines.append(reader.line_num + first_line - 1)
    except csv.Error as error:
        raise PlanError(
            "the file cannot be read",
            where=f"{path}:{reader.line_num + first_line - 1}",
            expected="rows of cells, quotes in pairs",
            found=error,
        ) from error
    return cells, lines


def _text(path: Path, options: TextOptions) -> str:
    content = _common.content(path)
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), options.encoding)
    try:
        return content.decode(encoding)
    except UnicodeError as error:
        line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        raise PlanError(
            "the file cannot be read",
            where=f"{path}:{line}",
            expected=f"{encoding} text",
            found=error,
            next_step="save it as UTF-8, or name its encoding: encoding: cp1252",
        ) from error


def _says_label(cells: Sequence[Sequence[str]]) -> bool:
    """Whether the first row heads a column ``label``, whatever it calls the others: pandas numbers those of an array."""
    first = [cell.strip() for cell in cells[0]]
    return "label" in first and not any(row[first.index("label") :][:1] == ["label"] for row in cells[1:])


def _is_head(values: Sequence[str], where: str, options: TextOptions) -> bool:
    """Whether a row names the columns: none of its values is a number. Some are: a damaged sample, not passed over."""
    if options.decimal == "comma":
        values = [cell.replace(",", ".") for cell in values]
    strange = [cell for cell in values if not _NUMBER.fullmatch(cell)]
    if not strange:
        return False
    if len(strange) < len(values) or not strange[0].strip() or _reads_as_number(strange[0]):
        raise PlanError(
            "the first row is nearly a sample",
            where=where,
            expected="numbers behind the label, or a name for every column",
            found=f"{len(values) - len(strange)} numbers and {printable(repr(strange[0]))}",
            next_step="correct the cell; or say 'header: yes' if the row names the columns",
        )
    return True


def _reads_as_number(cell: str) -> bool:
    """Numbers to Python that are none here: ``1_000``, ``nan``, ``2j``; ``j`` alone is a fine name for a column."""
    try:
        value = complex(cell.strip())
    except ValueError:
        return False
    return any(c.isdigit() for c in cell) or not cmath.isfinite(value)
