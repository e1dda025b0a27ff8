"""What stands in for a board: one file per emulator, found by its name. Nothing else in the harness names one.

An emulator starts a unit that is reached as any other: through a probe by its unique id, through a serial port by its path.
Its file has (``Emulator``):

    ABOUT             what reports call it, what its evidence is worth and cannot say, what of a chip it leaves out
    can_be(board)     whether it has what that board needs, installed or not
    require(board)    ``BenchError``, in one line, when it cannot run on this host, or cannot be that board
    start(board)      a running unit
    examine()         the doctor's lines about it
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from harness.errors import MisuseError

if TYPE_CHECKING:  # the command line asks for names alone, whatever is typed
    from harness.bench.boards import Board
    from harness.bench.finding import Finding
    from harness.bench.power import PowerSwitch
    from harness.bench.probes import Probe
    from harness.records import Evidence

DEFAULT = "virtual"  # what ``auto`` takes where no real unit is attached


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

    def ended(self, within_s: float) -> bool:
        """Whether its process has ended, or ends within that time."""
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

    def power_switch(self) -> PowerSwitch | None:
        """What takes its power away and gives it back; None where the emulator does not model that."""
        ...

    def findings(self) -> Findings:
        """What the emulator noticed that the wire does not tell. ``BenchError`` when it cannot be asked."""
        ...

    def close(self) -> None:
        """End it."""
        ...


@dataclass(frozen=True)
class Findings:
    """``errors`` are the firmware's: on a chip it would not have gone on. ``warnings`` are gaps of the model, and
    what works there by luck.

    ``hints`` may explain a failure, and mean nothing where there is none.
    """

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class About:
    """What an emulator says of itself.

    ``limits`` is what its evidence cannot say, in a few words. ``clock_modelled``: the firmware's clock tree is there, so that
    a clock which is not the board's is a finding.
    """

    title: str
    limits: str
    evidence: Evidence = "emulated"
    clock_modelled: bool = True

    @property
    def caveat(self) -> str:
        """For reports: what the evidence cannot say."""
        return f"{self.title}: {self.limits}"


class Emulator(Protocol):
    """What an emulator's file has."""

    ABOUT: About

    def can_be(self, board: Board) -> bool:
        """Whether it has what that board needs. It need not be installed."""
        ...

    def require(self, board: Board) -> None:
        """``BenchError``, in one line, when it cannot run on this host, or cannot be that board."""
        ...

    def start(self, board: Board) -> EmulatedUnit:
        """Start one unit in processes of its own that end when ours does. ``BenchError`` when it does not come up."""
        ...

    def examine(self) -> Iterator[Finding]:
        """What the doctor says of it."""
        ...


def names() -> tuple[str, ...]:
    """The emulators that are here."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def backend_choices() -> tuple[str, ...]:
    """What ``--backend`` may say: ``auto``, ``probe`` for a real unit, or an emulator."""
    return ("auto", "probe", *names())


def load(name: str) -> Emulator:
    """The emulator of that name. ``MisuseError`` lists the known ones."""
    if name not in names():
        from harness.plans.names import suggestion  # here: the command line's help asks for our names, not for plans

        raise MisuseError(
            f"no emulator is named {name!r}",
            expected=f"one of: {', '.join(names())}",
            next_step=suggestion(name, names(), "name one of these"),
        )
    return cast(Emulator, importlib.import_module(f"{__name__}.{name}"))


def start(name: str, board: Board) -> EmulatedUnit:
    """Start a unit of ``board`` on the emulator of that name. Errors as in ``load`` and ``Emulator.start``."""
    return load(name).start(board)
