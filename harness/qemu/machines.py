"""QEMU's machines that a board may name in its board.toml, with what must be known of each beside its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``ports`` are the serial ports in the order of QEMU's ``-serial``; ``since`` the first version whose ports work.

    ``deaf``: its serial port takes a byte that waits only when QEMU's main loop wakes for some other reason, which may be half
    a second later. Then any other port's bytes must wake it (``pump``).
    """

    ports: tuple[str, ...]
    since: tuple[int, int]
    deaf: bool = False


KINDS = {
    # 9.0 has the machine, but its ports are not connected (QEMU's issue 2540). The model of the ports never tells the main loop
    # that it has room again: seen on 10.0.13, and in the sources of the versions after it.
    "b-l475e-iot01a": Kind(("USART1", "USART2", "USART3", "UART4", "UART5", "LPUART1"), since=(9, 1), deaf=True),
}
