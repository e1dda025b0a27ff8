"""How many units may be flashed at once on one USB controller, and that nobody lists probes meanwhile.

Boards have been lost by flashing many at once (pyOCD #226, DAPLink #98, mfgtools #392). Listing probes opens every one of them
for a moment, and one that another process is busy with makes it fail (pyOCD #695, #877). So

- at most ``FLASH_PARALLEL`` units of a controller are flashed at once. Four is what TinyUSB's rack has by default, found by
  measuring on uPD720201 cards (``test/hil/helper/hil_lock.py`` of hathach/tinyusb); ``HIL_FLASH_PARALLEL`` says another number.
  On Linux the controller is found by the probe's place in sysfs; probes whose controller is not known, and virtual units, are
  one group each;
- probes are listed by one process at a time, while none of them is flashed. Those who wait to list go before those who wait
  to flash: listing takes a moment, and a rack that starts lists all first. A virtual unit is found without looking at any USB
  device, so none of that concerns it.

All of it by kernel locks of the process that does the work (``disk.locks``): when it dies, its place is free. Waiting is bounded
and says who is flashing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from harness.bench import held, usb
from harness.clock import Clock, Deadline, SystemClock
from harness.disk import locks
from harness.disk.files import name_for
from harness.errors import BenchError, MisuseError
from harness.virtual.debug import registry

FLASH_PARALLEL: Final = 4
VARIABLE: Final = "HIL_FLASH_PARALLEL"
#: Behind a queue of flashes of three minutes each: after that something is wrong.
WAIT_S: Final = 900.0
_POLL_S = 0.05
_TELL_S = 1.0
_FOLDER = "usb"
_VIRTUAL, _UNKNOWN = "emulated", "unknown"

Waits = Callable[[str], None]


def group_of(uid: str) -> str:
    """What the budget of that probe is shared with: its controller, as its bus names it."""
    if registry.find(uid) is not None:
        return _VIRTUAL
    device = usb.device_of(uid)
    return (usb.controller_of(device) if device is not None else "") or _UNKNOWN


def budget(environment: str | None = None) -> int:
    """How many at once. ``MisuseError`` for a variable that is no number from 1 on."""
    said = os.environ.get(VARIABLE, "") if environment is None else environment
    if not said:
        return FLASH_PARALLEL
    if not re.fullmatch("[1-9][0-9]{0,3}", said):
        raise MisuseError(
            "this is no number of flashes at once",
            where=f"environment variable {VARIABLE}",
            expected="a whole number from 1 on",
            found=said,
            next_step=f"set it to a number, or leave it unset for {FLASH_PARALLEL}",
        )
    return int(said)


@contextmanager
def flashing(
    uid: str,
    *,
    group: str | None = None,
    waits: Waits | None = None,
    clock: Clock | None = None,
    wait_s: float = WAIT_S,
) -> Iterator[None]:
    """Hold one of the controller's places. ``waits`` is told who is in the way, once a second; ``BenchError`` in the end."""
    clock = clock or SystemClock()
    group = group_of(uid) if group is None else group
    most = budget()
    waiting = _Waiting(uid, "flashed", waits, clock, wait_s)
    while (place := _place(group, most)) is None:
        waiting.go_on(_busy(group) or "somebody lists probes")
    record = place.path.with_suffix(".holder")
    try:
        held.write(record, held.me(f"flashes {uid}", clock))
        yield
    finally:
        record.unlink(missing_ok=True)
        place.release()


@contextmanager
def listing(
    uid: str, *, waits: Waits | None = None, clock: Clock | None = None, wait_s: float = WAIT_S
) -> Iterator[None]:
    """Nobody else lists probes meanwhile, and none on USB is flashed. As ``flashing``; a virtual unit does not wait."""
    if registry.find(uid) is not None:
        yield
        return
    clock = clock or SystemClock()
    waiting = _Waiting(uid, "looked for", waits, clock, wait_s)
    wish = locks.take(_file(f"wish-{os.getpid()}"))  # None: another thread of ours has said so already
    try:
        while (lock := locks.take(_file("list"))) is None:
            waiting.go_on("somebody lists probes")
        try:
            while busy := _busy():
                waiting.go_on(busy)
            yield
        finally:
            lock.release()
    finally:
        if wish is not None:
            wish.release()


class _Waiting:
    def __init__(self, uid: str, what: str, waits: Waits | None, clock: Clock, wait_s: float) -> None:
        self._uid, self._what, self._waits, self._clock = uid, what, waits, clock
        self._deadline, self._tell = Deadline.after(clock, wait_s), Deadline.after(clock, 0.0)

    def go_on(self, who: str) -> None:
        if self._deadline.passed:
            raise BenchError(
                f"the unit cannot be {self._what}: the USB controller stays busy",
                where=f"probe {self._uid}",
                found=who,
                next_step="wait for them, or end a process that hangs; a kernel lock goes with its process",
            )
        if self._waits is not None and self._tell.passed:
            self._waits(who)
            self._tell = Deadline.after(self._clock, _TELL_S)
        self._clock.sleep_s(_POLL_S)


def _place(group: str, most: int) -> locks.Lock | None:
    """A free place of the controller. Under the lock of those who list: none is taken between their look and their listing."""
    if group == _VIRTUAL:
        return _free(group, most)
    lock = locks.take(_file("list"))
    if lock is None:
        return None
    try:
        if any(locks.held(path) for path in held.folder(_FOLDER).glob("wish-*.lock")):
            return None
        return _free(group, most)
    finally:
        lock.release()


def _free(group: str, most: int) -> locks.Lock | None:
    for number in range(most):
        lock = locks.take(_file(f"flash-{name_for(group)}-{number}"))
        if lock is not None:
            return lock
    return None


def _busy(group: str | None = None) -> str:
    """Who is flashing on that controller, or on any (virtual units are on none); "" for nobody."""
    found = []
    for path in sorted(held.folder(_FOLDER).glob(f"flash-{name_for(group or '')}*.lock")):
        if group is None and path.name.startswith(f"flash-{_VIRTUAL}-"):
            continue
        if locks.held(path):
            record = held.read(path.with_suffix(".holder"))
            found.append(record.describe() if record is not None else "a process that has just begun")
    return "; ".join(found)


def _file(name: str) -> Path:
    return held.folder(_FOLDER) / f"{name_for(name)}.lock"
