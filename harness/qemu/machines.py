"""QEMU's machines that a board may name in its board.toml, with what must be known of each beside its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Port:
    """A serial port: the address of its register of received bytes, and the number of its interrupt."""

    received: int
    interrupt: int


@dataclass(frozen=True)
class Kind:
    """``ports`` are the serial ports in the order of QEMU's ``-serial``; ``since`` the first version whose ports work."""

    ports: Mapping[str, Port]
    since: tuple[int, int]


KINDS = {
    # 9.0 has the machine, but none of its ports (QEMU's issue 2540).
    # Addresses and interrupts: RM0351, chapters "Memory organization" and "NVIC"; RDR lies at 0x24.
    "b-l475e-iot01a": Kind(
        {
            "USART1": Port(0x40013824, 37),
            "USART2": Port(0x40004424, 38),
            "USART3": Port(0x40004824, 39),
            "UART4": Port(0x40004C24, 52),
            "UART5": Port(0x40005024, 53),
            "LPUART1": Port(0x40008024, 70),
        },
        since=(9, 1),
    ),
}
