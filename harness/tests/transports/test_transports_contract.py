import os
import pty
import socket
import sys
import threading
import tty
from collections import deque
from contextlib import contextmanager

import pytest

from harness.bench import transports
from harness.bench.transports import pipe, rfc2217, serial, tcp
from harness.errors import BenchError, MisuseError
from harness.testing.clock import ManualClock
from harness.testing.contracts import check_transport
from harness.testing.link import MemoryTransport


class FdFarEnd:
    """The far end of a pty or a pair of descriptors."""

    def __init__(self, read_fd, write_fd=None):
        self.read_fd = read_fd
        self.write_fd = read_fd if write_fd is None else write_fd
        os.set_blocking(self.read_fd, False)
        os.set_blocking(self.write_fd, False)

    def put(self, data):
        try:
            return os.write(self.write_fd, data)
        except BlockingIOError:
            return 0

    def take(self):
        try:
            return os.read(self.read_fd, 65536)
        except BlockingIOError:
            return b""

    def vanish(self):
        fds, self.read_fd, self.write_fd = {self.read_fd, self.write_fd}, -1, -1
        for fd in fds - {-1}:
            os.close(fd)


@contextmanager
def serial_over_pty(by_threads=False):
    master, slave = pty.openpty()
    tty.setraw(master)
    far = FdFarEnd(master)
    transport = serial.open_(os.ttyname(slave), 115_200, by_threads=by_threads)
    os.close(slave)
    try:
        yield transport, far
    finally:
        transport.close()
        far.vanish()


def serial_over_pty_by_threads():
    """As on Windows."""
    return serial_over_pty(by_threads=True)


@contextmanager
def tcp_over_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = tcp.open_(f"socket://127.0.0.1:{server.getsockname()[1]}", None)
        accepted, _ = server.accept()
    far = FdFarEnd(accepted.detach())
    try:
        yield transport, far
    finally:
        transport.close()
        far.vanish()


@contextmanager
def program_on_a_pipe():
    """A child that hands its standard streams to two descriptors of ours and ends when they do."""
    up_read, up_write = os.pipe()
    down_read, down_write = os.pipe()
    program = (
        "import os,sys,threading\n"
        "def copy(a,b):\n"
        "    while (d:=os.read(a,65536)):\n"
        "        while d: d=d[os.write(b,d):]\n"
        "    os._exit(0)\n"
        f"t=threading.Thread(target=copy,args=(0,{up_write}),daemon=True);t.start()\n"
        f"copy({down_read},1)\n"
    )
    os.set_inheritable(up_write, True)
    os.set_inheritable(down_read, True)
    popen = pipe.subprocess.Popen

    def keep(*args, **kwargs):
        return popen(*args, pass_fds=(up_write, down_read), **kwargs)

    pipe.subprocess.Popen = keep
    try:
        transport = pipe.PipeTransport([sys.executable, "-c", program])
    finally:
        pipe.subprocess.Popen = popen
    os.close(up_write)
    os.close(down_read)
    far = FdFarEnd(up_read, down_write)
    try:
        yield transport, far
    finally:
        transport.close()
        far.vanish()


class MemoryFarEnd:
    """A peer that is also the far end of a check."""

    def __init__(self):
        self.arrived = bytearray()
        self.waiting = deque()
        self.transport = None

    def receive(self, data, now_s):
        self.arrived += data

    def send(self, now_s):
        out = b"".join(self.waiting)
        self.waiting.clear()
        return out

    def next_due_s(self):
        return None

    def put(self, data):
        self.waiting.append(data)
        return len(data)

    def take(self):
        out = bytes(self.arrived)
        self.arrived.clear()
        return out

    def vanish(self):
        self.transport.unplug()


@contextmanager
def memory():
    far = MemoryFarEnd()
    far.transport = MemoryTransport(far, ManualClock())
    yield far.transport, far


@contextmanager
def rfc2217_over_loopback():
    """pyserial's own server side in front of a pty, on a thread."""
    import serial as pyserial
    import serial.rfc2217

    master, slave = pty.openpty()
    tty.setraw(master)

    class PtyPort(pyserial.Serial):
        """A pty has no modem lines."""

        cts = dsr = ri = cd = False

        def _update_dtr_state(self): ...

        def _update_rts_state(self): ...

    port = PtyPort(os.ttyname(slave), 115_200, timeout=0.005)
    os.close(slave)
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    class Writer:
        def write(self, data):
            connection.sendall(data)

    def serve():
        nonlocal connection
        connection, _ = server.accept()
        connection.settimeout(0.005)
        manager = serial.rfc2217.PortManager(port, Writer())
        try:
            while not stop.is_set():
                data = port.read(4096)
                if data:
                    connection.sendall(b"".join(manager.escape(data)))
                try:
                    received = connection.recv(4096)
                except TimeoutError:
                    continue
                if not received:
                    break
                port.write(b"".join(manager.filter(received)))
        except OSError:
            pass
        finally:
            connection.close()

    connection = None
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    far = FdFarEnd(master)
    leave = far.vanish

    def vanish():
        stop.set()
        thread.join(10)
        leave()

    far.vanish = vanish
    transport = transports.open_transport(f"rfc2217://127.0.0.1:{server.getsockname()[1]}", 115_200)
    try:
        yield transport, far
    finally:
        transport.close()
        vanish()
        port.close()
        server.close()


@pytest.mark.parametrize(
    "line", [serial_over_pty, serial_over_pty_by_threads, tcp_over_loopback, program_on_a_pipe, memory]
)
def test_every_transport_keeps_the_contract(line):
    check_transport(line)


def test_rfc2217_keeps_the_contract_against_pyserials_own_server():
    check_transport(rfc2217_over_loopback)


class DyingReader:
    """pyserial's RFC 2217 port between the end of the connection and the end of its reader thread, which takes some time."""

    def __init__(self, *queue):
        self.queue = list(queue)  # bytes, then None where the connection ended

    @property
    def in_waiting(self):
        return len(self.queue)

    def read(self, n):
        data = b""
        while len(data) < n and self.queue:
            byte = self.queue.pop(0)
            if byte is None:
                break
            data += byte
        return data

    def close(self): ...


@pytest.mark.parametrize("timeout_s", [0.0, 60.0])
@pytest.mark.parametrize("left", [(), (b"a",), (b"a", b"b", b"c")])
def test_a_server_that_has_gone_is_told_before_pyserials_reader_thread_has_ended(timeout_s, left):
    transport = rfc2217.Rfc2217Transport("rfc2217://x:1", DyingReader(*left, None))
    got = b""
    while len(got) < len(left):
        got += transport.read(2, timeout_s)
    assert got == b"".join(left)
    with pytest.raises(BenchError, match="closed the connection"):
        transport.read(2, timeout_s)


def test_the_known_transports_are_found_by_their_files():
    assert transports.names() == ("pipe", "rfc2217", "serial", "tcp")
    for name in transports.names():
        assert callable(transports.load(name).open_)


def test_an_unknown_transport_lists_the_known_ones():
    with pytest.raises(MisuseError, match="pipe, rfc2217, serial, tcp"):
        transports.load("carrier_pigeon")
    with pytest.raises(MisuseError, match="socket://"):
        transports.open_transport("bluetooth://x")


def test_an_address_chooses_its_transport():
    with serial_over_pty() as (transport, _):
        assert transport.baud == 115_200
    with tcp_over_loopback() as (transport, _):
        assert transport.baud is None
    child = transports.open_transport("exec:cat")
    try:
        assert child.write(b"echo", 1.0) == 4
        assert child.read(10, 10.0) == b"echo"
    finally:
        child.close()


def test_a_port_of_threads_ends_them_with_it_and_at_once():
    before = threading.active_count()
    with serial_over_pty_by_threads() as (transport, _):
        assert threading.active_count() == before + 2
        transport.close()
        assert threading.active_count() == before


def test_a_port_of_threads_closes_while_the_board_takes_nothing():
    before = threading.active_count()
    with serial_over_pty_by_threads() as (transport, _):
        taken = 0
        while got := transport.write(bytes(65536), 0.2):
            taken += got
        assert taken >= 4096
        transport.close()
        assert threading.active_count() == before


def test_a_port_of_threads_changes_its_speed_after_what_it_took_has_left():
    with serial_over_pty_by_threads() as (transport, far):
        assert transport.write(b"at the old speed", 1.0) == 16
        transport.set_baud(921_600)
        assert transport.baud == 921_600
        assert far.take() == b"at the old speed"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)", "the serial port is busy"),
        (
            "could not open port 'COM9': FileNotFoundError(2, 'The system cannot find the file', None, 2)",
            "no such serial port",
        ),
    ],
)
def test_what_windows_says_of_a_port_is_understood(monkeypatch, said, meant):
    def refuse(*args, **kwargs):
        raise serial.serial.SerialException(said)

    monkeypatch.setattr(serial.serial, "Serial", refuse)
    with pytest.raises(BenchError, match=meant):
        serial.open_("COM3", None, by_threads=True)


def test_a_serial_port_that_is_not_there_is_named():
    with pytest.raises(BenchError, match="/dev/ttyNOT_THERE"):
        serial.open_("/dev/ttyNOT_THERE", None)


def test_a_serial_port_that_is_held_names_its_holder():
    master, slave = pty.openpty()
    try:
        path = os.ttyname(slave)
        first = serial.open_(path, None)
        try:
            with pytest.raises(BenchError, match=rf"pid {os.getpid()}") as caught:
                serial.open_(path, None)
            assert caught.value.where == path
        finally:
            first.close()
        serial.open_(path, None).close()
    finally:
        os.close(master)
        os.close(slave)


def test_a_forbidden_serial_port_says_how_to_get_access(monkeypatch):
    def forbid(*args, **kwargs):
        raise serial.serial.SerialException(13, "could not open port: Permission denied")

    monkeypatch.setattr(serial.serial, "Serial", forbid)
    with pytest.raises(BenchError, match="dialout"):
        serial.open_("/dev/ttyACM0", None)


def test_the_speed_of_a_serial_port_can_be_changed_and_is_told():
    with serial_over_pty() as (transport, _):
        transport.set_baud(921_600)
        assert transport.baud == 921_600


def test_lines_without_a_speed_say_so():
    with tcp_over_loopback() as (transport, _), pytest.raises(MisuseError, match="speed"):
        transport.set_baud(9600)


def test_nobody_at_an_address_is_a_bench_error():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(BenchError, match=str(port)):
        tcp.open_(f"socket://127.0.0.1:{port}", None)
    with pytest.raises(MisuseError, match="socket://host:port"):
        tcp.open_("socket://nowhere", None)


def test_a_program_that_ends_says_its_status_and_its_last_words():
    transport = transports.open_transport("exec:sh -c 'echo stack smashed >&2; exit 7'")
    try:
        with pytest.raises(BenchError, match="status 7") as caught:
            transport.read(100, 30.0)
        assert "stack smashed" in str(caught.value)
    finally:
        transport.close()


def test_closing_ends_the_program():
    transport = transports.open_transport("exec:cat")
    pid = transport.pid
    transport.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_program_that_is_not_there_is_a_bench_error():
    with pytest.raises(BenchError, match="no-such-program"):
        transports.open_transport("exec:no-such-program-here")
