"""A host that gets no processor for a while: the line and the board are sound, so nothing may be lost and nothing reset."""

import zlib
from dataclasses import replace

import pytest

from harness.session.rescue import Rescue
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, hello_for
from harness.testing.link import Direction, MemoryTransport
from harness.testing.speeds import SpeedyDevice, with_bauds
from harness.wire import messages as m

SAMPLES = [bytes((i * 7 + at) % 256 for at in range(64)) for i in range(40)]


def echo(data):
    return zlib.crc32(data).to_bytes(4, "little")


class LateHost(MemoryTransport):
    """A line at 921600 baud whose host is kept from running for ``late_s`` in the n-th of its writes that are in ``late_at``.

    It has handed over ``taken`` bytes by then; the board goes on meanwhile. None: that was before the first of them.
    """

    def __init__(self, clock, device, *, late_s, late_at, taken=None):
        self.board = SpeedyDevice(device, lambda: self.baud)
        super().__init__(self.board, clock, up=Direction(92_160), down=Direction(92_160), baud=115_200)
        self._late_s, self._late_at, self._taken = late_s, late_at, taken
        self.writes: int | None = None  # counted once it is set

    def write(self, data, timeout_s):
        if self.writes is None:
            return super().write(data, timeout_s)
        self.writes += 1
        if self.writes not in self._late_at:
            return super().write(data, timeout_s)
        taken = 0 if self._taken is None else super().write(data[: self._taken], timeout_s)
        self._run(self._late_s, lambda: False)
        return taken or super().write(data, timeout_s)


def greeted(late_s, late_at, taken=None, *, device=None, slots=4, compute_s=0.003):
    """A session at the safe speed, and its line. ``writes`` of that is to be set."""
    clock = ManualClock()
    device = device or FakeDevice(
        with_bauds(hello_for([64], [4], slots=slots), 115_200, 921_600), echo, compute_s=compute_s
    )
    line = LateHost(clock, device, late_s=late_s, late_at=late_at, taken=taken)
    session = Session(line, clock)
    session.hello()
    return session, line


def stream(late_s, late_at, taken=None, *, follows=None, answers=None, **options):
    """What came of all samples, and the line."""
    session, line = greeted(late_s, late_at, taken, **options)
    assert session.climb().baud == 921_600
    line.writes = 0

    def never():
        raise AssertionError("a sound board was to be reset")

    outcome = session.stream(SAMPLES, rescue=Rescue(revive=never), follows=follows)
    assert (outcome.lost, outcome.resets, outcome.revived) == ({}, (), ())
    assert [r.outputs for r in outcome.results] == (answers or [echo(sample) for sample in SAMPLES])
    return outcome, line


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("late_s", [1.0, 12.0, 3600.0])
def test_a_host_that_is_late_between_two_frames_resets_nothing(late_s, slots):
    outcome, line = stream(late_s, {3, 5, 12}, slots=slots)
    assert (line.baud, line.board.baud) == (921_600, 921_600)
    assert outcome.counters.bad_rx == outcome.counters.bad_board == 0


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("late_s", [0.4, 1.0, 3.0, 12.0, 60.0])
@pytest.mark.parametrize("taken", [1, 30])
def test_a_host_that_is_late_in_mid_frame_resets_nothing(late_s, taken, slots):
    _, line = stream(late_s, {3, 5, 12, 20}, taken, slots=slots)
    assert (line.baud, line.board.baud) == (921_600, 921_600)


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("late_s", [1.0, 12.0])
def test_a_host_that_is_late_twice_in_one_frame_finds_the_board_at_the_safe_speed_and_climbs_again(late_s, slots):
    outcome, line = stream(late_s, {3, 4, 12, 13}, 5, slots=slots)
    assert line.board.history.count(115_200) >= 2, "it did go back"
    assert (line.baud, line.board.baud, outcome.baud) == (921_600, 921_600, 921_600)
    assert outcome.climbs >= 1


def test_a_busy_board_says_all_that_it_has_before_the_speed_changes_again():
    outcome, line = stream(1.0, {3, 4}, 5, compute_s=0.4)
    assert (line.baud, line.board.baud, outcome.climbs) == (921_600, 921_600, 1)


def test_a_network_with_a_memory_is_not_begun_anew_for_a_host_that_is_late():
    seen = 0

    def count(data):
        nonlocal seen
        seen += 1
        return seen.to_bytes(4, "little")

    def forget():
        nonlocal seen
        seen = 0

    hello = hello_for([64], [4], slots=4)
    hello = replace(hello, capabilities=hello.capabilities | m.Capability.STATE)
    outcome, line = stream(
        1.0, {3, 4, 12, 13}, 5, device=FakeDevice(with_bauds(hello, 115_200, 921_600), count, forget=forget),
        follows=[i > 0 for i in range(len(SAMPLES))], answers=[(i + 1).to_bytes(4, "little") for i in range(len(SAMPLES))],
    )  # fmt: skip
    assert (line.baud, line.board.baud) == (921_600, 921_600)
    assert outcome.counters.replayed == 0


def test_a_host_that_is_late_while_the_speed_changes_tries_the_one_that_had_held_again():
    session, line = greeted(1.0, {2})
    line.writes = 0
    assert session.climb(known=921_600).baud == 921_600
    assert line.board.history == [115_200, 921_600, 115_200, 921_600]


@pytest.mark.parametrize("ask", [Session.ping, Session.status, Session.fault])
def test_a_board_that_has_gone_back_is_not_silent_to_whoever_asks_it_something(ask):
    session, line = greeted(1.0, {1, 2}, 5)
    session.climb()
    line.writes = 0
    ask(session)
    assert (line.baud, line.board.baud) == (115_200, 115_200)
    assert session.stream(SAMPLES).climbs == 1
    assert (line.baud, line.board.baud) == (921_600, 921_600)
