"""What every chip gives the unit that runs it: its cores, what the debug port reaches, its serial port, its reset."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from mmap import mmap
from typing import Protocol

from harness.virtual.core.machine import Machine
from harness.virtual.periph.base import Peripheral
from harness.virtual.periph.line import LineUart


def flash_array(n_bytes: int, kept: int | None, erased: int = 0xFF) -> mmap:
    """A flash, erased at first. ``kept`` is the descriptor of a file that holds it: what is programmed outlives the process."""
    if kept is not None:
        if os.fstat(kept).st_size == n_bytes:
            return mmap(kept, n_bytes)
        os.ftruncate(kept, n_bytes)
    array = mmap(-1 if kept is None else kept, n_bytes)
    array[:] = bytes((erased,)) * n_bytes
    return array


@dataclass(frozen=True)
class AccessPort:
    """An access port of the debug port: the core whose bus it reaches, and whether it shows that core's ROM table."""

    machine: Machine
    shows_core: bool = True


class Chip(Protocol):
    """One chip with its memories. It does nothing until ``reset("power")``."""

    @property
    def machine(self) -> Machine:
        """The core that runs the firmware under test."""
        ...

    @property
    def access_ports(self) -> Mapping[int, AccessPort]:
        """The debug port's access ports. Every core of the chip is among them."""
        ...

    @property
    def serial(self) -> LineUart:
        """The UART behind the unit's serial port."""
        ...

    def reset(self, cause: str) -> None:
        """Reset the whole chip (``power``, ``pin``, ``software``, ``watchdog``) at the next instruction boundary."""
        ...

    def hold_reset(self, held: bool) -> None:
        """Drive the reset pin."""
        ...


class SingleCore:
    """A chip with one core behind access port 0."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.access_ports = {0: AccessPort(machine)}

    def connect(self, device: Peripheral) -> None:
        """Let a peripheral take part in the chip's resets, stop the unit and give hints."""
        self.machine.resettable.append(device.reset)
        device.refuse, device.hint = self.machine.noticed.refuse, self.machine.noticed.hint

    def reset(self, cause: str) -> None:
        """See ``Chip``."""
        self.machine.request_reset(cause)

    def hold_reset(self, held: bool) -> None:
        """See ``Chip``."""
        self.machine.hold_reset(held)
