"""Chips for Renode: one file each, a value ``SOC`` that ``platform`` renders. Found by name, as board.toml's ``[virtual] soc``."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

from harness.errors import BenchError


@dataclass(frozen=True)
class Uart:
    """A serial port: where, which interrupt, and by what its clock is slower than the core's."""

    base: int
    irq: int
    divider: int = 1


@dataclass(frozen=True)
class UartModel:
    """What models the serial ports. ``name`` as platform descriptions have it.

    ``interrupt`` is the left side of the arrow: a model with several outputs wants it named. ``clocked``: it must be told
    its clock. ``sized``: it must be told how large its range is. ``source``: a C# file of ours in ``models/``, which must
    be included before the platform is loaded; empty for a model of Renode's own.
    """

    name: str
    interrupt: str = ""
    clocked: bool = True
    sized: bool = False
    source: str = ""


@dataclass(frozen=True)
class Follow:
    """Bits of register ``at`` that show the bits ``mask`` of register ``source``: a ready flag.

    They are ``shift`` places higher, or lower where it is negative.
    """

    at: int
    source: int
    mask: int
    shift: int


@dataclass(frozen=True)
class Registers:
    """A stand-in for a peripheral that only has to satisfy start-up code: it keeps what is written, flags follow.

    ``always`` are bits that read as 1 (register offset to mask).
    """

    base: int
    reset: dict[int, int]
    follows: tuple[Follow, ...] = ()
    always: tuple[tuple[int, int], ...] = ()
    size: int = 0x400


@dataclass(frozen=True)
class Soc:
    """What Renode needs to know of a chip. Addresses in bytes; ``peripherals`` are the ranges where the chip has registers.

    ``ram``: (base, size) where a board's firmware is given less RAM than the chip has; a memory wants whole pages.
    """

    uart: UartModel
    uarts: dict[str, Uart]
    stubs: dict[str, Registers]
    gpio: dict[str, tuple[int, int]]  # name: (base, mode register at reset)
    peripherals: tuple[tuple[int, int], ...]  # (first, last address)
    plain: dict[str, int]  # read-back memory of ``plain_bytes`` each
    aliases: dict[str, int]  # a memory's name to a second address
    extra_ram: dict[str, tuple[int, int]]  # name: (base, size), behind or beside the main RAM
    priority_mask: int = 0xF0
    bit_bands: bool = True
    plain_bytes: int = 0x400
    ram: tuple[int, int] | None = None
    tick_hz: int = 0  # what the firmware lets SysTick count, 0 for an eighth of the core's clock


def names() -> tuple[str, ...]:
    """The chips there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")))


def load(name: str) -> Soc:
    """The chip of that name. ``BenchError`` names the file that would add it."""
    if name not in names():
        raise BenchError(
            f"there is no Renode platform for the chip {name}",
            expected=f"one of: {', '.join(names())}",
            next_step=f"add harness/renode/soc/{name}.py, or use --backend virtual",
        )
    soc: Soc = importlib.import_module(f"{__name__}.{name}").SOC
    return soc
