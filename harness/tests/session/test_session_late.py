"""A host that gets no processor for a while: the line and the board are sound, so nothing may be lost and nothing reset."""

import zlib

import pytest

from harness.session.rescue import Rescue
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, hello_for
from harness.testing.link import Direction, MemoryTransport
from harness.testing.speeds import SpeedyDevice, with_bauds

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


def stream(late_s, late_at, taken=None, *, slots=4, compute_s=0.003):
    """What came of all samples, and the line."""
    clock = ManualClock()
    device = FakeDevice(with_bauds(hello_for([64], [4], slots=slots), 115_200, 921_600), echo, compute_s=compute_s)
    line = LateHost(clock, device, late_s=late_s, late_at=late_at, taken=taken)
    session = Session(line, clock)
    session.hello()
    assert session.climb().baud == 921_600
    line.writes = 0

    def never():
        raise AssertionError("a sound board was to be reset")

    outcome = session.stream(SAMPLES, rescue=Rescue(revive=never))
    assert [r.outputs for r in outcome.results] == [echo(sample) for sample in SAMPLES]
    assert (outcome.lost, outcome.resets, outcome.revived) == ({}, (), ())
    return outcome, line


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("late_s", [1.0, 12.0, 3600.0])
def test_a_host_that_is_late_between_two_frames_resets_nothing(late_s, slots):
    outcome, line = stream(late_s, {3, 5, 12}, slots=slots)
    assert (line.baud, line.board.baud) == (921_600, 921_600)
    assert outcome.counters.bad_rx == outcome.counters.bad_board == 0
