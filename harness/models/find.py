"""Where a model is: the one rule by which plans, tests and commands look for it, and the error that says where that was.

A name is looked for, in this order, as a folder beside who asks, in a folder ``models`` beside it, in ``models`` at the
project's root, and among the shipped ones; a path from the folder of who asks. So a project's own model comes before a
shipped one of the same name, also when the project is entered from another folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from harness.disk import documents
from harness.errors import PlanError
from harness.paths import shipped
from harness.plans.modelspec import SUFFIXES, is_path
from harness.plans.names import suggestion

TOML: Final = "model.toml"
FOLDER: Final = "models"
#: What the root of a project has, and folders below it seldom do.
_ROOT_HAS = (".git", "pyproject.toml", "testplans", "pytest.ini", "tox.ini", "setup.cfg", "setup.py")
_SHOWN = 30  # names of a list in a message


def names() -> tuple[str, ...]:
    """The models that come with the project."""
    return tuple(sorted(path.parent.name for path in _shipped().glob(f"*/{TOML}")))


def made_for(dataset: str, base: Path | None = None) -> tuple[str, ...]:
    """The names of the models whose model.toml says that they were trained on ``dataset``: those of the project that

    ``base`` stands in (None: the working folder), then the shipped ones, each by name. One that cannot be read says nothing.
    """
    folders = [*_folders(Path() if base is None else base), _shipped()]
    return tuple(
        dict.fromkeys(
            path.parent.name
            for folder in folders
            for path in sorted(folder.glob(f"*/{TOML}"))
            if _trained_on(path) == dataset
        )
    )


def known_names(base: Path | None = None) -> tuple[str, ...]:
    """The names that ``find`` knows to who stands in ``base``: the project's, then the shipped ones."""
    own = (name for folder in _folders(Path() if base is None else base) for name in _inside(folder))
    return tuple(dict.fromkeys([*own, *names()]))


def _trained_on(toml: Path) -> object:
    try:
        training = documents.toml(toml).get("training")
    except (OSError, ValueError):
        return None
    return training.get("dataset") if isinstance(training, dict) else None


def find(text: str | Path, base: Path | None = None) -> Path:
    """The model.toml, or the bare model file, that ``text`` means to who stands in ``base`` (None: the working folder).

    Of a file that the model.toml beside it describes it is the model.toml. Raises PlanError for what is not there, with
    what was searched where, and for a name that two files of one folder have.
    """
    base = Path() if base is None else base
    where = _places(str(text), base)
    for place in where:
        if (found := _at(place, named=is_path(str(text)))) is not None:
            return found
    raise _unknown(str(text), base, where)


def _places(text: str, base: Path) -> list[Path]:
    """The paths that it may be, without regard to suffixes."""
    places = [base / text]
    if Path(text).name == text:
        places += [folder / text for folder in _folders(base)]
        if not is_path(text):
            places.append(_shipped() / text)
    return places


def _folders(base: Path) -> list[Path]:
    """The folders ``models`` that are searched."""
    here = base.resolve()
    root = next((folder for folder in (here, *here.parents) if any((folder / has).exists() for has in _ROOT_HAS)), here)
    return [base / FOLDER] if root == here else [base / FOLDER, root / FOLDER]


def _at(place: Path, *, named: bool) -> Path | None:
    """What is at a path: a folder with its model.toml, a file (``named``), or files that have this name before a suffix."""
    try:
        if (place / TOML).is_file():
            return place / TOML
        if place.is_file() and named:
            return _described(place)
        if place.parent.name != FOLDER:
            return None
        files = [path for suffix in SUFFIXES if (path := place.with_name(place.name + suffix)).is_file()]
    except (OSError, ValueError):  # a name that no system takes
        return None
    if len(files) > 1:
        raise PlanError(
            f"the model {place.name!r} is more than one file",
            where=str(place.parent),
            expected="one file of that name",
            found=", ".join(path.name for path in files),
            next_step=f"say which, with its suffix: {files[0].name}",
        )
    return _described(files[0]) if files else None


def _described(file: Path) -> Path:
    if file.name == TOML or file.suffix.lower() in SUFFIXES:
        beside = file.parent / TOML
        return beside if file.name != TOML and beside.is_file() and _is_of(beside, file) else file
    raise PlanError(
        "the kind of model file is not known",
        where=str(file),
        expected=f"one of {', '.join(SUFFIXES)}, or a folder with a {TOML}",
        found=file.suffix or "no suffix",
        next_step="save the network as one of these",
    )


def _is_of(toml: Path, file: Path) -> bool:
    """Whether a model.toml describes that file. One that cannot be read is taken to: reading it says what is wrong."""
    try:
        return bool(documents.toml(toml).get("file") == file.name)
    except (OSError, ValueError):
        return True


def _unknown(text: str, base: Path, where: list[Path]) -> PlanError:
    own = {name: f"{name} ({folder})" for folder in reversed(_folders(base)) for name in _inside(folder)}
    known = own | {name: name for name in names() if name not in own}
    listed = list(known.values())
    more = f", ... ({len(listed)})" if len(listed) > _SHOWN else ""
    near = [path.name for path in _siblings(base / text)] if is_path(text) else list(known)
    if is_path(text) and _is_folder(base / text):
        found = f"{base / text} is a folder without a {TOML}"
    else:
        places = [str(place) for place in where if not place.is_relative_to(_shipped())]
        found = f"nothing at {', '.join(places)}" + ("" if is_path(text) else ", and none of the shipped ones")
    return PlanError(
        f"there is no model {text!r}",
        expected=f"a path, or one of: {', '.join(listed[:_SHOWN])}{more}",
        found=found,
        next_step=suggestion(Path(text).name, near, "name one of these, or the path of the model's file"),
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _inside(folder: Path) -> Iterator[str]:
    """The names that models in a folder ``models`` have."""
    try:
        for path in sorted(folder.iterdir()):
            if (path / TOML).is_file():
                yield path.name
            elif path.suffix.lower() in SUFFIXES and path.is_file():
                yield path.stem
    except OSError:
        return


def _siblings(path: Path) -> list[Path]:
    try:
        return sorted(path.parent.iterdir())
    except (OSError, ValueError):
        return []


def _shipped() -> Path:
    return shipped("fixtures") / "models"
