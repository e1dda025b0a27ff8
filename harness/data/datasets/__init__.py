"""The forms of datasets. One file each; the file's name is the name in a plan.

A form's module has
- ``Options``: a pydantic model (extra=forbid) of what a plan may say under ``dataset.options``;
- ``read(options: Options, split: str, folder: Path) -> Dataset``: the whole split. ``folder`` is where relative paths
  in the options start. Raises ``DataMissing`` when the data is not on this machine (the case is skipped), ``PlanError``
  for anything that is wrong with the options, the split or the files.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

from pydantic import BaseModel, ValidationError

from harness.data.dataset import Dataset
from harness.errors import PlanError


class Form(Protocol):
    """What a module in this folder offers."""

    Options: type[BaseModel]

    def read(self, options: BaseModel, split: str, folder: Path) -> Dataset:
        """The whole split, in its fixed order."""
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
            next_step="name a known one, or bring your own data as 'npz' or 'csv'",
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
    return form(name).read(check(name, options or {}), split, folder or Path()).first(samples)


def check(name: str, options: Mapping[str, object]) -> BaseModel:
    """The options of a form as its ``read`` takes them, nothing read yet. ``PlanError``: no such form, no such option."""
    module = form(name)
    try:
        return module.Options.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise PlanError(
            f"the options of dataset {name!r} are wrong",
            where=".".join(("dataset", "options", *map(str, first["loc"]))),
            expected=f"{first['msg'].removeprefix('Value error, ')}; options are "
            + (", ".join(module.Options.model_fields) or "(none)"),
            found=repr(first["input"]),
        ) from None
