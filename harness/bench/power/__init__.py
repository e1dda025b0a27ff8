"""What switches a unit's power: one file a driver, found by its name in the bench file.

Such a file has ``switch(spec)``, which makes a ``PowerSwitch`` of the bench file's keys (``plans.power``), and ``examine()``,
which tells the doctor of what the driver needs. A switch is bounded: it ends in ``DEADLINE_S`` one way or the other, a virtual
hub in the time that its units take to start. What it says is what it was told, not what was seen: whether the power really
went, ``farm.recovery`` proves at the unit.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Final, Protocol, cast

from harness.bench.finding import Finding
from harness.errors import BenchError
from harness.plans.power import PowerSpec

#: A switch that has not done it by then will not.
DEADLINE_S: Final = 30.0


class PowerSwitch(Protocol):
    """Switches one unit, or several. ``BenchError`` when it cannot: how the unit is then is not known."""

    @property
    def title(self) -> str:
        """Which switch it is, for people; no secret is in it."""
        ...

    def off(self) -> None:
        """The unit has no power when this returns. Harmless when it had none."""
        ...

    def on(self) -> None:
        """The unit has power when this returns; its firmware may still be starting. Harmless when it had."""
        ...

    def is_on(self) -> bool | None:
        """What the switch itself says now; None where it does not tell."""
        ...


class Driver(Protocol):
    """What a driver's file has."""

    def switch(self, spec: object) -> PowerSwitch:
        """The switch of those keys. Nothing is asked yet."""
        ...

    def examine(self) -> Iterator[Finding]:
        """What the doctor says of it: nothing where nothing is needed."""
        ...


def names() -> tuple[str, ...]:
    """The drivers that are here."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def switch_of(spec: PowerSpec | None) -> PowerSwitch | None:
    """The switch that a bench file names; None for none."""
    if spec is None:
        return None
    return cast(Driver, importlib.import_module(f"{__name__}.{spec.driver}")).switch(spec)


def examine() -> Iterator[Finding]:
    """What every driver says."""
    for name in names():
        yield from cast(Driver, importlib.import_module(f"{__name__}.{name}")).examine()


def failed(title: str, found: object, next_step: str = "", *, expected: str | None = None) -> BenchError:
    """What is wrong when a switch does not do it."""
    return BenchError(
        "the unit's power could not be switched",
        where=title,
        expected=expected,
        found=found,
        next_step=next_step or "try it by hand, and correct `power` in the bench file",
    )


def none_of(uid: str, port: str, board: str) -> BenchError:
    """What is wrong when a test wants to switch a unit that has no switch."""
    return BenchError(
        "this unit has no power switch that hil knows",
        where=f"unit {uid}",
        next_step="name it in a bench file and give that by --bench (`hil guide power` has the drivers): "
        f'units: [{{board: {board}, uid: {uid}, port: {port}, power: {{on: "COMMAND", off: "COMMAND"}}}}]',
    )
