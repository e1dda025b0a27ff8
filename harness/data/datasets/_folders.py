"""Forms of one file a sample, in folders: which files, and of each its label, its group and its split.

The class is the name of a folder, a part of the file's path, or a cell of a file of labels. The sample's id is its path below
``path``: it stays when files are added. Hidden files, and what systems leave behind (Thumbs.db), are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator, model_validator

from harness.data.dataset import Dataset, Naming
from harness.data.datasets import _common, _own, _table, _walk
from harness.errors import PlanError
from harness.text import printable

Read = Callable[[Path], npt.NDArray[np.generic]]
Make = Callable[[_own.Floats], _own.Floats]


class Folders(_own.Own):
    """The options of forms of one file a sample."""

    path: str = Field(description="The folder of the files. {split} in it is replaced by the split's name.")
    split_by: Literal["auto", "folder", "none"] = Field(
        default="auto",
        description="folder: the folders directly below `path` are the splits. none: all files are of whichever split is asked"
        f" for. auto: folder, when every folder directly below `path` is called {', '.join(_own.SPLITS)}.",
    )
    only: str = Field(
        default="",
        description="A text file with one path a line, relative to `path`: these files alone. {split} in it as in path.",
    )
    ignore: _common.Names = Field(
        default=(), description="Files to pass over, by patterns of their name or path: ['*.txt', '_noise_/*']."
    )
    label_folder: int = Field(
        default=1,
        ge=1,
        description="Which folder names the class: 1 is the one directly below `path`, or below the split's.",
    )
    label_pattern: str = Field(
        default="",
        description="The class is what the first group of this regular expression finds in the file's path below `path`:"
        " '([a-z]+)_[0-9]+' makes cat of cat_12.png. It goes before label_folder.",
    )
    labels: str = Field(
        default="",
        description="A CSV file of labels with named columns: its files alone are the samples. Goes before the other two.",
    )
    file_column: str = Field(
        default="file", description="In `labels`: the column of the file's path, relative to `path`."
    )
    label_column: str = Field(default="label", description="In `labels`: the column of the class.")
    split_column: str = Field(default="", description="In `labels`: the column of the split. Empty: none.")
    group_column: str = Field(default="", description="In `labels`: the column of the group. Empty: none.")
    group_folder: int = Field(
        default=0,
        ge=0,
        description="Which folder names what samples share (speaker, subject), as label_folder; 0: none.",
    )
    sequence_folder: int = Field(
        default=0,
        ge=0,
        description="Which folder names the recording that its files are steps of, for a network with a memory, as"
        " label_folder; 0: none. Steps need `order: stored`.",
    )
    group_pattern: str = Field(
        default="", description="The group is what the first group of this regular expression finds, as label_pattern."
    )
    order: Literal["stored", "shuffled"] = Field(
        default="shuffled",
        description="shuffled: by the SHA-256 of seed and sample id, the same on every machine, so that the first samples are of"
        " all classes. stored: by path, so class after class.",
    )

    @field_validator("label_pattern", "group_pattern")
    @classmethod
    def _one_group(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"no regular expression: {error}") from error
        if value and not groups:
            raise ValueError("the expression needs a group in brackets: '^([a-z]+)_'")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if not self.labels and (self.split_column or self.group_column):
            raise ValueError("'split_column' and 'group_column' are columns of the file 'labels'")
        ways = {
            "{split} in path": "{split}" in self.path,
            "test_share": self.test_share is not None,
            "split_column": bool(self.split_column),
            "split_by: folder": self.split_by == "folder",
        }
        if len(said := [way for way, given in ways.items() if given]) > 1:
            raise ValueError(f"the split is said twice: {' and '.join(said)}")
        return self


@dataclass(frozen=True)
class _Found:
    """All files of a source, entry i is the i-th; ``classes`` have a folder, ``naming`` says what they are worth."""

    rows: _own.Rows
    paths: list[Path]
    classes: list[str]
    naming: Naming


def splits(options: Folders, folder: Path, suffixes: Collection[str]) -> tuple[str, ...]:
    """The splits that are told apart."""
    if told := _own.splits_of(options, options.path, folder):
        return told
    found = _found(options, _common.existing(folder, options.path), "", folder, suffixes)
    return tuple(dict.fromkeys(found.rows.splits or ()))


def read(
    options: Folders,
    split: str,
    folder: Path,
    first: int | None,
    suffixes: Collection[str],
    one: Read,
    make: Make = lambda samples: samples,
) -> Dataset:
    """The split's samples, each as ``one`` reads its file and ``make`` makes of them all [N, ...]; ``one`` gives all one shape."""
    root = _common.existing(folder, options.path.replace("{split}", split))
    found = _found(options, root, split, folder, suffixes)
    if found.rows.groups:
        others = {
            other: _found(options, place, other, folder, suffixes).rows.groups or ()
            for other, place in _own.siblings(options.path, folder).items()
            if other != split
        }
        _own.refuse_shared({split: found.rows.groups, **others} if others else {}, str(root), options)

    def inputs(chosen: Sequence[int]) -> _own.Floats:
        return make(_read_all([found.paths[index] for index in chosen], one))

    return _own.made(
        printable(root.name) or "folders",
        split,
        found.rows,
        options,
        inputs,
        naming=found.naming,
        known=found.classes,
        first=first,
    )


def _read_all(paths: Sequence[Path], one: Read) -> _own.Floats:
    sample = one(paths[0])
    found = np.empty((len(paths), *sample.shape), dtype=np.float32)
    for index, path in enumerate(paths):
        if index:
            sample = one(path)
        if sample.shape != found.shape[1:]:
            raise PlanError(
                "the samples differ in shape",
                where=str(path),
                expected=f"{list(found.shape[1:])}, as {printable(paths[0].name)} has",
                found=list(sample.shape),
                next_step="make them equal, or name the rule that does: `hil data forms` lists the form's options",
            )
        with np.errstate(over="ignore"):  # what float32 cannot hold is inf, which a dataset refuses
            found[index] = sample
    return found


def _found(options: Folders, root: Path, split: str, folder: Path, suffixes: Collection[str]) -> _Found:
    if not root.is_dir():
        raise PlanError("the dataset is no folder", where=str(root), expected="a folder of files", found="a file")
    if options.labels:
        return _listed(options, root, split, folder)
    tops = _walk.folders(root)
    by_folder = options.split_by == "folder" or (
        options.split_by == "auto"
        and options.test_share is None
        and bool(tops)
        and all(name in _own.SPLITS for name in tops)
    )
    depth = int(by_folder) + (0 if options.label_pattern else options.label_folder)
    tree = _walk.walk(root, suffixes, options.ignore, depth)
    names = _chosen(options, tree.files, root, split, folder)
    parts = [name.split("/") for name in names]
    places = [str(root / name) for name in names]
    skip = int(by_folder)
    labels = [
        _match(options.label_pattern, name, "label_pattern", root)
        if options.label_pattern
        else _part(own[skip:], options.label_folder, "label_folder", place)
        for name, own, place in zip(names, parts, places, strict=True)
    ]
    groups = None
    if options.group_pattern:
        groups = [_match(options.group_pattern, name, "group_pattern", root) for name in names]
    elif options.group_folder:
        groups = [
            _part(own[skip:], options.group_folder, "group_folder", place)
            for own, place in zip(parts, places, strict=True)
        ]
    empty = [name for name in tree.empty if not options.classes or Path(name).name in options.classes]
    if empty and not options.label_pattern and not options.only:
        raise PlanError(
            "a class folder is empty",
            where=str(root / empty[0]),
            expected=f"one file or more ({', '.join(sorted(suffixes))})",
            found="none",
            next_step="put the samples there, remove the folder, or leave the class out of dataset.options.classes",
        )
    of_split = [own[0] for own in parts] if by_folder else None
    labels = [_own.composed(label) for label in labels]
    sequences = None
    if options.sequence_folder:
        for own, place in zip(parts, places, strict=True):
            _part(own[skip:], options.sequence_folder, "sequence_folder", place)
        # By its whole path: two speakers may each have a recording 01.
        sequences = ["/".join(own[: skip + options.sequence_folder]) for own in parts]
    rows = _own.Rows(str(root), names, labels, groups, of_split, places, sequences=sequences)
    # Folders in the order of their names: Keras and torchvision number them so.
    return _Found(
        rows, [root / name for name in names], sorted(set(labels)), "seen" if options.label_pattern else "folders"
    )


def _listed(options: Folders, root: Path, split: str, folder: Path) -> _Found:
    """The files that a CSV file of labels names."""
    table = _table.read(
        _common.existing(folder, options.labels.replace("{split}", split)), _table.TextOptions(), named=True
    )
    columns = {
        option: table.column(name, f"dataset.options.{option}")
        for option in ("file_column", "label_column", "split_column", "group_column")
        if (name := getattr(options, option))
    }
    cells = {option: [row[index].strip() for row in table.rows] for option, index in columns.items()}
    names = [name.removeprefix("./") for name in cells["file_column"]]
    for index, name in enumerate(names):
        if not name or not _is_file(root / name):
            raise PlanError(
                "a file of the labels is not there",
                where=table.where(index),
                expected=f"a path relative to {root}",
                found=printable(name) or "nothing",
                next_step="correct the row, or dataset.options.path",
            )
        if not cells["label_column"][index]:
            raise PlanError("a row has no label", where=table.where(index), expected="a class", found="nothing")
    groups = cells.get("group_column")
    if groups is None and options.group_pattern:
        groups = [_match(options.group_pattern, name, "group_pattern", root) for name in names]
    places = [table.where(index) for index in range(len(names))]
    rows = _own.Rows(str(table.path), names, cells["label_column"], groups, cells.get("split_column"), places)
    return _Found(rows, [root / name for name in names], sorted(set(cells["label_column"])), "seen")


def _chosen(options: Folders, files: list[str], root: Path, split: str, folder: Path) -> list[str]:
    """The files that the list ``only`` names, or all."""
    if not options.only:
        return files
    listed = _common.existing(folder, options.only.replace("{split}", split))
    wanted: set[str] = set()
    known = set(files)
    for number, line in enumerate(_common.content(listed).decode("utf-8-sig", "replace").splitlines(), start=1):
        name = line.strip().removeprefix("./")
        if name and name not in known:
            raise PlanError(
                "a listed file is not there",
                where=f"{listed}:{number}",
                expected=f"a path relative to {root}",
                found=printable(name),
                next_step="correct the line, or dataset.options.path",
            )
        wanted.add(name)
    return [name for name in files if name in wanted]


def _part(parts: Sequence[str], level: int, option: str, place: str) -> str:
    if level < len(parts):
        return parts[level - 1]
    raise PlanError(
        "a file lies in no folder that names its class" if option == "label_folder" else "a file lies not so deep",
        where=place,
        expected=f"{level} folder{'s' if level > 1 else ''} below `path` ({option}: {level})",
        found=f"{len(parts) - 1}",
        next_step="move the file, pass over it with 'ignore', or take the class from its name with label_pattern",
    )


def _match(pattern: str, name: str, option: str, root: Path) -> str:
    found = re.search(pattern, name)
    if found and found[1]:
        return found[1]
    raise PlanError(
        f"a file's path does not match {option}",
        where=str(root / name),
        expected=printable(pattern),
        found=printable(name),
        next_step="correct the expression, or pass over the file with 'ignore'",
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
