"""A fake device behind a real serial port: for trying what opens ports, without hardware and without an emulator."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from harness.clock import Clock, SystemClock
from harness.testing.link import Peer

_BYTES = 65536
_LONGEST_WAIT_S = 1.0


@contextmanager
def on_pty(device: Peer, clock: Clock | None = None) -> Iterator[str]:
    """Serve ``device`` on a pty from a thread of its own; gives the port's path. Runs in real time.

    Leaving ends the thread and removes the port: to its reader it is as if the board was unplugged. ``device`` must not
    be used by others meanwhile.
    """
    master, slave = pty.openpty()
    tty.setraw(slave)
    stop_read, stop_write = os.pipe()
    thread = threading.Thread(
        target=_serve, args=(device, master, stop_read, clock or SystemClock()), name="fake device", daemon=True
    )
    try:
        thread.start()
        # Our own hold on the slave keeps the master from reading errors while nobody has the port open.
        yield os.ttyname(slave)
    finally:
        os.write(stop_write, b"x")
        thread.join()
        for fd in (master, slave, stop_read, stop_write):
            os.close(fd)


def _serve(device: Peer, master: int, stop: int, clock: Clock) -> None:
    os.set_blocking(master, False)
    out = b""
    poller = select.poll()
    poller.register(stop, select.POLLIN)
    while True:
        now_s = clock.monotonic_s()
        out += device.send(now_s)
        poller.register(master, select.POLLIN | (select.POLLOUT if out else 0))
        due_s = device.next_due_s()
        wait_s = _LONGEST_WAIT_S if due_s is None else min(_LONGEST_WAIT_S, max(0.0, due_s - now_s))
        ready = dict(poller.poll(wait_s * 1000))
        if stop in ready:
            return
        try:
            if out and ready.get(master, 0) & select.POLLOUT:
                out = out[os.write(master, out) :]
            if ready.get(master, 0) & select.POLLIN:
                device.receive(os.read(master, _BYTES), clock.monotonic_s())
        except BlockingIOError:
            continue
