"""The share of test frames that a line damages: counted at each speed, told where a speed cannot be had."""

import pytest

from harness.errors import BenchError
from harness.session.climb import PROBES
from harness.session.linerate import line_rates
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, hello_for
from harness.testing.link import Direction, MemoryTransport, Noise
from harness.testing.speeds import SpeedyDevice, with_bauds

BAUDS = (115_200, 230_400, 460_800, 921_600)


class Line(MemoryTransport):
    """Its board holds speeds up to ``holds``, its adapter up to ``most``; of the bytes to the board so many are damaged."""

    def __init__(self, clock, *, holds=12_000_000, most=12_000_000, noise=0.0):
        hello = with_bauds(hello_for([64], [4]), *BAUDS)
        self.board = SpeedyDevice(FakeDevice(hello, bytes), lambda: self.baud, holds=holds)
        up = Direction(11_520, noise=Noise(noise, 7)) if noise else Direction(11_520)
        super().__init__(self.board, clock, up=up, down=Direction(11_520), baud=115_200)
        self._most = most

    def set_baud(self, baud):
        if baud > self._most:
            raise BenchError("the serial port cannot be set to this speed", where=self.name)
        super().set_baud(baud)
        self.up.bytes_per_s = self.down.bytes_per_s = baud / 10


def measured(rounds=4, **line):
    clock = ManualClock()
    transport = Line(clock, **line)
    session = Session(transport, clock)
    session.hello()
    return list(line_rates(session, BAUDS, rounds)), session, transport


def test_a_clean_line_loses_nothing_at_any_speed_and_ends_at_the_safe_one():
    rates, session, line = measured()
    assert [one.baud for one in rates] == list(BAUDS)
    assert all((one.frames, one.lost, one.why) == (4 * len(PROBES), 0, "") for one in rates)
    assert all(one.n_bytes > 2 * 4 * sum(map(len, PROBES)) for one in rates)
    assert session.baud == line.baud == line.board.baud == BAUDS[0]


def test_a_speed_that_does_not_hold_is_given_up_after_its_first_round_and_the_others_are_measured():
    rates, session, line = measured(holds=460_800)
    assert [one.frames for one in rates] == [32, 32, 32, len(PROBES)]
    assert rates[-1].lost == len(PROBES)
    assert "does not hold" in rates[-1].why
    assert session.baud == line.board.baud == BAUDS[0]


def test_a_speed_that_the_adapter_has_not_is_told_and_not_tried():
    rates, _, _ = measured(most=460_800)
    assert (rates[-1].frames, rates[-1].why) == (0, "the adapter cannot be set to it")


@pytest.mark.parametrize("noise", [2e-5, 1e-4])
def test_a_line_that_holds_and_spoils_a_frame_now_and_then_shows_it_in_its_share(noise):
    rates, _, _ = measured(rounds=16, noise=noise)
    held = [one for one in rates if not one.why]
    assert held
    lost = sum(one.lost for one in held)
    bytes_up = sum(one.n_bytes for one in held) / 2
    assert lost > 0
    assert lost <= 3 * noise * bytes_up + 8  # each spoilt byte costs one frame, and there is chance in it
    assert any(one.share == one.lost / one.frames > 0 for one in held)
