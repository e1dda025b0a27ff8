"""The families of measurements. One file each, found by its name.

A family's module has
- ``FAMILY``: the names that it may yield and what a gate may expect of them;
- ``measure(view: View) -> tuple[Measurement, ...]``: those that this case has evidence for. One that cannot be known is
  left out, never guessed: a gate on it is then inconclusive.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

from harness.records import Evidence, Measurement
from harness.verdict import tasks
from harness.verdict.view import View


@dataclass(frozen=True)
class Family:
    """What can be said of a family before anything ran.

    ``names``: measurement names; ``x.*`` stands for one per class (label, group). ``shares``: those of them that are hits/n,
    so that an interval of any level follows from value and n. ``interval``: the others that have a 95 % interval. ``only``:
    measured on that evidence alone. ``ratios``: those, beside the shares, that lie in 0..1, ``signed``: in -1..1; the others
    are 0 or more, ``unbounded`` ones may be anything. ``whole``: those that are whole numbers. ``counted``: those that count
    samples, of which there are only so many. ``meanings``: of each name, in a line for people who write gates. ``units``: of
    those that are no ratio of 0..1. ``tasks``: those that it is measured in; empty = in every one. ``per_output``: of a model
    with several outputs each name is of all of them, and ``<name>.<output>`` of one. ``grouped``: those whose interval is of the
    data's groups where it has them (``verdict.clustered``); what compares board and reference is not among them: it asks of
    arithmetic, not of speakers. ``stars``: what ``*`` stands for where it is no class. ``absent``: why a run may lack them, in
    words, where that is neither emulator nor hardware.
    """

    names: tuple[str, ...]
    shares: tuple[str, ...] = ()
    interval: tuple[str, ...] = ()
    only: Evidence | None = None
    ratios: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    unbounded: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    per_output: bool = False
    grouped: tuple[str, ...] = ()
    stars: tuple[str, ...] = ()
    absent: str = ""

    def of(self, metric: str) -> str:
        """The one of ``names`` that a measurement has its facts from: ``recall.*`` for ``recall.yes``; "" for none."""
        stem, _, rest = metric.partition(".")
        if metric in self.names:
            return metric
        if rest and f"{stem}.*" in self.names:
            return f"{stem}.*"
        return stem if rest and self.per_output and stem in self.names else ""

    def unit(self, metric: str) -> str:
        """The unit of that measurement, as its ``Measurement`` has it."""
        return self.units.get(self.of(metric), "ratio")

    def per_class(self, metric: str) -> bool:
        """Whether it is one of a class's measurements: ``recall.yes``."""
        return metric not in self.names and self.of(metric).endswith(".*")

    def of_output(self, metric: str) -> str:
        """The output that a measurement such as ``agreement.boxes`` is of; "" for one of all of them."""
        return "" if metric in self.names or self.per_class(metric) else metric.partition(".")[2]

    def is_share(self, metric: str) -> bool:
        """Whether that measurement is hits/n."""
        return self.of(metric) in self.shares

    def has_interval(self, metric: str) -> bool:
        """Whether it is no share and has an interval all the same, of 95 %."""
        return self.of(metric) in self.interval

    def by_group(self, metric: str) -> bool:
        """Whether its interval is that of the data's groups where it has any."""
        return self.of(metric) in self.grouped

    def highest(self, metric: str, n_samples: int | None = None) -> float:
        """The largest value that it can have, of so many samples where that is known."""
        if metric in self.counted and n_samples is not None:
            return n_samples
        return 1.0 if self.of(metric) in (*self.shares, *self.ratios, *self.signed) else math.inf

    def lowest(self, metric: str) -> float:
        """The smallest value that it can have."""
        name = self.of(metric)
        return -1.0 if name in self.signed else -math.inf if name in self.unbounded else 0.0

    def knows(self, metric: str) -> bool:
        """Whether it may yield a measurement of that name."""
        return bool(self.of(metric))


class Metric(Protocol):
    """What a module in this folder offers."""

    FAMILY: Family

    def measure(self, view: View) -> tuple[Measurement, ...]:
        """The family's measurements of a case."""
        ...


def names() -> list[str]:
    """The known families."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(name: str) -> Metric:
    """The family of that name, which must be one of ``names()``."""
    return cast(Metric, importlib.import_module(f"{__name__}.{name}"))


def of_task(task: str | None) -> list[Metric]:
    """The families of a task, its own last; None: of all tasks."""
    families = [load(name) for name in names()]
    if task is None:
        return [*families, *map(tasks.load, tasks.names())]
    return [one for one in families if task in (one.FAMILY.tasks or (task,))] + [tasks.load(task)]


def family_of(metric: str, task: str | None = None) -> Family | None:
    """The family that may yield a measurement of that name (in that task); None for an unknown name."""
    return next((module.FAMILY for module in of_task(task) if module.FAMILY.knows(metric)), None)


def metric_names(task: str | None = None) -> list[str]:
    """Every measurement name that a gate may use (in that task), for messages; ``x.*`` = one per class."""
    return sorted(name for module in of_task(task) for name in module.FAMILY.names)


def measure_all(view: View) -> tuple[Measurement, ...]:
    """Everything that this case has evidence for, in a fixed order."""
    found: list[Measurement] = []
    for module in of_task(view.task.name):
        found += module.measure(view)
        for part in view.parts if module.FAMILY.per_output else ():
            found += [m.model_copy(update={"name": f"{m.name}.{part.output.name}"}) for m in module.measure(part)]
    return tuple(found)


def described() -> list[dict[str, str | bool]]:
    """Every measurement for people, by name: ``name``, ``unit``, ``meaning``, ``interval``, and on which evidence it exists.

    ``tasks``: those that have it, ``all`` or their names. ``interval``: which levels a gate's ``confidence`` may ask for,
    ``any``, ``0.95`` or ``none``.
    """
    return [
        {
            "name": name,
            "unit": family.unit(name),
            "emulator": family.only != "hardware",
            "hardware": family.only != "emulated",
            "tasks": ", ".join(family.tasks) or "all",
            "interval": "any" if family.is_share(name) else "0.95" if name in family.interval else "none",
            "meaning": family.meanings[name],
        }
        for name, family in sorted(
            ((name, module.FAMILY) for module in of_task(None) for name in module.FAMILY.names), key=lambda one: one[0]
        )
    ]
