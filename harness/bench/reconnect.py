"""A port that vanished and comes back, perhaps under another name: the adapter was enumerated anew.

The unit's id is what stays: the USB serial number that the port carries, which is part of its name in
``/dev/serial/by-id`` too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from serial.tools import list_ports

from harness.bench.transports import Transport, open_transport
from harness.clock import Clock, Deadline
from harness.errors import BenchError

BY_ID: Final = Path("/dev/serial/by-id")
#: A hub that is switched off and on again takes some seconds.
WAIT_S: Final = 15.0
_LOOK_EVERY_S: Final = 0.1


def reopen(
    uid: str, port: str, baud: int | None, clock: Clock, *, wait_s: float = WAIT_S, by_id: Path = BY_ID
) -> tuple[str, Transport]:
    """The unit's port, by whatever name it has now, open; ``port`` is the name that it had.

    BenchError when it does not come back within ``wait_s``, saying why the last attempt failed.
    """
    deadline = Deadline.after(clock, wait_s)
    why = "no port carries this id"
    while True:
        for name in ports_of(uid, port, by_id):
            try:
                return name, open_transport(name, baud)
            except BenchError as error:
                why = f"{name}: {error.what}"
        if deadline.passed:
            raise BenchError(
                "the unit's port is gone and does not come back",
                where=port,
                expected=f"a port of unit {uid} within {wait_s:g} s",
                found=why,
                next_step="check cable and hub, then `hil units`; `--resume RUN` goes on with the run",
            )
        clock.sleep_s(_LOOK_EVERY_S)


def ports_of(uid: str, port: str, by_id: Path = BY_ID) -> Iterator[str]:
    """Names under which the port may be found now, the surest first."""
    seen = set()
    owners: dict[str, str | None] = {}
    for found in list_ports.comports():
        owners[found.device] = found.serial_number
        if found.serial_number == uid:
            seen.add(found.device)
            yield found.device
    for link in sorted(by_id.glob("*")) if by_id.is_dir() else ():
        if uid in link.name and link.exists() and str(link.resolve()) not in seen:
            yield str(link.resolve())
    # The name it had: an address of the network, a link that stays; never one that a neighbour has got meanwhile.
    if port not in seen and owners.get(port) in (None, uid) and ("://" in port or Path(port).exists()):
        yield port
