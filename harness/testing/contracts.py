"""What every implementation of a seam must do, as checks that anyone can run against their own.

@contextmanager
def my_line():
    ...
    yield transport, far_end

check_transport(my_line)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from harness.bench.power import PowerSwitch
from harness.bench.transports import Transport
from harness.errors import BenchError, MisuseError

#: How long a check waits for bytes that must come. Only a broken transport takes it.
_PATIENCE_S = 10.0
_TURNS = 10_000


class FarEnd(Protocol):
    """The other end of a line under test. For the thread that runs the check."""

    def put(self, data: bytes) -> int:
        """Send some of ``data`` without blocking; how many bytes were taken."""
        ...

    def take(self) -> bytes:
        """What has arrived, without blocking."""
        ...

    def vanish(self) -> None:
        """End the stream, as if the board had been unplugged."""
        ...


Line = Callable[[], AbstractContextManager[tuple[Transport, FarEnd]]]


def check_transport(line: Line) -> None:
    """Run every check of the Transport contract, each on a fresh line. AssertionError says which promise was broken."""
    for check in (
        check_reading_without_data_is_not_an_error,
        check_every_byte_value_travels_both_ways,
        check_reads_give_no_more_than_asked_for_and_lose_nothing,
        check_much_data_both_ways_at_once_does_not_lock_up,
        check_waiting_ends_when_bytes_come_or_fit,
        check_a_vanished_end_is_a_bench_error_that_names_the_line,
        check_closing_twice_is_harmless_and_use_afterwards_is_misuse,
    ):
        with line() as (transport, far):
            try:
                check(transport, far)
            finally:
                transport.close()


def check_reading_without_data_is_not_an_error(transport: Transport, far: FarEnd) -> None:
    """No data is b"", with and without waiting."""
    assert transport.read(100, 0) == b"", "read(timeout 0) of an idle line gives no bytes"
    assert transport.read(100, 0.01) == b"", "read of an idle line gives no bytes after its time"
    transport.wait(0.01, to_write=False)


def check_every_byte_value_travels_both_ways(transport: Transport, far: FarEnd) -> None:
    """The line is raw: no byte is special, none is echoed."""
    data = bytes(range(256)) + b"\r\n\x11\x13\x03\x04\xff\xff\x00"
    assert _through(transport, far, data, b"") == (data, b""), "bytes change on the way to the board, or come back"
    assert _through(transport, far, b"", data) == (b"", data), "bytes change on the way from the board"


def check_reads_give_no_more_than_asked_for_and_lose_nothing(transport: Transport, far: FarEnd) -> None:
    """``max_bytes`` holds; the rest stays."""
    assert far.put(b"abcdef") == 6
    got = b""
    while len(got) < 6:
        piece = transport.read(2, _PATIENCE_S)
        assert 1 <= len(piece) <= 2, f"read(2) gave {len(piece)} bytes"
        got += piece
    assert got == b"abcdef", "bytes were lost between reads"


def check_much_data_both_ways_at_once_does_not_lock_up(transport: Transport, far: FarEnd) -> None:
    """More than any buffer holds, in both directions; the far end writes while we do."""
    up = bytes(i * 7 % 251 for i in range(300_000))
    down = bytes(i * 11 % 253 for i in range(300_000))
    assert _through(transport, far, up, down) == (up, down), "bytes were lost under load"


def check_waiting_ends_when_bytes_come_or_fit(transport: Transport, far: FarEnd) -> None:
    """``wait`` sees bytes and room; it takes none of them."""
    transport.wait(_PATIENCE_S, to_write=True)
    assert far.put(b"x") == 1
    transport.wait(_PATIENCE_S, to_write=False)
    assert transport.read(10, _PATIENCE_S) == b"x", "wait took a byte away"


def check_a_vanished_end_is_a_bench_error_that_names_the_line(transport: Transport, far: FarEnd) -> None:
    """What was sent before is still read; then BenchError, and again."""
    far.vanish()
    for _ in range(2):
        try:
            while transport.read(100, _PATIENCE_S):
                pass
            told = ""
        except BenchError as error:
            told = str(error)
        assert told, "reading from a line that is gone gave no BenchError"
        assert transport.name in told, "the error does not name the line"


def check_closing_twice_is_harmless_and_use_afterwards_is_misuse(transport: Transport, far: FarEnd) -> None:
    """``close`` may be repeated; everything else is then the caller's mistake."""
    transport.close()
    transport.close()
    uses: tuple[Callable[[], object], ...] = (
        lambda: transport.read(1, 0),
        lambda: transport.write(b"x", 0),
        lambda: transport.wait(0, to_write=True),
        lambda: transport.set_baud(115_200),
    )
    for use in uses:
        try:
            use()
        except MisuseError:
            continue
        raise AssertionError("a closed transport can be used")


def _through(transport: Transport, far: FarEnd, up: bytes, down: bytes) -> tuple[bytes, bytes]:
    """Move ``up`` to the far end and ``down`` from it at once, in one thread; what arrived on either side."""
    up_left, down_left = up, down
    at_far, at_near = bytearray(), bytearray()
    for _ in range(_TURNS):
        if up_left:
            up_left = up_left[transport.write(up_left, 0) :]
        if down_left:
            down_left = down_left[far.put(down_left) :]
        at_far += far.take()
        at_near += transport.read(65536, 0)
        if len(at_far) >= len(up) and len(at_near) >= len(down):
            # A little longer: nothing may come that was not sent.
            at_near += transport.read(65536, 0.01)
            return bytes(at_far + far.take()), bytes(at_near)
        transport.wait(0.01, to_write=bool(up_left))
    raise AssertionError(
        f"the line locked up: {len(up_left)} B and {len(down_left)} B not sent,"
        f" {len(at_far)} B and {len(at_near)} B came"
    )


def check_power_switch(switch: PowerSwitch, powered: Callable[[], bool], secrets: Sequence[str] = ()) -> None:
    """The contract of what switches a unit: both ways, twice over, and what it says of itself.

    ``powered`` is how the thing behind it really is. ``secrets``: texts that must not be in its title or its ``repr``.
    """
    assert switch.title, "a switch without a title"
    for text in secrets:
        assert text not in switch.title + repr(switch), "a secret is shown"
    for on in (True, False, False, True, True, False, True):
        (switch.on if on else switch.off)()
        assert powered() is on, f"switched {'on' if on else 'off'}, and it is not"
        assert switch.is_on() in (on, None), f"it is {'on' if on else 'off'}, and it says otherwise"
