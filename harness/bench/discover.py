"""Which units are reachable from this host, and which process holds them."""

from __future__ import annotations

from dataclasses import dataclass

from serial.tools import list_ports

from harness.bench.boards import Board


@dataclass(frozen=True)
class Attached:
    """A probe with a serial port that may sit on a board of some kind. ``uid`` is the probe's unique id."""

    uid: str
    port: str
    description: str


def attached(board: Board) -> tuple[Attached, ...]:
    """The attached probes of the kind that ``board`` carries, by USB ids; sorted by unique id.

    The serial ports are asked, not the probes: listing probes opens them, which can disturb a neighbour that is being
    flashed (pyOCD #695, #877). An ST-LINK's debug interface and port carry the same USB serial number. Several kinds of
    board share a kind of probe, so the chip's identity is compared before anything is written (``ChipId``).
    """
    found = []
    for port in list_ports.comports():
        if port.vid is None or port.pid is None or not port.serial_number:
            continue
        if f"{port.vid:04x}:{port.pid:04x}" in board.debug.usb_ids:
            found.append(Attached(port.serial_number, port.device, port.description or ""))
    return tuple(sorted(found, key=lambda unit: unit.uid))
