import zlib

import pytest

from harness.errors import BenchError, PlanError
from harness.session import climb
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, Fault, Injection, hello_for
from harness.testing.link import Direction, MemoryTransport
from harness.testing.speeds import SpeedyDevice, with_bauds

BAUDS = (115_200, 230_400, 460_800, 921_600)


def echo(data):
    return zlib.crc32(data).to_bytes(4, "little")


class Line(MemoryTransport):
    """A line whose speed is that of its near end; an adapter that cannot be set above ``most``.

    ``paced``: answers come at 2000 bytes/s whatever the speed.
    """

    def __init__(self, clock, hello, *, holds=12_000_000, most=12_000_000, inject=(), paced=False):
        self.board = SpeedyDevice(FakeDevice(hello, echo, inject=inject), lambda: self.baud, holds=holds)
        super().__init__(self.board, clock, up=Direction(11_520), down=Direction(11_520), baud=115_200)
        self._most, self._paced = most, paced
        self.set_to = []

    def set_baud(self, baud):
        if baud > self._most:
            raise BenchError("the serial port cannot be set to this speed", where=self.name)
        super().set_baud(baud)
        self.set_to.append(baud)
        self.up.bytes_per_s = self.down.bytes_per_s = baud / 10
        if self._paced:
            self.down.bytes_per_s = 2000


def greeted(clock=None, **options):
    clock = clock or ManualClock()
    line = Line(clock, with_bauds(hello_for([64], [4]), *options.pop("bauds", BAUDS)), **options)
    session = Session(line, clock)
    session.hello()
    return session, line, clock


def samples(n=20):
    return [bytes((i * 7 + at) % 256 for at in range(64)) for i in range(n)]


def test_the_climb_ends_at_the_fastest_speed_of_the_board_with_both_sides_there():
    session, line, clock = greeted()
    climbed = session.climb()
    assert (climbed.baud, climbed.steps, climbed.refused) == (921_600, 3, {})
    assert line.baud == line.board.baud == 921_600
    assert clock.monotonic_s() < 1.0
    assert [r.outputs for r in session.stream(samples()).results] == [echo(sample) for sample in samples()]


def test_a_speed_that_held_last_time_is_gone_to_at_once():
    session, line, _ = greeted()
    climbed = session.climb(known=921_600)
    assert (climbed.baud, climbed.steps) == (921_600, 1)
    assert line.board.history == [115_200, 921_600]


@pytest.mark.parametrize("known", [None, 921_600])
def test_a_cable_that_is_too_long_ends_the_climb_below_and_both_sides_meet_again(known):
    session, line, clock = greeted(holds=460_800)
    climbed = session.climb(known=known)
    assert climbed.baud == 460_800
    assert list(climbed.refused) == [921_600]
    assert "test frames" in climbed.refused[921_600]
    assert line.baud == line.board.baud == 460_800
    assert session.stream(samples()).lost == {}
    assert clock.monotonic_s() < 5.0


def test_never_more_test_frames_are_told_as_lost_than_were_sent():
    class AllTwice:
        def adapter_takes(self, baud):
            return True

        change_baud = adapter_takes

        def lost_probes(self, probes):
            return 2 * len(probes)

        def back_to_safe(self):
            pass

    failure = climb._try(AllTwice(), 921_600)
    assert failure is not None
    n = len(climb.PROBES)
    assert failure.why == f"of {n} test frames {n} were lost or damaged"


def test_a_board_that_is_slow_to_answer_and_loses_nothing_holds_its_speed():
    # An emulator on a busy host: 256 bytes come back in an eighth of a second, whatever the speed of the line.
    session, _line, clock = greeted(paced=True)
    climbed = session.climb(known=921_600)
    assert (climbed.baud, climbed.refused) == (921_600, {})
    assert clock.monotonic_s() > 1.0


def test_speeds_known_not_to_hold_are_not_tried_again():
    session, line, _ = greeted(holds=460_800)
    assert session.climb(avoid=[921_600]).baud == 460_800
    assert 921_600 not in line.board.history


def test_a_speed_that_the_adapter_cannot_do_is_never_asked_of_the_board():
    session, line, _ = greeted(most=500_000)
    climbed = session.climb()
    assert climbed.baud == line.board.baud == 460_800
    assert "adapter" in climbed.refused[921_600]
    assert max(line.board.history) == 460_800


def test_a_board_that_hears_its_host_but_is_not_heard_comes_back_too():
    session, line, _ = greeted(holds=115_200)
    climbed = session.climb()
    assert climbed.baud == line.board.baud == 115_200
    assert line.board.history == [115_200, 230_400, 115_200]
    assert session.stream(samples()).lost == {}


def test_the_plans_baud_is_the_one_that_is_used():
    session, line, _ = greeted()
    assert session.climb(fixed=230_400).baud == 230_400
    assert line.board.history == [115_200, 230_400]
    session, line, _ = greeted()
    assert session.climb(fixed=115_200).baud == 115_200
    assert line.board.history == [115_200]


def test_a_baud_that_the_board_does_not_offer_is_the_plans_mistake_and_names_those_it_does():
    session, *_ = greeted()
    with pytest.raises(PlanError, match="does not offer") as caught:
        session.climb(fixed=1_000_000)
    assert "921600" in caught.value.expected


def test_a_fixed_baud_that_does_not_hold_is_told_and_not_replaced():
    session, *_ = greeted(holds=115_200)
    with pytest.raises(BenchError, match="does not hold"):  # the rig's fault: another cable may hold it
        session.climb(fixed=921_600)


def test_a_fixed_baud_that_was_lost_once_is_tried_once_more():
    session, line, _ = greeted(inject=[Injection(Fault.RESET, 600)])
    assert session.climb(fixed=921_600).baud == line.board.baud == 921_600
    assert line.board.device.resets == 1


def test_a_line_without_a_speed_is_left_alone_and_says_so():
    clock = ManualClock()
    device = FakeDevice(with_bauds(hello_for([64], [4]), *BAUDS), echo)
    session = Session(MemoryTransport(device, clock), clock)
    session.hello()
    assert (session.climb().baud, session.climb().note) == (None, "")
    assert "no speed" in session.climb(fixed=921_600).note


def test_a_board_that_cannot_change_its_speed_is_not_asked_to():
    clock = ManualClock()
    device = FakeDevice(hello_for([64], [4]), echo)
    session = Session(MemoryTransport(device, clock, baud=115_200), clock)
    session.hello()
    assert session.climb().baud == 115_200


@pytest.mark.parametrize("at", range(3300, 5500, 130))
def test_a_reset_at_a_climbed_speed_is_found_at_the_safe_one_and_climbed_from_again(at):
    session, line, clock = greeted(inject=[Injection(Fault.RESET, at)])
    session.climb(known=921_600)
    outcome = session.stream(samples(40))
    assert [r.outputs for r in outcome.results] == [echo(sample) for sample in samples(40)]
    assert len(outcome.resets) == line.board.device.resets == outcome.climbs
    assert line.baud == line.board.baud == outcome.baud == 921_600
    assert clock.monotonic_s() < 5.0


def test_a_host_that_starts_anew_at_the_safe_speed_finds_a_board_that_had_climbed():
    session, line, clock = greeted()
    session.climb()
    line.set_baud(115_200)
    successor = Session(line, clock)
    assert successor.hello().board == "fake"
    assert line.board.baud == 115_200
    assert clock.monotonic_s() < 3.0


def test_hello_after_a_climb_finds_the_board_whether_it_was_reset_or_not():
    session, line, clock = greeted()
    session.climb()
    session.hello()
    assert line.baud == line.board.baud == 921_600
    line.board.device.reset(clock.monotonic_s())
    session.hello()
    assert line.baud == line.board.baud == 115_200
    outcome = session.stream(samples())
    assert (outcome.lost, outcome.baud) == ({}, 115_200)
