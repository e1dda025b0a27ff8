"""Front ends: what makes features of raw samples, with the same bits as the C of ``firmware/frontend``.

One module each; its name is the name in a plan, ``features: micro``, or with options ``features: {name: micro, variant: S}``.
A front end's module has
- a docstring, whose first paragraph says in a sentence what it is, and then each stage to the constant;
- ``Options``: a pydantic model of what a plan may say, each with its description;
- ``made(options) -> FrontEnd``.

Everything is a pure function of the samples and, where a front end keeps something from window to window, of a state that the
caller holds: fresh for each clip of a data set, kept along a stream. ``codegen`` writes the same constants as C.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from harness.data.features import _base
from harness.data.features._base import FrontEnd, Options, Stages, State
from harness.errors import PlanError
from harness.plans import words
from harness.plans.names import suggestion

__all__ = ["FrontEnd", "Options", "Stages", "State", "first_difference", "load", "names", "sliding"]

_OTHERS = {"codegen", "decisions"}


class Module(Protocol):
    """What a module in this folder offers."""

    Options: type[_base.Options]

    def made(self, options: _base.Options) -> FrontEnd:
        """The front end with those options."""
        ...


def names() -> list[str]:
    """The known front ends."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if not name.startswith("_") and name not in _OTHERS)


def load(spec: str | Mapping[str, object]) -> FrontEnd:
    """The front end that a plan names: its name alone, or a mapping of ``name`` and options.

    Raises ``PlanError``: no such front end (with the known ones), no such option, a value that it does not take.
    """
    options = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = options.pop("name", None)
    if not isinstance(name, str) or name not in names():
        raise PlanError(
            f"unknown front end {name!r}",
            expected=", ".join(names()),
            found=name,
            next_step=suggestion(str(name), names(), "name a known one"),
        )
    module = cast(Module, importlib.import_module(f"{__name__}.{name}"))
    try:
        return module.made(module.Options.model_validate(options))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = ".".join(map(str, first["loc"]))
        known = ", ".join(module.Options.model_fields) or "no options"
        raise PlanError(
            f"an option of the front end {name!r} is wrong",
            where=f"features.{option}",
            expected=known if first["type"] == "extra_forbidden" else words.expected(first),
            found=option if first["type"] == "extra_forbidden" else words.shown(first["input"]),
            next_step="correct it, or leave it out",
        ) from error


def sliding(rows: npt.NDArray[np.generic], n: int) -> npt.NDArray[np.generic]:
    """What a network of n rows reads at each hop of a stream: rows [windows, values] -> [windows - n + 1, n, values], a view."""
    if len(rows) < n:
        return np.empty((0, n, *rows.shape[1:]), rows.dtype)
    return np.moveaxis(np.lib.stride_tricks.sliding_window_view(rows, n, axis=0), -1, 1)


def first_difference(expected: Stages, found: Stages) -> tuple[str, int] | None:
    """The first stage, in the order of computation, whose bits differ, and how many of its values do; None where all are equal.

    Stages that one side lacks are passed over.
    """
    for name, values in expected.items():
        if name in found:
            other = found[name].reshape(values.shape).astype(values.dtype, copy=False)
            width = f"V{values.dtype.itemsize}"
            same = np.ascontiguousarray(values).view(width) == np.ascontiguousarray(other).view(width)
            if not same.all():
                return name, int((~same).sum())
    return None
