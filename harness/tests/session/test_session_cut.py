"""A line that is cut, spoiled or away for a while at any moment of a session: silence or damage, never a broken protocol.

Only that can be told apart from a firmware that is wrong (``run.blame``). More moments with HIL_FULL=1.
"""

import os
import random
import zlib

import pytest

from harness.errors import BenchError
from harness.session.rescue import Rescue
from harness.session.verbs import BoardSilentError, Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, hello_for
from harness.testing.link import Direction, MemoryTransport
from harness.testing.noise import Noise
from harness.testing.speeds import SpeedyDevice, with_bauds

MOMENTS = 300 if os.environ.get("HIL_FULL") == "1" else 8
SAMPLES = [bytes((i * 7 + at) % 256 for at in range(64)) for i in range(12)]


def echo(data):
    return zlib.crc32(data).to_bytes(4, "little")


class Line(MemoryTransport):
    """From the ``at``-th byte of both ways together on, bytes of ``ways`` are lost, or are others, for ``away_s``."""

    def __init__(self, clock, *, at=None, ways=(), spoils=False, away_s=float("inf")):
        hello = with_bauds(hello_for([64], [4]), 115_200, 460_800, 921_600)
        self.board = SpeedyDevice(FakeDevice(hello, echo), lambda: self.baud)
        up, down = Direction(11_520), Direction(11_520)
        super().__init__(self.board, clock, up=up, down=down, baud=115_200)
        self.clock, self.at, self.ways, self.spoils, self.away_s = clock, at, ways, spoils, away_s
        self.n_bytes, self.since_s = 0, None
        up.noise, down.noise = (lambda data: self.pass_on("up", data)), (lambda data: self.pass_on("down", data))

    def set_baud(self, baud):
        super().set_baud(baud)
        self.up.bytes_per_s = self.down.bytes_per_s = baud / 10

    def pass_on(self, way, data):
        before, self.n_bytes = self.n_bytes, self.n_bytes + len(data)
        if self.at is None or self.n_bytes <= self.at:
            return data
        now_s = self.clock.monotonic_s()
        self.since_s = now_s if self.since_s is None else self.since_s
        if way not in self.ways or now_s - self.since_s > self.away_s:
            return data
        whole = max(0, self.at - before)
        return data[:whole] + (bytes(byte ^ 0x55 for byte in data[whole:]) if self.spoils else b"")


def worn(share, seed):
    """A stream over a line that damages so many of the bytes that come from the board, from when the speed was found."""
    clock = ManualClock()
    line = Line(clock)
    session = Session(line, clock)
    session.hello()
    session.climb()
    line.down.noise = Noise(share, seed)
    return session.stream(SAMPLES)


def play(**what):
    """Hello, climb, stream and a last question, as a case does; the line, and what it ended with."""
    clock = ManualClock()
    line = Line(clock, **what)
    device, session = line.board.device, Session(line, clock)

    def reset():
        device.reset(clock.monotonic_s())
        return "it sleeps"

    try:
        session.restart(reset)
        session.climb()
        answers = session.stream(SAMPLES, rescue=Rescue(revive=reset)).results
        session.status()
    except BoardSilentError as error:
        return line, error
    assert [answer.outputs for answer in answers] == [echo(sample) for sample in SAMPLES]
    return line, None


@pytest.fixture(scope="module")
def whole():
    """The bytes of a session on a good line."""
    line, error = play()
    assert error is None
    return line.n_bytes


@pytest.mark.parametrize("ways", [("up", "down"), ("up",), ("down",)], ids=["both ways", "to the board", "to the host"])
@pytest.mark.parametrize("spoils", [False, True], ids=["cut", "spoiled"])
def test_a_line_that_is_gone_at_any_moment_is_silence_or_damage_and_no_broken_protocol(ways, spoils, whole):
    draw = random.Random(f"{ways} {spoils}")
    for at in sorted(draw.randrange(whole) for _ in range(MOMENTS)):
        _, error = play(at=at, ways=ways, spoils=spoils)
        assert error is not None or at > whole - 200, at  # what is lost of the very last words is not missed


def test_a_line_that_is_cut_while_the_speed_is_changed_is_told_as_silence_with_what_was_waited_for(whole):
    found = {}
    for at in range(500, whole, whole // (MOMENTS * 2)):
        _, error = play(at=at, ways=("up", "down"))
        if error is not None:
            found.setdefault(error.what, error)
    assert "did not come back" in str(found["the board did not come back to its safe speed"])
    assert "115200 baud" in found["the board did not come back to its safe speed"].expected


@pytest.mark.parametrize("away_s", [0.3, 1.0, 3.0, 8.0])
def test_a_line_that_is_away_for_a_while_ends_in_all_answers_or_in_silence(away_s, whole):
    draw = random.Random(away_s)
    for at in sorted(draw.randrange(whole) for _ in range(MOMENTS)):
        play(at=at, ways=("up", "down"), away_s=away_s)


def test_samples_that_do_not_get_through_a_line_that_damages_most_frames_are_the_rigs_fault_and_not_lost():
    found = []
    for seed in range(MOMENTS):
        try:
            assert worn(0.05, seed).lost == {}
        except (BenchError, BoardSilentError) as error:
            found.append(error)
    assert any("damages so much" in error.what for error in found), found
    assert not any(type(error) is BenchError and "damaged" not in error.found for error in found)
