"""A network with a memory over a fake board: order, resets, and samples that are given up."""

import pytest

from harness.errors import DeviceError, MisuseError
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.device import ENCODINGS, FakeDevice, Fault, Injection, hello_for
from harness.testing.link import Direction, MemoryTransport, Noise
from harness.wire import messages as m

KEEPS = ENCODINGS | m.Capability.CHUNKS | m.Capability.STATE
FOLLOWS = [False, True, True, True, False, True, True, False]
SAMPLES = [bytes([10 * i + 1] * 64) for i in range(len(FOLLOWS))]


class Adder:
    """The sum of the first bytes since it forgot."""

    def __init__(self):
        self.total = 0

    def forget(self):
        self.total = 0

    def __call__(self, data):
        self.total = (self.total + data[0]) % 256
        return bytes([self.total] * 4)


def expected(follows=FOLLOWS):
    adder, outputs = Adder(), []
    for sample, goes_on in zip(SAMPLES, follows, strict=True):
        if not goes_on:
            adder.forget()
        outputs.append(adder(sample))
    return outputs


def stream(*inject, capabilities=KEEPS, follows=FOLLOWS, noise=0.0, **more):
    clock, adder = ManualClock(), Adder()
    hello = hello_for([64], [4], slots=3, chunk_bytes=16, capabilities=capabilities)
    device = FakeDevice(hello, adder, forget=adder.forget, compute_s=0.01, inject=inject)
    up, down = (Direction(11_520, 0.001, Noise(noise, seed)) for seed in (1, 2))
    session = Session(MemoryTransport(device, clock, up=up, down=down, baud=115_200), clock, stuck_s=5.0)
    session.hello()
    return session.stream(SAMPLES, follows=follows, **more), device


@pytest.mark.parametrize("noise", [0.0, 2e-3])
@pytest.mark.parametrize("window", [1, None])
def test_each_sample_goes_on_from_the_one_before_it(window, noise):
    outcome, device = stream(noise=noise, window=window)
    assert [result.outputs for result in outcome.results] == expected()
    assert len(device.seen) == len(SAMPLES)  # each once, whatever was sent again


@pytest.mark.parametrize("at", range(100, 800, 60))
def test_after_a_reset_a_sequence_is_played_again_from_its_beginning_and_first_answers_stand(at):
    answers = []
    outcome, device = stream(Injection(Fault.RESET, at), on_result=lambda index, _: answers.append(index))
    assert [result.outputs for result in outcome.results] == expected()
    assert sorted(answers) == list(range(len(SAMPLES)))
    assert outcome.counters.replayed <= 3
    assert len(device.seen) >= len(SAMPLES) + outcome.counters.replayed


def test_a_board_that_is_reset_again_and_again_over_one_sample_loses_what_goes_on_from_it_and_no_more():
    clock, adder = ManualClock(), Adder()

    def compute(data):
        if data == SAMPLES[2]:
            device.reset(clock.monotonic_s())
        return adder(data)

    hello = hello_for([64], [4], slots=3, chunk_bytes=16, capabilities=KEEPS)
    device = FakeDevice(hello, compute, forget=adder.forget, compute_s=0.01)
    session = Session(MemoryTransport(device, clock, baud=115_200), clock)
    session.hello()
    outcome = session.stream(SAMPLES, follows=FOLLOWS)
    assert sorted(outcome.lost) == [2, 3]
    assert "reset 3 times" in outcome.lost[2]
    assert "goes on from was lost" in outcome.lost[3]
    assert [r and r.outputs for r in outcome.results] == [*expected()[:2], None, None, *expected()[4:]]


def test_a_sample_that_the_board_never_ends_is_given_up_and_the_next_sequence_goes_on():
    clock, adder = ManualClock(), Adder()

    def compute(data):
        if data == SAMPLES[1]:
            device.board.next_run = lambda: None  # its engine hangs, the rest of it answers
        return adder(data)

    hello = hello_for([64], [4], slots=3, chunk_bytes=16, capabilities=KEEPS)
    device = FakeDevice(hello, compute, forget=adder.forget, compute_s=0.01)
    session = Session(MemoryTransport(device, clock, baud=115_200), clock, stuck_s=5.0)
    session.hello()
    hello_request = device.board._take_hello_request

    def wakes(*parts):
        device.board.__dict__.pop("next_run", None)
        hello_request(*parts)

    device.board._take_hello_request = wakes
    outcome = session.stream(SAMPLES, follows=FOLLOWS)
    assert sorted(outcome.lost) == [2, 3]
    assert "came no further" in outcome.lost[2]
    assert [r and r.outputs for r in outcome.results] == [*expected()[:2], None, None, *expected()[4:]]


def test_a_board_that_says_it_keeps_no_memory_is_refused_before_anything_is_sent():
    with pytest.raises(DeviceError, match="keeps no memory") as caught:
        stream(capabilities=ENCODINGS)
    assert "built anew" in caught.value.next_step


def test_whoever_says_nothing_has_every_sample_begin_anew():
    outcome, _ = stream(follows=None)
    assert [result.outputs for result in outcome.results] == expected([False] * len(SAMPLES))


def test_order_cannot_be_asked_for_while_samples_are_under_way():
    clock = ManualClock()
    session = Session(MemoryTransport(FakeDevice(hello_for([64], [4]), Adder()), clock), clock)
    session.hello()
    session._conversation.send_sample(0, SAMPLES[0])
    with pytest.raises(MisuseError, match="under way"):
        session._conversation.ordered = True
