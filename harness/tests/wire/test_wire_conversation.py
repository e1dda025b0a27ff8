import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessBug, MisuseError
from harness.testing.device import ENCODINGS, hello_for
from harness.wire import messages as m
from harness.wire import states
from harness.wire.board import BoardConversation
from harness.wire.conversation import HostConversation
from harness.wire.events import BoardReset, HelloReceived, Refused, ResultReceived, SampleLost, Silent, Violation
from harness.wire.framing import FrameDecoder, encode_frame
from harness.wire.states import HOST_TAKES, TRANSITIONS, Move, Role, State, step

#: A board that takes one chunk a frame; for the others see test_wire_batches.py.
HELLO = hello_for([64], [4], slots=2, chunk_bytes=32, capabilities=ENCODINGS)


def frame(message, seq=0):
    return encode_frame(message.TYPE, seq, message.encode_body())


def events(host):
    out = []
    while (event := host.next_event()) is not None:
        out.append(event)
    return out


def said(host, now_s=0.0):
    """Messages that the host wants to send."""
    out = []
    while data := host.data_to_send(now_s):
        out += [m.decode(f.type, f.body) for f in FrameDecoder(4096).push(data)]
    return out


def greeted(hello=HELLO, **options):
    host = HostConversation(draw_session=lambda: 7, **options)
    host.send_hello(0.0)
    assert said(host) == [m.HelloRequest(m.PROTOCOL, 7)]
    host.receive_data(frame(replace(hello, session=7)), 0.0)
    assert [type(event) for event in events(host)] == [HelloReceived]
    return host


def result(sample, data=b"abcd", **changes):
    return replace(m.Result(sample, 0, 1, 10, 0, len(data), 0, data), **changes)


# -- the table ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_a_move_is_in_the_table_or_names_role_state_and_move(role, state, move):
    if (role, state, move) in TRANSITIONS:
        assert step(role, state, move) is TRANSITIONS[role, state, move]
        return
    with pytest.raises((HarnessBug, MisuseError)) as caught:
        step(role, state, move)
    for word in (role, state, move):
        assert str(word) in str(caught.value)


def test_a_wrong_move_of_the_caller_is_misuse_and_one_of_ours_is_a_bug():
    with pytest.raises(MisuseError, match="cannot send_sample while idle"):
        HostConversation().send_sample(0, b"x")
    with pytest.raises(HarnessBug):
        step(Role.HOST, State.IDLE, Move.RESET_SEEN)


def test_every_host_state_can_be_left_and_says_what_it_takes():
    host_states = {state for role, state, _ in TRANSITIONS if role is Role.HOST}
    assert host_states == set(HOST_TAKES)
    for state in host_states - {State.DONE}:
        assert (Role.HOST, state, Move.CLOSE) in TRANSITIONS
    assert states.step(Role.HOST, State.DONE, Move.CLOSE) is State.DONE


# -- hello -------------------------------------------------------------------------------------------------------------


def test_hello_is_said_again_until_it_is_answered_and_then_given_up():
    host = HostConversation(answer_timeout_s=1.0, rounds=5, draw_session=lambda: 7)
    host.send_hello(0.0)
    now_s, n_requests = 0.0, 0
    while not (found := events(host)):
        n_requests += len(said(host, now_s))
        now_s += host.next_timeout_s(now_s)
        host.tick(now_s)
    assert [type(event) for event in found] == [Silent]
    assert now_s == pytest.approx(5.0)
    assert n_requests == 20
    assert host.state is State.SILENT
    host.send_hello(now_s)
    assert host.state is State.GREETING


def test_a_host_that_was_kept_from_running_greets_at_the_other_speed_too_before_it_gives_up():
    host = HostConversation(answer_timeout_s=1.0, rounds=5, draw_session=lambda: 7)
    host.send_hello(0.0)
    assert (len(said(host)), host.at_safe_speed) == (1, True)
    host.tick(60.0)
    assert (events(host), len(said(host, 60.0)), host.at_safe_speed) == ([], 1, False)
    host.receive_data(frame(replace(HELLO, session=7)), 60.0)
    assert [type(event) for event in events(host)] == [HelloReceived]


def test_a_hello_of_another_session_is_not_taken_for_ours():
    host = HostConversation(draw_session=lambda: 7)
    host.send_hello(0.0)
    host.receive_data(frame(replace(HELLO, session=6)), 0.0)
    assert events(host) == []
    assert host.state is State.GREETING


def test_a_hello_of_another_version_with_another_layout_is_refused_by_its_first_byte():
    host = HostConversation(draw_session=lambda: 7)
    host.send_hello(0.0)
    host.receive_data(encode_frame(m.Hello.TYPE, 0, b"\x63strange"), 0.0)
    assert events(host) == [Violation("the board speaks another wire protocol", f"version {m.PROTOCOL}", "version 99")]
    assert host.state is State.REFUSED


def test_a_board_that_boots_while_greeted_is_greeted_again_at_once():
    host = HostConversation(draw_session=lambda: 7)
    host.send_hello(0.0)
    said(host)
    host.receive_data(frame(m.Boot(9, 1, 0)), 0.01)
    assert said(host) == [m.HelloRequest(m.PROTOCOL, 7)]


# -- samples -----------------------------------------------------------------------------------------------------------


def test_a_sample_is_cut_at_chunk_bytes_and_numbers_rise():
    host = greeted(window=2)
    for key in (10, 11, 12):
        host.send_sample(key, random.Random(key).randbytes(64))
    chunks = said(host)
    assert [(c.sample, c.offset, len(c.data)) for c in chunks] == [(0, 0, 32), (0, 32, 32), (1, 0, 32), (1, 32, 32)]
    host.receive_data(frame(result(0), 1), 0.1)
    assert [event.key for event in events(host)] == [10]
    assert {c.sample for c in said(host)} == {2}


def test_the_window_slides_over_numbers_so_an_old_unanswered_sample_holds_it():
    host = greeted(window=2)
    for key in range(4):
        host.send_sample(key, bytes(64))
    said(host)
    host.receive_data(frame(result(1), 1), 0.1)
    assert not any(isinstance(message, m.Chunk) for message in said(host, 0.1)), "0 is open: 2 may not begin"


def test_an_answer_that_overtakes_an_older_sample_makes_the_host_ask_at_once():
    host = greeted(window=2)
    host.send_sample(0, bytes(64))
    host.send_sample(1, bytes(64))
    said(host)
    host.receive_data(frame(result(1), 1), 0.1)
    assert said(host, 0.1) == [m.StatusRequest()]
    host.receive_data(frame(m.Status(7, HELLO.boot, 0, 0, 0, 0, 0, 0, 0, ()), 2), 0.2)
    (asked,) = said(host, 0.2)
    assert asked == m.ResultRequest(0)
    seq_of_request = 6  # HELLO_REQUEST, 4 chunks, STATUS_REQUEST came before
    host.receive_data(frame(m.Error(m.ErrorCode.UNKNOWN_SAMPLE, asked.TYPE, seq_of_request, ""), 3), 0.3)
    assert [(c.sample, c.offset) for c in said(host, 0.3)] == [(0, 0), (0, 32)]
    assert host.counters.resent == 2


def test_status_repairs_what_left_before_it_was_asked_for_and_nothing_after():
    host = greeted(window=2)
    host.send_sample(0, bytes(64))
    said(host, 0.0)
    host.tick(1.0)
    assert said(host, 1.0) == [m.StatusRequest()]
    host.send_sample(1, bytes(64))
    assert [c.sample for c in said(host, 1.0)] == [1, 1]
    slot = m.SlotStatus(0, m.SlotState.RECEIVING, (32,))
    host.receive_data(frame(m.Status(7, HELLO.boot, 0, 3, 0, 0, 0, 0, 0, (slot,)), 1), 1.1)
    assert [(c.sample, c.offset) for c in said(host, 1.1)] == [(0, 32)]
    assert host.counters.frames_bad == 3


def test_need_is_answered_with_just_those_chunks_and_strange_offsets_are_ignored():
    host = greeted()
    host.send_sample(0, bytes(64))
    said(host)
    host.receive_data(frame(m.Need(0, (32, 7, 64, 4_000_000)), 1) + frame(m.Need(99, (0,)), 2), 0.1)
    assert [(c.sample, c.offset) for c in said(host, 0.1)] == [(0, 32)]


def test_a_result_is_scored_once_and_one_of_a_sample_never_sent_is_a_violation():
    host = greeted()
    host.send_sample(5, bytes(64))
    said(host)
    host.receive_data(frame(result(0), 1) * 2 + frame(result(9), 2), 0.1)
    found = events(host)
    assert [type(event) for event in found] == [ResultReceived, Violation]
    assert host.counters.duplicates == 1


@pytest.mark.parametrize(
    "wrong", [{"offset": 1}, {"total": 5}, {"data": b"abcde"}, {"data": b""}, {"offset": 4_000_000_000}]
)
def test_a_result_that_contradicts_itself_loses_its_sample_alone(wrong):
    host = greeted(window=2)
    host.send_sample(0, bytes(64))
    host.send_sample(1, bytes(64))
    said(host)
    host.receive_data(frame(result(0, **wrong), 1) + frame(result(1), 2), 0.1)
    assert [type(event) for event in events(host)] == [Violation, SampleLost, ResultReceived]


def test_a_board_that_answers_but_gets_no_further_loses_the_oldest_sample_in_time():
    host = greeted(stuck_s=10.0)
    host.send_sample(3, bytes(64))
    now_s = 0.0
    while not (found := [e for e in events(host) if isinstance(e, SampleLost | Silent)]):
        for message in said(host, now_s):
            if isinstance(message, m.StatusRequest):
                slot = m.SlotStatus(0, m.SlotState.RUNNING, ())
                host.receive_data(frame(m.Status(7, HELLO.boot, 0, 0, 0, 0, 0, 0, 0, (slot,))), now_s)
        now_s += host.next_timeout_s(now_s)
        host.tick(now_s)
    assert [(e.key, type(e)) for e in found] == [(3, SampleLost)]
    assert now_s == pytest.approx(10.0)


def test_a_host_that_was_kept_from_running_asks_before_it_calls_the_board_silent():
    host = greeted(answer_timeout_s=1.0, rounds=5)
    host.send_sample(3, bytes(64))
    said(host)
    for now_s in (60.0, 120.0, 180.0, 240.0):
        assert host.next_timeout_s(now_s) == 0.0
        host.tick(now_s)
        assert events(host) == []
        assert [type(message) for message in said(host, now_s)] == [m.StatusRequest]
    host.tick(300.0)
    assert [type(event) for event in events(host)] == [Silent]


# -- resets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sign",
    [
        m.Boot(99, m.ResetCause.WATCHDOG, 0),
        m.Status(7, 99, 0, 0, 0, 0, 0, 0, 0, ()),
        m.Status(6, HELLO.boot, 0, 0, 0, 0, 0, 0, 0, ()),
        m.Error(m.ErrorCode.NO_SESSION, m.Chunk.TYPE, 1, ""),
    ],
)
def test_every_sign_of_a_reset_makes_the_host_rejoin_and_send_the_unanswered_anew(sign):
    host = greeted(window=2)
    for key in (0, 1):
        host.send_sample(key, bytes(64))
    said(host)
    host.receive_data(frame(result(0), 1), 0.1)
    host.receive_data(frame(sign, 2), 0.2)
    assert [type(event) for event in events(host)] == [ResultReceived, BoardReset]
    assert said(host) == [m.HelloRequest(m.PROTOCOL, 7)]
    host.receive_data(frame(result(1), 3), 0.3)
    assert events(host) == [], "an answer of the old session does not count"
    host.receive_data(frame(replace(HELLO, session=7, boot=99)), 0.4)
    assert events(host) == [HelloReceived(replace(HELLO, session=7, boot=99), rejoined=True)]
    assert [(c.sample, c.offset) for c in said(host)] == [(2, 0), (2, 32)]
    host.receive_data(frame(result(2), 1), 0.5)
    assert [event.key for event in events(host)] == [1]


def test_a_board_that_comes_back_as_another_firmware_is_refused():
    host = greeted()
    host.receive_data(frame(m.Boot(99, m.ResetCause.PIN, 0), 1), 0.1)
    said(host)
    host.receive_data(frame(replace(HELLO, session=7, boot=99, build_id="other")), 0.2)
    assert [type(event) for event in events(host)] == [BoardReset, Violation]
    assert host.state is State.REFUSED


def test_samples_wait_until_the_fault_report_is_here():
    host = greeted()
    host.send_sample(0, bytes(64))
    said(host)
    host.receive_data(frame(m.Boot(99, m.ResetCause.FAULT, m.Flag.FAULT_KEPT), 1), 0.1)
    said(host)
    host.receive_data(frame(replace(HELLO, session=7, boot=99, flags=m.Flag.FAULT_KEPT)), 0.2)
    assert said(host, 0.2) == [m.FaultRequest(0)]
    host.tick(1.3)
    assert said(host, 1.3) == [m.FaultRequest(0)], "it may have been lost"
    host.receive_data(frame(m.Fault(1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 2, 0, (), b""), 1), 1.4)
    assert [type(message) for message in said(host, 1.4)] == [m.Chunk, m.Chunk]


# -- strangers ---------------------------------------------------------------------------------------------------------


def test_refusals_are_told_and_unknown_types_counted():
    host = greeted()
    host.receive_data(frame(m.Error(m.ErrorCode.BAD_CHUNK, m.Chunk.TYPE, 3, "offset 5"), 1), 0.1)
    host.receive_data(encode_frame(0xEE, 2) + encode_frame(m.HelloRequest.TYPE, 3, bytes(5)), 0.1)
    assert events(host) == [Refused(m.ErrorCode.BAD_CHUNK, m.Chunk.TYPE, "offset 5")]
    assert host.counters.stale == 2


def test_a_malformed_body_with_a_good_crc_is_a_violation():
    host = greeted()
    host.receive_data(encode_frame(m.Status.TYPE, 1, b"xx"), 0.1)
    (event,) = events(host)
    assert isinstance(event, Violation)
    assert "STATUS" in event.what


any_frame = st.builds(
    encode_frame,
    st.sampled_from([*m.TABLE, 0x00, 0xFF]),
    st.integers(0, 65535),
    st.binary(max_size=60) | st.builds(lambda n: result(n).encode_body(), st.integers(0, 3)),
)


@settings(max_examples=200)
@given(st.lists(any_frame | st.binary(max_size=30), max_size=20))
def test_no_frames_of_a_board_make_the_host_raise(frames):
    host = greeted(window=2)
    for key in range(3):
        host.send_sample(key, bytes(64))
    now_s = 0.0
    for data in frames:
        host.receive_data(data, now_s)
        said(host, now_s)
        now_s += 0.3
        host.tick(now_s)
    scored = [event.key for event in events(host) if isinstance(event, ResultReceived)]
    assert len(scored) == len(set(scored))


@settings(max_examples=200)
@given(st.lists(any_frame | st.binary(max_size=30), max_size=20))
def test_no_frames_of_a_host_make_the_board_raise_or_hoard(frames):
    board = BoardConversation(HELLO)
    board.receive_data(frame(m.HelloRequest(m.PROTOCOL, 7)))
    for data in frames:
        board.receive_data(data)
        run = board.next_run()
        if run is not None and run.sample % 2:
            board.finish(run.sample, 0, 1, 0, b"abcd")
        assert len(board._slots) <= HELLO.slots
        assert len(board._kept) <= HELLO.slots
        board.data_to_send()


# -- the board ---------------------------------------------------------------------------------------------------------


def answers(board):
    return [m.decode(f.type, f.body) for f in FrameDecoder(4096).push(board.data_to_send())]


def serving():
    board = BoardConversation(HELLO)
    board.receive_data(frame(m.HelloRequest(m.PROTOCOL, 7)))
    assert answers(board) == [replace(HELLO, session=7)]
    return board


def chunk(sample, offset, seq):
    return frame(m.Chunk(sample, offset, 0, bytes([sample]) * 32), seq)


def test_chunks_in_any_order_and_more_than_once_make_one_sample():
    board = serving()
    board.receive_data(chunk(4, 32, 1) + chunk(4, 32, 2) + chunk(4, 0, 3))
    run = board.next_run()
    assert (run.sample, run.data) == (4, b"\x04" * 64)
    assert board.next_run() is None


def test_a_gap_makes_the_board_ask_for_what_lies_before_and_only_once():
    board = serving()
    board.receive_data(chunk(0, 32, 2))
    assert answers(board) == [m.Need(0, (0,))]
    board.receive_data(chunk(1, 0, 3))
    assert answers(board) == []
    board.receive_data(chunk(0, 0, 4))
    assert board.next_run().sample == 0


def test_a_kept_result_is_said_again_and_a_forgotten_one_is_unknown():
    board = serving()
    for sample in range(3):
        board.receive_data(chunk(sample, 0, 1 + 2 * sample) + chunk(sample, 32, 2 + 2 * sample))
        board.finish(board.next_run().sample, 0, 1, 0, b"abcd")
    assert [r.sample for r in answers(board)] == [0, 1, 2]
    board.receive_data(frame(m.ResultRequest(2), 7) + chunk(2, 0, 8) + frame(m.ResultRequest(0), 9))
    first, second, third = answers(board)
    assert first == second
    assert (first.sample, first.data) == (2, b"abcd")
    assert (third.code, third.seq) == (m.ErrorCode.UNKNOWN_SAMPLE, 9)


def test_a_new_session_empties_slots_and_forgets_results():
    board = serving()
    board.receive_data(chunk(0, 0, 1) + chunk(0, 32, 2))
    board.finish(board.next_run().sample, 0, 1, 0, b"abcd")
    board.receive_data(chunk(1, 0, 3) + frame(m.HelloRequest(m.PROTOCOL, 8)))
    answers(board)
    board.receive_data(frame(m.StatusRequest(), 1) + frame(m.ResultRequest(0), 2))
    status, error = answers(board)
    assert (status.session, status.slots) == (8, ())
    assert error.code == m.ErrorCode.UNKNOWN_SAMPLE


def test_a_stray_chunk_of_a_sample_long_over_cannot_take_a_slot_for_good():
    board = serving()
    board.receive_data(chunk(10, 0, 1))  # opened by a stray chunk, never completed
    board.receive_data(chunk(12, 0, 2) + chunk(13, 0, 3))
    board.receive_data(frame(m.StatusRequest(), 4))
    (status,) = answers(board)
    assert [slot.sample for slot in status.slots] == [12, 13]
    board.receive_data(chunk(9, 0, 5))
    assert [a.code for a in answers(board)] == [m.ErrorCode.UNKNOWN_SAMPLE]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (chunk(0, 0, 0), m.ErrorCode.NO_SESSION),
        (frame(m.ResultRequest(0)), m.ErrorCode.NO_SESSION),
        (frame(m.HelloRequest(9, 7)), m.ErrorCode.PROTOCOL),
        (encode_frame(0x55, 0), m.ErrorCode.UNKNOWN_TYPE),
        (encode_frame(0x88, 0), m.ErrorCode.UNKNOWN_TYPE),
        (encode_frame(0x01, 0, b"x"), m.ErrorCode.MALFORMED),
    ],
)
def test_a_board_without_session_says_what_is_wrong(data, code):
    board = BoardConversation(HELLO)
    board.receive_data(data)
    assert [answer.code for answer in answers(board)] == [code]


@pytest.mark.parametrize(
    "bad",
    [m.Chunk(0, 5, 0, bytes(32)), m.Chunk(0, 64, 0, b""), m.Chunk(0, 0, 0, bytes(31)), m.Chunk(0, 0, 7, bytes(32))],
)
def test_a_chunk_that_does_not_fit_is_refused(bad):
    board = serving()
    board.receive_data(frame(bad, 1))
    assert [answer.code for answer in answers(board)] == [m.ErrorCode.BAD_CHUNK]


def test_printing_is_cut_into_frames_that_every_host_takes_and_changes_nothing_for_the_host():
    board, host = BoardConversation(HELLO), greeted()
    before = host.state
    text = "é" * 700 + "\n"
    board.log(text)
    data = board.data_to_send()
    frames = FrameDecoder(512).push(data)  # what a host takes before HELLO has told more
    assert {f.type for f in frames} == {m.Log.TYPE}
    assert b"".join(f.body for f in frames).decode() == text
    host.receive_data(data, 0.1)
    assert (events(host), said(host), host.state) == ([], [], before)
    assert (host.counters.bad_rx, host.counters.stale) == (0, 0)
