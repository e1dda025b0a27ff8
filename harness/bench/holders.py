"""Who else has a serial port open. Two readers of one port share its bytes: each gets what the other then misses."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path


def others(port: str, proc: Path = Path("/proc")) -> tuple[str, ...]:
    """The other processes that have ``port`` open, as ``name (pid n)``; none where that cannot be seen.

    Told apart by the device, whatever name it was opened by. Not told are another account's processes, unless root asks,
    and whoever has the other end of a pseudo terminal: that is the board.
    """
    try:
        device = Path(port).stat()
    except OSError:
        return ()  # no device, but an address
    if not stat.S_ISCHR(device.st_mode):
        return ()
    found = []
    for process in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            if int(process.name) == os.getpid() or not any(_is(fd, device) for fd in (process / "fd").iterdir()):
                continue
            if not any(_is_other_end(fd, device) for fd in (process / "fdinfo").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (pid {process.name})")
        except OSError:
            continue  # ended meanwhile, or another account's
    return tuple(found)


def _is(fd: Path, device: os.stat_result) -> bool:
    try:
        there = fd.stat()
    except OSError:
        return False
    # A pseudo terminal's number means something in its own file system alone; a device node may lie in any.
    return (
        stat.S_ISCHR(there.st_mode)
        and there.st_rdev == device.st_rdev
        and (there.st_dev == device.st_dev or not _is_pseudo(device))
    )


def _is_pseudo(device: os.stat_result) -> bool:
    return 136 <= os.major(device.st_rdev) <= 143  # Unix98 pseudo terminals (Linux' devices.txt)


def _is_other_end(fdinfo: Path, device: os.stat_result) -> bool:
    return _is_pseudo(device) and f"tty-index:\t{os.minor(device.st_rdev)}" in _lines(fdinfo)


def _lines(path: Path) -> Iterator[str]:
    try:
        yield from path.read_text().splitlines()
    except OSError:
        return
