"""What a model's outputs mean. One file each; the file's name is the name in a plan.

A task's module has
- ``Options``: a pydantic model (extra=forbid) of what a plan may say under ``task.options``, each with its description;
- ``TRUTH``: what it needs of the data, see ``Needs``;
- ``SCORE``: what ``scores`` are, in words for an axis; "" when it has none;
- ``BETTER``: which way a score is better; "" where that depends on the sample, or there is none;
- ``HEADLINES``: the metrics that a short report shows first;
- ``TABLES``: what a report shows part by part, and ``PICTURE``: what its page draws of the samples, see ``Picture``;
- ``FAMILY`` and ``measure``: the metrics that only it has, as of a family in ``metrics/``;
- ``check(spec, output, source, data)``: raises ``PlanError`` when output, input and data cannot be of such a task;
- ``parts(data)``: what ``*`` stands for in its metrics: classes, labels, groups;
- ``scores(view)``: float64 [N], one number a sample (NaN where it is not sound), or None.

Families in ``metrics/`` say which tasks they belong to. All tasks have those of parity with the reference, of cost and line.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from harness.data.dataset import Dataset
from harness.errors import PlanError
from harness.plans import words
from harness.plans.names import listed, suggestion
from harness.plans.schema import TaskSpec
from harness.records import Measurement, Tensor

if TYPE_CHECKING:
    from harness.verdict.metrics import Family
    from harness.verdict.view import View

#: A class per sample; real numbers that the output should be; nothing at all.
Needs = Literal["labels", "targets", "nothing"]
Better = Literal["lower", "higher", ""]
#: Nothing; each value by its target; the ROC curve of the scores; some outputs beside their targets.
Picture = Literal["", "dots", "roc", "signals"]


@dataclass(frozen=True)
class Table:
    """A row for each part (a label, a group, a quantile), a column for each of ``metrics``: ``<metric>.<part>``.

    Where ``<metric>`` itself is measured, the first row is of all parts together.
    """

    title: str
    part: str
    metrics: tuple[str, ...]


class Options(BaseModel):
    """Base of the tasks' options; by itself that of a task without any."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Task(Protocol):
    """What a module in this folder offers."""

    Options: type[Options]
    TRUTH: Needs
    SCORE: str
    BETTER: Better
    HEADLINES: tuple[str, ...]
    TABLES: tuple[Table, ...]
    PICTURE: Picture
    FAMILY: Family

    def check(self, spec: TaskSpec, output: Tensor, source: Tensor, data: Dataset) -> None:
        """``PlanError`` when output and data cannot be of such a task. ``source``: the model's first input."""
        ...

    def parts(self, data: Dataset) -> tuple[str, ...]:
        """What ``*`` stands for in the names of its metrics."""
        ...

    def measure(self, view: View) -> tuple[Measurement, ...]:
        """The metrics that only this task has."""
        ...

    def scores(self, view: View) -> npt.NDArray[np.float64] | None:
        """What it makes of each sample."""
        ...


def names() -> list[str]:
    """The known tasks."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(name: str) -> Task:
    """The task of that name. ``PlanError`` listing the known ones."""
    if name not in names():
        raise PlanError(
            f"unknown task {name!r}",
            expected=listed(names()),
            found=name,
            next_step=suggestion(name, names(), "name one of these"),
        )
    return cast(Task, importlib.import_module(f"{__name__}.{name}"))


def options(spec: TaskSpec) -> Any:
    """What a plan says of the task, as its module takes it. ``PlanError``: no such task or option, or a wrong value."""
    kind = load(spec.name).Options
    given: Mapping[str, object] = spec.options
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    option = str(first["loc"][0]) if first["loc"] else ""
    known = list(kind.model_fields)
    if first["type"] == "extra_forbidden":
        raise PlanError(
            f"the task {spec.name!r} has no option {option!r}",
            where=f"task.options.{option}",
            expected=listed(known) if known else "no options",
            found=option,
            next_step=suggestion(option, known, "remove it") if known else "remove it",
        )
    raise PlanError(
        f"an option of task {spec.name!r} is wrong",
        where=f"task.options.{option}" if option else "task.options",
        expected=words.expected(first),
        found=words.shown(first["input"]),
        next_step=words.next_step(first, "correct it"),
    )


def settings(spec: TaskSpec) -> tuple[tuple[str, str], ...]:
    """Every option of a task that has a value, as text that ``options`` takes."""
    values = options(spec).model_dump()
    return tuple((name, str(value)) for name, value in values.items() if value not in (None, ""))
