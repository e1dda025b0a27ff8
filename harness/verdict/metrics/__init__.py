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
from harness.verdict.view import View


@dataclass(frozen=True)
class Family:
    """What can be said of a family before anything ran.

    ``names``: measurement names; ``x.*`` stands for one per class. ``shares``: those of them that are hits/n, so that
    an interval of any level follows from value and n. ``interval``: the others that have a 95 % interval. ``only``: measured
    on that evidence alone. ``ratios``: those, beside the shares, that lie in 0..1, ``signed``: in -1..1; the others are 0 or
    more. ``whole``: those that are whole numbers. ``counted``: those that count samples, of which there are only so many.
    ``meanings``: of each name, in a line for people who write gates. ``units``: of those that are no ratio of 0..1.
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

    def unit(self, metric: str) -> str:
        """The unit of that measurement, as its ``Measurement`` has it."""
        return self.units.get(metric, "ratio")

    def per_class(self, metric: str) -> bool:
        """Whether it is one of a class's measurements: ``recall.yes``."""
        stem, _, rest = metric.partition(".")
        return metric not in self.names and bool(rest) and f"{stem}.*" in self.names

    def is_share(self, metric: str) -> bool:
        """Whether that measurement is hits/n."""
        return metric in self.shares or (self.per_class(metric) and f"{metric.partition('.')[0]}.*" in self.shares)

    def highest(self, metric: str, n_samples: int | None = None) -> float:
        """The largest value that it can have, of so many samples where that is known."""
        if metric in self.counted and n_samples is not None:
            return n_samples
        return 1.0 if self.is_share(metric) or metric in (*self.ratios, *self.signed) else math.inf

    def lowest(self, metric: str) -> float:
        """The smallest value that it can have."""
        return -1.0 if metric in self.signed else 0.0

    def knows(self, metric: str) -> bool:
        """Whether it may yield a measurement of that name."""
        return metric in self.names or self.per_class(metric)


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


def family_of(metric: str) -> Family | None:
    """The family that may yield a measurement of that name; None for an unknown name."""
    return next((module.FAMILY for module in map(load, names()) if module.FAMILY.knows(metric)), None)


def metric_names() -> list[str]:
    """Every measurement name that a gate may use, for messages; ``x.*`` = one per class."""
    return sorted(name for module in map(load, names()) for name in module.FAMILY.names)


def measure_all(view: View) -> tuple[Measurement, ...]:
    """Everything that this case has evidence for, in a fixed order."""
    return tuple(measurement for name in names() for measurement in load(name).measure(view))


def described() -> list[dict[str, str | bool]]:
    """Every measurement for people, by name: ``name``, ``unit``, ``meaning``, ``interval``, and on which evidence it exists.

    ``interval``: which levels a gate's ``confidence`` may ask for, ``any``, ``0.95`` or ``none``.
    """
    return [
        {
            "name": name,
            "unit": family.unit(name),
            "emulator": family.only != "hardware",
            "hardware": family.only != "emulated",
            "interval": "any" if family.is_share(name) else "0.95" if name in family.interval else "none",
            "meaning": family.meanings[name],
        }
        for name, family in sorted(
            (name, module.FAMILY) for module in map(load, names()) for name in module.FAMILY.names
        )
    ]
