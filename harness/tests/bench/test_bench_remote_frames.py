"""What travels between a client and a unit's server: frames, channels, signs of life, errors. No unit, no process."""

import os
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench import lease
from harness.bench.remote import calls, frames, mux, words
from harness.errors import BenchError, DeviceError, HostError, MisuseError, PlanError, WedgedError

MESSAGES = st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=3 * frames.PIECE_BYTES)), max_size=5)


@given(messages=MESSAGES, cuts=st.lists(st.integers(1, 40_000), max_size=20))
def test_messages_come_out_as_they_went_in_however_the_stream_is_cut(messages, cuts):
    stream = b"".join(piece for channel, message in messages for piece in frames.pieces(channel, message))
    assembler = frames.Assembler("here")
    came = []
    for n_bytes in [*cuts, len(stream)]:
        came += assembler.push(stream[:n_bytes])
        stream = stream[n_bytes:]
    assert came == messages


def test_pieces_of_two_messages_may_come_by_turns():
    one, other = b"1" * 40_000, b"2" * 40_000
    assembler = frames.Assembler("here")
    came = []
    for pair in zip(frames.pieces(1, one), frames.pieces(2, other), strict=True):
        for piece in pair:
            came += assembler.push(piece)
    assert came == [(1, one), (2, other)]


@pytest.mark.parametrize(
    "garbage", [b"Welcome to rack2!\r\n", b"\xa7\x01\x80\x00\x00\x00\x01x", b"\xa7\x01\x00\xff\xff\xff\xff"]
)
def test_what_is_no_frame_is_told_with_its_text(garbage):
    with pytest.raises(HostError, match="not what the other end says") as told:
        list(frames.Assembler("unit u1 on rack2").push(garbage))
    assert told.value.where == "unit u1 on rack2"
    if garbage.isascii():
        assert "Welcome to rack2!" in told.value.found


class Pair:
    """Two muxes over two pipes."""

    def __init__(self):
        up, down = os.pipe(), os.pipe()
        self.fds = [*up, *down]
        self.came, self.why, self.ended = [], {}, threading.Event()
        self.some = threading.Condition()
        self.near = self.mux("near", down[0], up[1], lambda channel, message: None)
        self.far = self.mux("far", up[0], down[1], self.take)

    def mux(self, name, read_fd, write_fd, take):
        def end(why):
            self.why[name] = why
            self.ended.set()

        return mux.Mux(read_fd, write_fd, where=name, on_message=take, on_end=end, own_s=lambda: 7.5)

    def take(self, channel, message):
        with self.some:
            self.came.append((channel, message))
            self.some.notify_all()

    def wait(self, n):
        with self.some:
            assert self.some.wait_for(lambda: len(self.came) >= n, 30)

    def close(self):
        for one in (self.near, self.far):
            one.end()
            one.join(1)
        for fd in self.fds:
            try:
                os.close(fd)
            except OSError:
                continue


@pytest.fixture
def pair():
    made = Pair()
    yield made
    made.close()


def test_a_long_message_keeps_no_other_channel_waiting(pair):
    pair.near.send(1, bytes(frames.PIECE_BYTES * 10))
    pair.near.send(2, b"short")
    pair.near.start()
    pair.far.start()
    pair.wait(2)
    assert [channel for channel, _ in pair.came] == [2, 1]


def test_a_sender_that_nobody_reads_waits_instead_of_filling_memory_and_hears_of_the_end(pair):
    pair.near.start()  # and the other end does not read

    def send():
        while True:
            try:
                pair.near.send(1, bytes(frames.PIECE_BYTES))
                sent.append(1)
            except mux.Ended:
                over.set()
                return

    sent, over = [], threading.Event()
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    thread.join(1)
    assert thread.is_alive()
    assert len(sent) * frames.PIECE_BYTES < 1_000_000
    pair.near.end()
    assert over.wait(30)


def test_signs_of_life_tell_the_units_own_time(pair):
    pair.near.start()
    pair.far.start()
    pair.near.send(1, b"x")
    pair.wait(1)
    assert pair.far.other_own_s == 7.5


def test_an_end_that_hears_nothing_takes_the_other_for_gone(pair, monkeypatch):
    monkeypatch.setattr(mux, "QUIET_S", 1.0)
    pair.near.start()  # the other end was never started: the pipe is open, and nothing comes
    assert pair.ended.wait(30)
    assert pair.why["near"] == "nothing was heard from the other end for 1 s"


def test_two_ends_that_say_nothing_stay_together(pair, monkeypatch):
    monkeypatch.setattr(mux, "QUIET_S", 1.0)
    monkeypatch.setattr(mux, "SIGN_EVERY_S", 0.2)
    pair.near.start()
    pair.far.start()
    assert not pair.ended.wait(2.5)


def test_the_end_of_the_stream_is_told_once_and_plainly(pair):
    pair.far.start()
    os.close(pair.near._write_fd)
    assert pair.ended.wait(30)
    assert pair.why == {"far": ""}


@pytest.mark.parametrize(
    "kind",
    [BenchError, DeviceError, HostError, MisuseError, PlanError, WedgedError, lease.InUse, lease.OutOfService],
)
def test_an_error_arrives_as_what_it_was(kind):
    error = kind("it is wrong", where="port", expected=3, found=None, next_step="mend it")
    made = words.made(words.told(error), "rack2")
    assert type(made) is kind
    assert (made.what, made.where, made.expected, made.found, made.next_step) == (
        "it is wrong", "port, on rack2", "3", None, "mend it",
    )  # fmt: skip


def test_a_kind_that_the_other_end_does_not_know_arrives_as_the_nearest_that_it_does():
    class OfTomorrow(lease.InUse):
        pass

    assert type(words.made(words.told(OfTomorrow("taken")), "rack2")) is lease.InUse
    assert type(words.made({"kind": "OfTomorrow", "what": "taken"}, "rack2")) is BenchError


def test_what_another_host_says_of_an_error_drives_no_terminal():
    made = words.made(
        {"kind": "BenchError", "what": "\x1b[2Jall is well", "found": "\x1b]0;pwned\x07", "where": "\x9b1m"}, "rack2"
    )
    assert str(made).isascii()
    assert "\x1b" not in str(made)


def test_what_nobody_foresaw_in_a_message_is_told_as_what_ended_the_stream(pair):
    def trip(channel, message):
        raise KeyError("nobody knows it")

    pair.far._on_message = trip
    pair.near.start()
    pair.far.start()
    pair.near.send(1, b"x")
    assert pair.ended.wait(30)
    assert "could not be understood: KeyError" in pair.why["far"]


class Deaf:
    """A stream that takes all."""

    over = False

    def send(self, channel, message):
        pass


def test_a_request_that_comes_while_another_is_over_is_not_forgotten():
    begun = []
    desk = calls.Desk(Deaf(), begun.append)
    desk.take(1, calls.pack({"id": 0, "call": "first"}))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for number in range(1, 1000):
            ending = threading.Thread(target=desk.over, args=(begun[-1],))
            ending.start()
            desk.take(1, calls.pack({"id": number, "call": "next"}))
            ending.join()
            desk.take(1, calls.pack({"id": number, "cancel": True}))
            assert begun[-1].cancelled, f"request {number} is not known any more"
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0\0",
        b"\0\0\0\2[]",
        b"\0\0\0\2{}",
        b"\0\0\0\5{'id'",
        b"\xff\xff\xff\xff{",
        calls.pack({"id": 1, "done": 5}),
    ],
)
def test_what_is_no_message_is_refused(message):
    with pytest.raises(ValueError):  # noqa: PT011 - its words are the parser's
        calls.unpack(message)
