"""Which model and which data lie in a folder. Nothing is chosen: whoever asks sees all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import PlanError
from harness.models.find import TOML
from harness.paths import read_file
from harness.plans.modelspec import SUFFIXES
from harness.scaffold import forms, kinds
from harness.scaffold.kinds import Data

#: Folders in which nobody keeps a model or data of a project.
_PASSED_OVER = frozenset({"node_modules", "build", "dist", "site-packages", "hil-reports", "testplans"})
_DEEPEST = 4
#: A folder with more than that is no project; the user is asked to name the files.
_MOST = 20_000
#: Of what a home folder may hold besides: nothing that a project's example would be in the way of.
_HARMLESS = ("readme", "license", "licence", "copying")


@dataclass(frozen=True)
class Seen:
    """Models (a file, or the folder of a model.toml) and data, each in the order of the paths."""

    models: tuple[Path, ...]
    data: tuple[Data, ...]


def look(folder: Path) -> Seen:
    """What lies in ``folder`` and below. ``PlanError`` when there is too much to look through."""
    models: list[Path] = []
    rest: list[Path] = []
    left = _MOST
    for place, folders, files in _walk(folder):
        left -= len(folders) + len(files)
        if left < 0:
            raise PlanError(
                "the folder holds too much to look through",
                where=str(folder),
                found=f"more than {_MOST:,} files",
                next_step="name the two: hil init MODEL DATA",
            )
        if place != folder and TOML in files:
            models.append(place)
            folders.clear()
            continue
        if place != folder and kinds.of_folder(place) is not None:
            rest.append(place)
            folders.clear()
            continue
        models += [place / name for name in files if _is_model(place / name)]
        rest += [place / name for name in files if forms.may_be(place / name)]
    return Seen(tuple(sorted(models)), forms.collected(sorted(rest)))


def is_empty(folder: Path) -> bool:
    """Whether a folder (which need not exist) has nothing of a project yet: dot-files, a virtual environment and the like."""
    if not folder.exists():
        return True
    return all(
        path.name.startswith(".") or path.name.lower().startswith(_HARMLESS) or (path / "pyvenv.cfg").is_file()
        for path in folder.iterdir()
    )


def _walk(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As ``os.walk``, without what is passed over."""
    for name, folders, files in os.walk(folder):
        place = Path(name)
        kept = sorted(
            one
            for one in folders
            if not one.startswith((".", "__"))
            and one not in _PASSED_OVER
            and not (place / one / "pyvenv.cfg").is_file()
        )
        folders[:] = kept if len(place.relative_to(folder).parts) < _DEEPEST else []
        yield place, folders, sorted(files)


def _is_model(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix != ".h5":
        return suffix in SUFFIXES
    # HDF5 holds data as often as networks, and weights alone are none: Keras writes the network under this name.
    try:
        return b"model_config" in read_file(path)
    except OSError:
        return False
