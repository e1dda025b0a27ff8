"""Which data a path of the user means, and which data lies among files: ``kinds`` tell each, here they are put together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from harness.data import datasets
from harness.errors import PlanError
from harness.scaffold import kinds
from harness.scaffold.kinds import Data

SPLIT = "{split}"
#: A word for a part of the data in a file's name, and no letters around it: ``x_test.npz``, but not ``latest.npz``.
_PART = re.compile(r"(?<![a-z])(train(?:ing)?|test(?:ing)?|val(?:id(?:ation)?)?|dev|eval|t10k)(?![a-z])", re.IGNORECASE)


def recognised(path: Path) -> Data:
    """The data that a user's path means: a file, a folder of samples, or a folder with one such file in it.

    ``PlanError`` when there is none, when it is of no known form, or when several are in the folder (they are named).
    """
    if path.is_dir():
        if (found := kinds.of_folder(path)) is not None:
            return found
        return only(collected(sorted(path.iterdir())), path)
    there = Path(str(path).replace(SPLIT, "test"))
    if not there.is_file():
        raise PlanError(
            "there is no such data", where=str(path), expected="a file or a folder", next_step="name one that is there"
        )
    if (found := kinds.of_file(there)) is None:
        raise _unknown(there)
    return replace(found, paths={key: path if one == there else one for key, one in found.paths.items()})


def only(found: tuple[Data, ...], where: Path) -> Data:
    """The only one. ``PlanError`` naming all of them when there are more, or none."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise PlanError(
            "no data was found",
            where=str(where),
            expected="labelled samples of a form that `hil data forms` lists",
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
    # Numbers in a .txt are a log more often than samples; who means them names them.
    return (name.endswith((".npz", ".csv", ".tsv")) or "ubyte" in name or ".idx" in name) and bool(kinds.of_file(path))


def collected(paths: Iterable[Path]) -> tuple[Data, ...]:
    """The data sets among these: ``train.npz`` and ``test.npz`` are two parts of one, images and labels too."""
    groups: dict[str, list[Path]] = {}
    found: list[Data] = []
    for path in paths:
        one = kinds.of_folder(path) if path.is_dir() else kinds.of_file(path)
        if one is not None and path.is_dir():
            found.append(one)
        elif one is not None:
            groups.setdefault(str(path.with_name(_PART.sub(SPLIT, path.name))), []).append(path)
    for pattern, members in groups.items():
        if len(members) == 1:
            found += _all(members)
        else:
            found += _in_parts(Path(pattern), members)
    return tuple(found)


def _all(paths: Iterable[Path]) -> list[Data]:
    return [found for path in paths if (found := kinds.of_file(path)) is not None]


def _in_parts(pattern: Path, members: list[Path]) -> list[Data]:
    """One data set in several files, tested with its part for tests; all of them when it has no such part, or two."""
    words = {word[0]: path for path in members if (word := _PART.search(path.name))}
    tests = [word for word in words if word.lower() in (*kinds.TESTS, "t10k")]
    if not tests:
        return _all(members)
    split = "t10k" if "t10k" in tests else kinds.best(tests)
    test = words[split]
    (one,) = _all([test])
    others = ", ".join(path.name for path in members if path != test)
    note = f"{test.name} is tested with; {others}: another part of it, left alone"
    # The loader looks at the parts beside it, so that no speaker is in two of them; of MNIST's odd names it cannot.
    paths = {key: pattern if path == test and one.form != "idx" else path for key, path in one.paths.items()}
    return [replace(one, paths=paths, split="test" if one.form == "idx" else split, notes=(note,))]


def is_training(data: Data) -> bool:
    """Whether its name says that a model was trained on it."""
    words = [word for path in data.paths.values() if SPLIT not in path.name for word in _PART.findall(path.name)]
    return all(word.lower().startswith("train") for word in words or [data.split])


def _unknown(path: Path) -> PlanError:
    """What is wrong with a file that the user named and that is no data."""
    names = kinds.arrays(path)
    if names:
        inputs = any(name == "x" or name.startswith("x_") for name in names)
        return PlanError(
            "the data has no labels" if inputs else "the archive has no arrays x and y",
            where=str(path),
            expected="x: the inputs, one sample a row; y: the class of each, a number from 0 (or x_test and y_test)",
            found=", ".join(sorted(names)),
            next_step="save it as .npz: numpy.savez('data.npz', x=inputs, y=labels)",
        )
    if path.suffix.lower() in kinds.TEXT:
        return PlanError(
            "the rows are no samples",
            where=str(path),
            expected="numbers and one label on each row; the first row may name the columns",
            found=kinds.head(path, 60).decode(errors="replace").partition("\n")[0].strip() or "nothing",
            next_step="leave one column of text, the label's; `hil data forms csv` has what a plan can say of others",
        )
    if kinds.is_idx(path):
        return PlanError(
            "images and labels do not lie side by side",
            where=str(path),
            expected="the file of the images; that of the labels is named as it, with 'label' for 'image'",
            next_step="name the images, with their labels beside them",
        )
    return PlanError(
        "the data is of no form that hil knows",
        where=str(path),
        expected=f"one of: {', '.join(datasets.names())} (`hil data forms`)",
        found=f"{path.suffix or 'no suffix'}, beginning with {kinds.head(path)!r}",
        next_step="save it as .npz: numpy.savez('data.npz', x=inputs, y=labels)",
    )
