"""The forms of datasets. One file each; the file's name is the name in a plan.

A form's module has
- a docstring, whose first paragraph says in a sentence what the form is;
- ``EXAMPLE``: the part ``dataset`` of a plan that uses it, as text;
- ``Options``: a pydantic model (extra=forbid) of what a plan may say under ``dataset.options``, each with its description;
- ``splits(options, folder)``: the names of the splits that the data tells apart, none when it is whichever is asked for;
- ``read(options, split, folder, first) -> Dataset``: the whole split, or no more than its ``first`` samples where that is less
  work. ``folder`` is where relative paths in the options start. Raises ``DataMissing`` when the data is not on this machine
  (the case is skipped), ``PlanError`` for anything that is wrong with the options, the split or the files.

A form of one's own data builds on ``_own``, one of class folders on ``_folders``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from harness.data.dataset import Dataset
from harness.errors import PlanError
from harness.plans import words
from harness.plans.names import suggestion


class Form(Protocol):
    """What a module in this folder offers."""

    Options: type[BaseModel]
    EXAMPLE: str

    def splits(self, options: BaseModel, folder: Path) -> tuple[str, ...]:
        """The splits that the data tells apart."""
        ...

    def read(self, options: BaseModel, split: str, folder: Path, first: int | None) -> Dataset:
        """The split, in its fixed order."""
        ...


def names() -> list[str]:
    """The known forms."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def form(name: str) -> Form:
    """The form of that name. Raises ``PlanError`` listing the known ones."""
    if name not in names():
        raise PlanError(
            f"unknown dataset {name!r}",
            expected=", ".join(names()),
            found=name,
            next_step=suggestion(name, names(), "name a known one; `hil data forms` says what each is for"),
        )
    return cast(Form, importlib.import_module(f"{__name__}.{name}"))


def load(
    name: str,
    split: str = "test",
    *,
    samples: int | None = None,
    options: Mapping[str, object] | None = None,
    folder: Path | None = None,
) -> Dataset:
    """The first ``samples`` (None: all) of a dataset's split.

    ``folder``: where relative paths in ``options`` start, the plan's folder; the working directory if not given.
    Raises ``DataMissing`` (skip the case) or ``PlanError``.
    """
    return form(name).read(check(name, options or {}), split, folder or Path(), samples).first(samples)


def splits(name: str, options: Mapping[str, object], folder: Path | None = None) -> tuple[str, ...]:
    """The splits that a dataset tells apart; none when it is whichever is asked for. Errors as ``load``."""
    return form(name).splits(check(name, options), folder or Path())


def options_of(name: str) -> dict[str, FieldInfo]:
    """The options of a form by name: its own first, then those that it shares, the most general last."""
    options = form(name).Options
    classes = [base for base in options.__mro__ if issubclass(base, BaseModel)]
    own = {kind: [option for option in kind.__annotations__ if option in options.model_fields] for kind in classes[:-1]}
    # One that is said again with another default stands where it was said first.
    return {
        option: options.model_fields[option]
        for place, kind in enumerate(classes[:-1])
        for option in own[kind]
        if not any(option in own[base] for base in classes[place + 1 : -1])
    }


def check(name: str, options: Mapping[str, object]) -> BaseModel:
    """The options of a form as its ``read`` takes them, nothing read yet. ``PlanError``: no such form, no such option."""
    module = form(name)
    try:
        return module.Options.model_validate(dict(options))
    except ValidationError as error:
        # What is missing may be what is misspelt.
        first = min(error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden")
    known = list(options_of(name))
    option = str(first["loc"][0]) if first["loc"] else ""
    see = f"`hil data forms {name}` lists the options"
    where = f"dataset.options.{option}" if option else "dataset.options"
    if first["type"] == "extra_forbidden":
        raise PlanError(
            f"the dataset {name!r} has no option {option!r}",
            where=where,
            expected=", ".join(known) or "no options",
            found=option,
            next_step=f"{suggestion(option, known, 'remove it')}; {see}" if known else "remove it",
        )
    if first["type"] == "missing":
        raise PlanError(
            f"the dataset {name!r} needs the option {option!r}",
            where="dataset.options",
            expected=f"{option}: {module.Options.model_fields[option].description}",
            next_step=f"add it; {see}",
        )
    raise PlanError(
        f"an option of dataset {name!r} is wrong" if option else f"the options of dataset {name!r} are wrong",
        where=where,
        expected=words.expected(first),
        found=words.shown(first["input"]) if option else None,
        next_step=f"{words.next_step(first, 'correct it')}; {see}",
    )
