"""A unit's server and its client in one process, with a fake board between: what lies between hosts is then the test's."""

import os
import threading
from contextlib import contextmanager

from harness.bench.boards import load_board
from harness.bench.probes import CoreReport, CoreState, FlashReport
from harness.bench.remote.connection import Connection
from harness.bench.unit import Unit
from harness.clock import SystemClock
from harness.farm.unitserver.server import UnitServer
from harness.session.remote.elsewhere import SessionElsewhere
from harness.testing.far_host import Way

BOARD = load_board("nucleo_f446re")


class FakeProbe:
    """Answers what it is told to; an exception is raised."""

    description = "a fake probe"

    def __init__(self, reset=lambda: None):
        self.on_reset = reset
        self.asked = []
        self.core_answer = CoreReport(CoreState.RUNNING, 1, 2, 3)
        self.memory = {}

    def open(self):
        self.asked.append("open")

    def flash(self, elf, progress=None, *, timeout_s=1.0):
        progress(0.5)
        progress(1.0)
        self.asked.append(("flash", elf.read_bytes(), timeout_s))
        return FlashReport(0.5, 10, 5, True, "mended")

    def reset(self):
        self.asked.append("reset")
        self.on_reset()

    def chip_id(self):
        return b"\x01\x02\x03"

    def halt(self):
        self.asked.append("halt")

    def read_memory(self, address, n_bytes):
        return self.memory[address][:n_bytes]

    def write_memory(self, address, data):
        self.memory[address] = data

    def erase(self, address):
        self.asked.append(("erase", address))

    def core(self):
        if isinstance(self.core_answer, Exception):
            raise self.core_answer
        return self.core_answer

    def close(self):
        self.asked.append("close")


class FakeSwitch:
    """See PowerSwitch."""

    title = "a fake switch"

    def __init__(self):
        self.switched = []

    def on(self):
        self.switched.append("on")

    def off(self):
        self.switched.append("off")

    def is_on(self):
        return self.switched[-1:] != ["off"]


def fake_unit(transport, probe=None, **parts):
    """A unit as ``open_unit`` gives one."""
    unit = Unit(BOARD, "u1", transport.name, "probe", probe or FakeProbe(), transport)
    for name, part in parts.items():
        setattr(unit, name, part)
    return unit


class Ends:
    """The client's end of a stream between two threads; see ``connection.Stream``."""

    def __init__(self, read_fd, write_fd, server):
        self.read_fd, self.write_fd, self._server = read_fd, write_fd, server
        self._closed = False

    def said(self):
        return ""

    def listen_out(self):
        self._server.join(60)

    def kill(self):
        self.cut()

    def cut(self):
        if not self._closed:
            self._closed = True
            os.close(self.write_fd)

    def end(self, *, at_once=False):
        self.cut()
        self._server.join(60)
        assert not self._server.is_alive(), "the server outlives its stream"


@contextmanager
def served(unit, *, delay_s=0.0, cut=None, opener=None, mend=None):
    """A connection to a server of ``unit`` in a thread; ``left``, a list, tells whether it had to be ended by force.

    While the file ``cut`` exists nothing travels. With ``mend`` the unit is not opened.
    """
    left = []
    up_client, up = os.pipe(), os.pipe()
    down, down_client = os.pipe(), os.pipe()
    ways = [Way(up_client[0], up[1], delay_s, cut), Way(down[0], down_client[1], delay_s, cut)]

    @contextmanager
    def opened(board, wish):
        try:
            yield unit
        finally:
            unit.close_port()

    server = UnitServer(up[0], down[1], opener or opened, uid="u1", leave=lambda: left.append("by force"), mend=mend)

    def run():
        try:
            server.run()
        finally:
            os.close(down[1])

    thread = threading.Thread(target=run, daemon=True)
    for way in ways:
        way.start()
    thread.start()
    ends = Ends(down_client[0], up_client[1], thread)
    try:
        if mend is None:
            connection = Connection.open("far", "u1", board=BOARD.name, what="a test", stream=ends)
        else:
            connection = Connection("far", "u1", ends)
        connection.left, connection.ends, connection.served = left, ends, unit
        with connection:
            yield connection
    finally:
        ends.end()
        for fd in (up[0], down_client[0]):  # what is still on the way has nowhere to go
            os.close(fd)
        for way in ways:
            way.join()
        for fd in (up_client[0], down[0]):
            os.close(fd)


def session_over(connection, **parts):
    """A session that is carried out at the server."""
    return SessionElsewhere(connection, SystemClock(), **parts)
