"""Which form a file or a folder of data has, by its content. One function a form."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.data import datasets
from harness.data.datasets.idx import IMAGES, LABELS
from harness.disk import files
from harness.errors import PlanError
from harness.plans.schema import Option

SPLIT = "{split}"
_HEAD_BYTES = 1 << 16
_TEXT = (".csv", ".txt")
#: A word for a part of the data in a file's name, and no letters around it: ``x_test.npz``, but not ``latest.npz``.
_PART = re.compile(r"(?<![a-z])(train(?:ing)?|tests?|testing|val(?:id(?:ation)?)?|dev|t10k)(?![a-z])", re.IGNORECASE)
_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_TESTS = ("test", "tests", "testing", "t10k")


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


def recognised(path: Path) -> Data:
    """The data that a user's path means: a file, a folder of samples, or a folder with one such file in it.

    ``PlanError`` when there is none, when it is of no known form, or when several are in the folder (they are named).
    """
    if path.is_dir():
        if (found := folder(path)) is not None:
            return found
        return only(collected(sorted(one for one in path.iterdir() if one.is_file())), path)
    there = Path(str(path).replace(SPLIT, "test"))
    if not there.is_file():
        raise PlanError("there is no such data", where=str(path), expected="a file or a folder")
    if (found := _of_file(there)) is None:
        raise _unknown(there)
    return Data(found.form, {key: path if one == there else one for key, one in found.paths.items()}, found.options)


def only(found: tuple[Data, ...], where: Path) -> Data:
    """The only one. ``PlanError`` naming all of them when there are more, or none."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise PlanError(
            "no data was found",
            where=str(where),
            expected=f"data of one of the forms {', '.join(datasets.names())}",
            next_step="name it: hil init MODEL DATA; of arrays: numpy.savez('data.npz', x=inputs, y=labels)",
        )
    raise PlanError(
        "several files may be the data",
        where=str(where),
        expected="one, or the parts of one named train and test",
        found="; ".join(f"{one.title} ({one.form})" for one in found),
        next_step=f"say which: hil init MODEL {next(iter(found[0].paths.values()))}",
    )


def may_be(path: Path) -> bool:
    """Whether a file may be data: asked of every file of a project, so that a look at its head has to do."""
    name = path.name.lower()
    if name.endswith((".npz", ".csv")) or "ubyte" in name or ".idx" in name:
        return _of_file(path) is not None
    return False


def collected(paths: Iterable[Path]) -> tuple[Data, ...]:
    """The data sets in these files: ``train.npz`` and ``test.npz`` are two parts of one, images and labels too."""
    groups: dict[str, list[Path]] = {}
    found: list[Data] = []
    for path in paths:
        if path.is_dir():
            if (whole := folder(path)) is not None:
                found.append(whole)
            continue
        if _of_file(path) is not None:
            groups.setdefault(str(path.with_name(_PART.sub(SPLIT, path.name))), []).append(path)
    for pattern, members in groups.items():
        tests = [path for path in members if _is_test(path)]
        one = _of_file(tests[0] if tests else members[0])
        if one is None:
            continue
        if len(members) == 1 or (tests and one.form == "idx"):
            found.append(one)
        elif len(tests) == 1:
            found.append(_in_parts(one, Path(pattern), tests[0], members))
        else:
            found += [each for path in members if (each := _of_file(path)) is not None]
    return tuple(found)


def _in_parts(one: Data, pattern: Path, test: Path, members: list[Path]) -> Data:
    """The part for tests of a data set in several files."""
    word = _PART.search(test.name)
    assert word is not None
    others = ", ".join(path.name for path in members if path != test)
    paths = {key: pattern if path == test else path for key, path in one.paths.items()}
    note = f"{test.name} is tested with; {others} is another part of it, and is left alone"
    return Data(one.form, paths, one.options, word[0], (note,))


def folder(path: Path) -> Data | None:
    """A folder that is a data set as a whole, or None."""
    return next((found for kind in _FOLDERS if (found := kind(path)) is not None), None)


def _of_file(path: Path) -> Data | None:
    return next((found for kind in _FILES if (found := kind(path)) is not None), None)


def _npz(path: Path) -> Data | None:
    names = _arrays(path)
    return Data("npz", {"path": path}) if {"x", "y"} <= names else None


def _arrays(path: Path) -> set[str]:
    """The names of the arrays in an archive; none when it is none."""
    if path.suffix.lower() != ".npz":
        return set()
    try:
        with files.regular(path) as file, zipfile.ZipFile(file) as found:
            return {name.removesuffix(".npy") for name in found.namelist()}
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return set()


def _csv(path: Path) -> Data | None:
    """Rows of ``label,value,...``: whether the second of them is."""
    if path.suffix.lower() not in _TEXT:
        return None
    try:
        text = _head(path, _HEAD_BYTES).decode("utf-8-sig", errors="ignore")
        rows = [cells for cells in csv.reader(io.StringIO(text, newline="")) if cells][:3]
    except csv.Error:
        return None
    samples = rows[1:2] or rows
    if not samples or len(samples[0]) < 2 or not all(_NUMBER.fullmatch(cell) for cell in samples[0][1:]):
        return None
    return Data("csv", {"path": path})


def _idx(path: Path) -> Data | None:
    """A file of images with that of its labels beside it; the latter is not told by itself."""
    if int.from_bytes(_unzipped(path)[:4], "big") != IMAGES:
        return None
    wanted = re.sub("idx3", "idx1", re.sub("image", "label", path.name, flags=re.IGNORECASE), flags=re.IGNORECASE)
    labels = path.with_name(wanted)
    return Data("idx", {"images": path, "labels": labels}) if labels != path and labels.is_file() else None


_FILES: tuple[Callable[[Path], Data | None], ...] = (_npz, _csv, _idx)
_FOLDERS: tuple[Callable[[Path], Data | None], ...] = ()


def _is_test(path: Path) -> bool:
    word = _PART.search(path.name)
    return word is not None and word[0].lower() in _TESTS


def _head(path: Path, n_bytes: int) -> bytes:
    try:
        with files.regular(path) as file:
            return file.read(n_bytes)
    except OSError:
        return b""


def _unzipped(path: Path) -> bytes:
    head = _head(path, 512)
    if head[:2] != b"\x1f\x8b":
        return head
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(head)).read(4)
    except (OSError, EOFError, zlib.error):
        return b""


def _unknown(path: Path) -> PlanError:
    """What is wrong with a file that the user named and that is no data."""
    save = "save it as .npz with both: numpy.savez('data.npz', x=inputs, y=labels)"
    names = _arrays(path)
    if names:
        return PlanError(
            "the data has no labels" if "x" in names else "the archive has no arrays x and y",
            where=str(path),
            expected="x: the inputs, one sample a row; y: the class of each, a number from 0",
            found=", ".join(sorted(names)),
            next_step=save,
        )
    if path.suffix.lower() in _TEXT:
        return PlanError(
            "the rows are no samples",
            where=str(path),
            expected="label,value,value,... on each row; the first row may name the columns",
            found=_head(path, 60).decode(errors="replace").partition("\n")[0].strip() or "nothing",
            next_step="put the label first, and plain numbers behind it",
        )
    if int.from_bytes(_unzipped(path)[:4], "big") in (IMAGES, LABELS):
        return PlanError(
            "images and labels do not lie side by side",
            where=str(path),
            expected="the file of the images; that of the labels is named as it, with 'label' for 'image'",
            next_step="name the images, with their labels beside them",
        )
    return PlanError(
        "the data is of no form that hil knows",
        where=str(path),
        expected=f"one of: {', '.join(datasets.names())}",
        found=f"{path.suffix or 'no suffix'}, beginning with {_head(path, 8)!r}",
        next_step=save,
    )


def is_training(data: Data) -> bool:
    """Whether its name says that a model was trained on it."""
    words = {word.lower() for path in data.paths.values() for word in _PART.findall(path.name)}
    return bool(words) and all(word.startswith("train") for word in words)
