"""What flashes, resets and questions a unit: one file per debug backend, a class that is a ``Probe``.

A probe never raises its backend's own exceptions: what goes wrong is a ``BenchError`` (the rig), with the address or the
register that it was about. After any error the probe must be closed; a new one may be opened for the same unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

Progress = Callable[[float], None]


class CoreState(StrEnum):
    """What the core is doing, as the probe sees it."""

    RUNNING = "running"
    SLEEPING = "sleeping"
    HALTED = "halted"
    RESET = "reset"
    LOCKUP = "lockup"


@dataclass(frozen=True)
class FlashReport:
    """What flashing did. ``bytes_programmed`` is 0 when the same image was there already.

    ``recovery`` says what had to be done first, in words; "" when nothing had.
    """

    duration_s: float
    bytes_total: int
    bytes_programmed: int
    verified: bool
    recovery: str = ""


@dataclass(frozen=True)
class CoreReport:
    """The core's state, with where it is. The registers are None while it runs and could not be halted."""

    state: CoreState
    pc: int | None = None
    lr: int | None = None
    sp: int | None = None


#: What one call reads or writes at most: it has to be done long before its deadline, through the slowest probe.
MEMORY_BYTES = 16 * 1024
#: 2 MB through a slow ST-LINK take about a minute. A plan's ``timeouts.flash_s`` goes before it.
FLASH_TIMEOUT_S = 180.0


class Probe(Protocol):
    """A connected probe. Used by one thread."""

    @property
    def description(self) -> str:
        """Vendor and product, for records."""
        ...

    def open(self) -> None:
        """Connect. ``BenchError`` when there is no such probe or the wrong chip behind it; nothing was written then."""
        ...

    def flash(self, elf: Path, progress: Progress | None = None, *, timeout_s: float = FLASH_TIMEOUT_S) -> FlashReport:
        """Program ``elf``'s loadable segments, read them all back and compare.

        Leaves the core halted at reset. ``BenchError`` with the first differing address when the read-back differs; the
        flash's content is then undefined. So it is after ``timeout_s`` without an end of it: ``BenchError``, and the probe
        is of no more use.
        """
        ...

    def reset(self) -> None:
        """Reset the core and let it run."""
        ...

    def chip_id(self) -> bytes:
        """The unique id of the chip at this probe, as board.toml says where it lies; b"" where that names none.

        ``BenchError`` when it cannot be read. Changes nothing on the unit.
        """
        ...

    def core(self) -> CoreReport:
        """What the core is doing. Halts a running core for a moment to read where it is, then lets it go on."""
        ...

    def close(self) -> None:
        """Let go of the probe; the core goes on running. May be called twice; never raises."""
        ...


@runtime_checkable
class MemoryProbe(Protocol):
    """A probe that reaches the chip's memories too: what examines a unit. Not every emulator's does."""

    def halt(self) -> None:
        """Reset the core and hold it before its first instruction. ``Probe.reset`` lets it run."""
        ...

    def erase(self, address: int) -> None:
        """Erase the flash's sector at that address: so that what is flashed next has to be programmed.

        ``BenchError`` when the chip is protected or another than the board's: nothing was erased then.
        """
        ...

    def read_memory(self, address: int, n_bytes: int) -> bytes:
        """What stands there; at most ``MEMORY_BYTES`` at once. ``BenchError`` when it cannot be read."""
        ...

    def write_memory(self, address: int, data: bytes) -> None:
        """Put it there, as ``read_memory``. For RAM: flash takes no such writes."""
        ...
