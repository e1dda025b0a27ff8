"""What every chip gives the unit that runs it: its cores, what the debug port reaches, its serial port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from harness.virtual.machine import Machine
from harness.virtual.periph.line import LineUart


class Chip(Protocol):
    """One chip with its memories. Power it with ``machine.request_reset("power")``."""

    @property
    def machine(self) -> Machine:
        """The core that runs the firmware under test."""
        ...

    @property
    def access_ports(self) -> Mapping[int, Machine]:
        """The debug port's access ports: the core whose bus each reaches. Every core of the chip is among them."""
        ...

    @property
    def serial(self) -> LineUart:
        """The UART behind the unit's serial port."""
        ...
