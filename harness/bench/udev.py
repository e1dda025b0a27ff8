"""Rules for Linux's udev, made from what the boards' descriptions say of their probes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from harness.bench.boards import Board

FILE: Final = "60-hil.rules"
_HEAD: Final = """\
# Who may use the probes and serial ports of the boards that hil knows. Made by: hil boards --udev
# To /etc/udev/rules.d/60-hil.rules, then: udevadm control --reload; udevadm trigger
# The person who sits at the computer may (uaccess), and so may the groups plugdev (probes) and dialout (ports).
"""


def rules(boards: Iterable[Board]) -> str:
    """The rules file: for each probe the device itself, its HID (CMSIS-DAP before version 2), and its serial port.

    ModemManager is kept away from all of them: it would speak modem commands to the firmware.
    """
    named: dict[str, list[str]] = {}
    for board in boards:
        for usb_id in board.debug.usb_ids if board.debug else ():
            named.setdefault(usb_id.lower(), []).append(board.name)
    return _HEAD + "".join(_of(usb_id, names) for usb_id, names in sorted(named.items()))


def _of(usb_id: str, names: Iterable[str]) -> str:
    vendor, _, product = usb_id.partition(":")
    probe = 'MODE="0660", GROUP="plugdev", TAG+="uaccess"'
    above = f'ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}"'
    return f"""
# {", ".join(names)}
SUBSYSTEM=="usb", ENV{{DEVTYPE}}=="usb_device", {above.replace("ATTRS", "ATTR")}, \\
  {probe}, ENV{{ID_MM_DEVICE_IGNORE}}="1"
SUBSYSTEM=="hidraw", {above}, {probe}
SUBSYSTEM=="tty", {above}, MODE="0660", GROUP="dialout", TAG+="uaccess", ENV{{ID_MM_PORT_IGNORE}}="1"
"""
