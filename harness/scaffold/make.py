"""From what a user names, or has lying about, to a project whose plan can be run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from harness.bench import boards
from harness.clock import Clock
from harness.disk import files
from harness.disk.together import written
from harness.errors import MisuseError, PlanError
from harness.models import load_model
from harness.models.find import TOML
from harness.paths import shipped
from harness.plans import expand
from harness.plans.modelspec import SUFFIXES
from harness.run.prepare import prepared
from harness.run.reading import read_plan
from harness.scaffold import forms, project, search, several
from harness.scaffold.belong import Pair, together
from harness.scaffold.keep import Kept, sorted_out
from harness.scaffold.kinds import Data
from harness.scaffold.project import Ci, Names
from harness.scaffold.target import Target, choose

EXAMPLE: Final = "digits_cnn_int8"


@dataclass(frozen=True)
class Asked:
    """What the user said; None where it is to be found out. ``name``: of the plan."""

    root: Path
    model: Path | None = None
    data: Path | None = None
    board: str | None = None
    ci: Ci | None = None
    name: str | None = None
    example: bool = False
    force: bool = False


@dataclass(frozen=True)
class Made:
    """What was made. ``plan`` is the path of the plan, whether it is new or was left alone."""

    plan: Path
    names: Names
    pair: Pair
    target: Target
    kept: Kept
    example: bool


def make(asked: Asked, clock: Clock) -> Made:
    """Find, try on the host, and write all files or, whatever goes wrong, none.

    ``PlanError`` for a model and data that are missing, ambiguous or do not belong together, and ``MisuseError`` for a
    folder that cannot be one; nothing is written then.
    """
    root = asked.root
    if root.exists() and not root.is_dir():
        raise MisuseError("the project's folder is a file", where=str(root), next_step="name a folder: --dir DIR")
    example = _wants_example(asked)
    pair, copies = _example(root, clock) if example else (_own(asked, clock), {})
    target = choose(pair.model, asked.board)
    names = Names(asked.name or ("digits" if example else project.name_for(_called(pair))))
    texts = project.texts(root, names, pair, target, asked.ci or project.ci_of(root.absolute()))
    kept = sorted_out(root, texts, force=asked.force)
    kept = replace(kept, new={**copies, **kept.new})
    with written(*((root / path, content) for path, content in kept.new.items())):
        if names.plan in kept.new:
            plan = read_plan(root / names.plan)
            prepared(expand(plan, boards=boards.names(), only_boards=[target.board])[0])
    return Made(root / names.plan, names, pair, target, kept, example)


def _called(pair: Pair) -> Path:
    return pair.model.file if pair.model.facts is None else pair.model.file.parent / TOML


def _wants_example(asked: Asked) -> bool:
    if asked.model is not None or asked.data is not None:
        if asked.example:
            raise MisuseError("--example brings its own model and data", next_step="leave out one of the two")
        return False
    return asked.example or search.is_empty(asked.root) or _has_example(asked.root)


def _has_example(root: Path) -> bool:
    """Whether it was made before, and nothing of the user's own has come since."""
    home = root / "models" / EXAMPLE
    if not (home / TOML).is_file():
        return False
    seen = search.look(root)
    return seen.models == (home,) and not seen.data


def _own(asked: Asked, clock: Clock) -> Pair:
    seen = search.look(asked.root) if asked.model is None or asked.data is None else None
    model = asked.model if asked.model is not None else _only_model(seen.models if seen else (), asked.root)
    _check_model(model)
    loaded = load_model(model)
    if len(loaded.inputs) > 1:
        return together(loaded, several.named(loaded, asked.data or several.only_archive(loaded, asked.root)), clock)
    given = forms.recognised(asked.data) if asked.data is not None else None
    return together(loaded, given or _only_data(seen.data if seen else (), model, asked.root), clock)


def _only_model(found: tuple[Path, ...], root: Path) -> Path:
    if len(found) == 1:
        return found[0]
    if not found:
        raise PlanError(
            "no model was found",
            where=str(root),
            expected=f"a file {', '.join(f'*{suffix}' for suffix in SUFFIXES)}",
            next_step="name it: hil init MODEL DATA; or see how it works: hil init --example --dir NEW_FOLDER",
        )
    raise PlanError(
        "several files may be the model",
        where=str(root),
        expected="one model",
        found=", ".join(map(str, found)),
        next_step=f"say which: hil init {found[0]}",
    )


def _only_data(found: tuple[Data, ...], model: Path, root: Path) -> Data:
    try:
        return forms.only(found, root)
    except PlanError as error:
        if error.next_step:
            error.next_step = error.next_step.replace("MODEL", str(model))
        raise


def _check_model(model: Path) -> None:
    """``PlanError`` before anything else for a path that is no model: a folder given for the project, a file of another kind."""
    if model.is_dir() and not (model / TOML).is_file():
        raise PlanError(
            "a folder is no model",
            where=str(model),
            expected=f"a file {', '.join(f'*{suffix}' for suffix in SUFFIXES)}, or a folder with a {TOML}",
            next_step=f"for a project in that folder: hil init --dir {model}",
        )
    if not model.exists():
        raise PlanError("there is no such model", where=str(model), next_step="name a file that is there")


def _example(root: Path, clock: Clock) -> tuple[Pair, dict[Path, bytes]]:
    """The digits network, with the files that it consists of, by their path in the project."""
    home = shipped("fixtures") / "models" / EXAMPLE
    place = Path("models") / EXAMPLE
    found = together(load_model(home), Data("digits", {}), clock)
    copies = {place / path.name: files.content(path) for path in (home / TOML, found.model.file)}
    there = [path for path, content in copies.items() if _differs(root / path, content)]
    if there:
        raise MisuseError(
            "the example would overwrite files",
            where=str(root),
            found=", ".join(map(str, there)),
            next_step="--dir NEW_FOLDER",
        )
    own = replace(found.model, file=root / place / found.model.file.name)
    return replace(found, model=own), copies


def _differs(path: Path, content: bytes) -> bool:
    return path.exists() and files.content(path) != content
