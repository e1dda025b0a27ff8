"""The kinds of data by their content, one function a form: what a plan would say of a file or a folder, or None."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.data.datasets import _own, _walk
from harness.disk import files
from harness.errors import PlanError
from harness.plans.schema import Option

TEXT: Final = (".csv", ".tsv", ".txt")
_HEAD_BYTES = 1 << 16
_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
#: What people call the column of the label.
_LABELS = ("label", "labels", "class", "target", "y", "category", "species")
#: Of the parts of a data set, the ones to test with, the best first.
TESTS: Final = ("test", "testing", "eval", "validation", "val", "valid", "dev")
_FOLDER_FORMS = {
    "image_folders": frozenset(
        (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm")
    ),
    "wav_folders": frozenset((".wav",)),
    "numpy_folders": frozenset((".npy",)),
    "csv_folders": frozenset(TEXT),
}
_PEEKED = 50  # files of a folder that tell its kind
_IDX_TYPES = (0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E)


@dataclass(frozen=True)
class Data:
    """A data set as a plan would name it. ``paths``: the options that are paths; ``{split}`` may be in them."""

    form: str
    paths: Mapping[str, Path]
    options: Mapping[str, Option] = field(default_factory=dict)
    split: str = "test"
    notes: tuple[str, ...] = ()

    def all_options(self, said: Callable[[Path], str] = str) -> dict[str, Option]:
        """What stands under ``dataset.options``, paths as ``said`` writes them."""
        return {key: said(path) for key, path in self.paths.items()} | dict(self.options)

    @property
    def title(self) -> str:
        """Its path, for people."""
        return ", ".join(str(path) for path in self.paths.values()) or self.form


def of_file(path: Path) -> Data | None:
    """The data set that a file is, or (of images) that it is with the file of their labels."""
    return next((found for kind in (_npz, _csv, _idx) if (found := kind(path)) is not None), None)


def of_folder(path: Path) -> Data | None:
    """The data set that a folder is: samples in class folders, directly or below folders named as parts (train, test)."""
    below = _folders(path)
    parts = [name for name in below if name.lower() in _own.SPLITS]
    if below and len(parts) == len(below):
        split = best(parts)
        found = _class_folders(path / split)
        return Data(found, {"path": path}, split=split) if found else None
    form = _class_folders(path)
    return Data(form, {"path": path}) if form else None


def best(parts: Sequence[str]) -> str:
    """The one of several parts to test with; the first when none is for that."""
    return min(parts, key=lambda name: TESTS.index(name.lower()) if name.lower() in TESTS else len(TESTS))


def arrays(path: Path) -> set[str]:
    """The names of the arrays in an archive; none when it is none."""
    if path.suffix.lower() != ".npz":
        return set()
    try:
        with files.regular(path) as file, zipfile.ZipFile(file) as found:
            return {name.removesuffix(".npy") for name in found.namelist()}
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return set()


def head(path: Path, n_bytes: int = 8) -> bytes:
    """The first bytes of a file; none when it cannot be read."""
    try:
        with files.regular(path) as file:
            return file.read(n_bytes)
    except OSError:
        return b""


def is_idx(path: Path) -> int:
    """The number of axes that an idx file states, zipped or not; 0 for another file."""
    found = head(path, 512)
    if found[:2] == b"\x1f\x8b":
        try:
            found = gzip.GzipFile(fileobj=io.BytesIO(found)).read(4)
        except (OSError, EOFError, zlib.error):
            return 0
    return found[3] if len(found) > 3 and found[:2] == b"\0\0" and found[2] in _IDX_TYPES else 0


def _npz(path: Path) -> Data | None:
    names = arrays(path)
    if {"x", "y"} <= names:
        return Data("npz", {"path": path})
    parts = [part for part in _own.SPLITS if {f"x_{part}", f"y_{part}"} <= names]
    return Data("npz", {"path": path}, split=best(parts)) if parts else None


def _csv(path: Path) -> Data | None:
    """Rows of numbers, with one cell that is the label: by its content, by the name of its column, else the first."""
    if path.suffix.lower() not in TEXT:
        return None
    try:
        text = head(path, _HEAD_BYTES).decode("utf-8-sig", errors="ignore")
        first = text.partition("\n")[0]
        delimiter = next((mark for mark in "\t;" if mark in first), ",")
        rows = [cells for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if cells][:3]
    except csv.Error:
        return None
    sample = rows[1] if len(rows) > 1 else rows[0] if rows else []
    words = [index for index, cell in enumerate(sample) if not _NUMBER.fullmatch(cell)]
    if len(sample) < 2 or len(words) > 1:
        return None
    names = [cell.strip() for cell in rows[0]]
    headed = len(rows) > 1 and sum(bool(_NUMBER.fullmatch(cell)) for cell in names) <= (0 in words)
    named = [index for index, name in enumerate(names) if headed and name.lower() in _LABELS]
    column = words[0] if words else named[0] if named else 0
    if column == (names.index("label") if headed and names.count("label") == 1 else 0):
        return Data("csv", {"path": path})  # where the form looks by itself
    return Data("csv", {"path": path}, {"label": names[column] if headed and names[column] else column + 1})


def _idx(path: Path) -> Data | None:
    """A file of images with that of its labels beside it; the latter is not told by itself."""
    if is_idx(path) < 2:
        return None
    wanted = re.sub("idx[0-9]", "idx1", re.sub("image", "label", path.name, flags=re.IGNORECASE), flags=re.IGNORECASE)
    labels = path.with_name(wanted)
    return Data("idx", {"images": path, "labels": labels}) if labels != path and is_idx(labels) == 1 else None


def _class_folders(path: Path) -> str:
    """The form of the files in the folders directly below, if there are two such folders or more; else ""."""
    kinds = {_kind(path / name) for name in _folders(path)}
    return kinds.pop() if len(kinds) == 1 and len(_folders(path)) > 1 else ""


def _kind(folder: Path) -> str:
    """The form of the files in one class folder; "" when they are of several, or of none."""
    suffixes = Counter(name.suffix.lower() for name in _some_files(folder))
    for form, known in _FOLDER_FORMS.items():
        if suffixes and suffixes.keys() <= known:
            return form
    return ""


def _some_files(folder: Path) -> Iterable[Path]:
    try:
        for _, path in zip(range(_PEEKED), folder.iterdir(), strict=False):
            if not path.name.startswith(".") and path.name.lower() != "thumbs.db":
                yield path
    except OSError:
        return


def _folders(path: Path) -> list[str]:
    try:
        return _walk.folders(path)
    except PlanError:  # one that cannot be read is no data
        return []
