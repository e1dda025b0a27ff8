"""QEMU's machines that a board may name in its board.toml, with what must be known of each beside its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``ports`` are the serial ports in the order of QEMU's ``-serial``; ``since`` the first version whose ports work."""

    ports: tuple[str, ...]
    since: tuple[int, int]


KINDS = {
    # 9.0 has the machine, but none of its ports (QEMU's issue 2540).
    "b-l475e-iot01a": Kind(("USART1", "USART2", "USART3", "UART4", "UART5", "LPUART1"), since=(9, 1)),
}
