"""What stands in for a board: one file per emulator, found by its name.

An emulator starts a unit that is reached as any other: through a probe by its unique id, through a serial port by its path.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Protocol

from harness.bench.boards import Board
from harness.bench.probes import Probe
from harness.errors import MisuseError


class EmulatedUnit(Protocol):
    """A running emulated board. ``close`` may be called twice and leaves no process."""

    @property
    def uid(self) -> str:
        """The unique id under which the probe lists it."""
        ...

    @property
    def port(self) -> str:
        """The path of its serial port."""
        ...

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        ...

    @property
    def why_dead(self) -> str:
        """What its process said last; empty while it runs."""
        ...

    @property
    def core_fault(self) -> str:
        """Why the firmware made going on impossible, as opposed to the emulator being gone; empty while it did not."""
        ...

    def own_time_s(self) -> float | None:
        """How long it has lived by its own clock: virtual time while its core runs, the host's while it idles, stops or halts.

        It stands still while the emulator gets no processor. None where it does not tell. Never waits, never raises.
        """
        ...

    def probe(self, *, allow_mass_erase: bool) -> Probe:
        """What flashes and questions it. Not connected yet."""
        ...

    def findings(self) -> Findings:
        """What the emulator noticed that the wire does not tell. ``BenchError`` when it cannot be asked."""
        ...

    def close(self) -> None:
        """End it."""
        ...


@dataclass(frozen=True)
class Findings:
    """``errors`` are the firmware's: on a chip it would have crashed. ``warnings`` are gaps of the model."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def names() -> tuple[str, ...]:
    """The emulators that are here."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def start(name: str, board: Board) -> EmulatedUnit:
    """Start a unit of ``board`` on the emulator of that name. ``MisuseError`` lists the known ones."""
    if name not in names():
        raise MisuseError(f"no emulator is named {name!r}", expected=f"one of: {', '.join(names())}")
    unit: EmulatedUnit = importlib.import_module(f"{__name__}.{name}").start(board)
    return unit


def require(name: str, board: Board) -> None:
    """``BenchError``, in one line, when the emulator of that name cannot run on this host, or cannot be that board."""
    check = getattr(importlib.import_module(f"{__name__}.{name}"), "require", None) if name in names() else None
    if check is not None:
        check(board)
