import os

import pytest

from harness.errors import BenchError, MisuseError
from harness.session import wirelog
from harness.session.verbs import Session
from harness.session.wirelog import Piece, WireLog, read
from harness.testing.clock import ManualClock
from harness.testing.device import FakeDevice, hello_for
from harness.testing.link import MemoryTransport
from harness.wire.dump import dump


def test_what_moved_is_read_back_with_direction_and_time(tmp_path):
    log = WireLog(tmp_path / "new" / wirelog.FILENAME)
    log("tx", b"abc", 1.5)
    log("rx", bytes(70_000), 2.5)
    log.close()
    pieces = list(read(tmp_path / "new" / wirelog.FILENAME))
    assert pieces[0] == Piece(True, 1.5, b"abc")
    assert b"".join(piece.data for piece in pieces[1:]) == bytes(70_000)
    assert {(piece.to_board, piece.time_s) for piece in pieces[1:]} == {(False, 2.5)}


def test_a_log_that_was_cut_off_is_good_up_to_there(tmp_path):
    path = tmp_path / "wire.log"
    log = WireLog(path)
    log("tx", b"abc", 1.0)
    log("rx", b"defgh", 2.0)
    log.close()
    for cut in range(1, 16):
        path.write_bytes(path.read_bytes()[:-1])
        pieces = list(read(path))
        assert pieces[0] == Piece(True, 1.0, b"abc"), cut


def test_a_fifo_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "wire.log")
    with pytest.raises(MisuseError, match="cannot be read"):
        list(read(tmp_path / "wire.log"))


def test_a_file_that_is_no_log_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"something else")
    with pytest.raises(MisuseError, match="no wire log"):
        list(read(tmp_path / "x"))
    with pytest.raises(MisuseError, match="cannot be read"):
        list(read(tmp_path / "nowhere"))
    with pytest.raises(BenchError, match="cannot be written"):
        WireLog(tmp_path / "x" / "y")


def test_a_dump_of_a_session_names_every_message_and_counts_all_bytes(tmp_path):
    clock = ManualClock()
    log = WireLog(tmp_path / "wire.log")
    session = Session(MemoryTransport(FakeDevice(hello_for([64], [4]), lambda d: d[:4]), clock), clock, tap=log)
    session.hello()
    session.stream([bytes(range(64))] * 3)
    session.ping()
    log.close()
    lines = list(dump((p.to_board, p.time_s, p.data) for p in read(tmp_path / "wire.log")))
    text = "\n".join(lines)
    for word in (
        "-> ",
        "<- ",
        "HELLO_REQUEST protocol=2",
        "board=fake",
        "CHUNK sample=2 offset=0",
        "RESULT sample=2",
        "PONG",
    ):
        assert word in text
    counters = session.counters
    assert f"to the board: {counters.bytes_tx} B, {counters.frames_tx} frames, 0 bad" in text
    assert f"from the board: {counters.bytes_rx} B, {counters.frames_rx} frames, 0 bad" in text


def test_a_dump_tells_of_damage_nonsense_and_what_is_left():
    from harness.wire import messages as m
    from harness.wire.framing import encode_frame

    good = encode_frame(m.Need.TYPE, 3, m.Need(7, (0, 1024)).encode_body())
    slot = m.SlotStatus(9, m.SlotState.WAITING, (8,))
    status = m.Status(1, 2, 0, 0, 0, 0, 0, 0, 0, (slot,))
    pieces = [
        (False, 10.0, good[:5]),
        (False, 10.25, good[5:] + b"\x05\x00" + encode_frame(0x77, 0) + encode_frame(m.Need.TYPE, 0, b"x")),
        (False, 10.5, encode_frame(m.Status.TYPE, 4, status.encode_body())),
        (True, 11.0, good[:9]),
    ]
    lines = list(dump(pieces))
    assert lines[0].split() == ["0.250000", "<-", "3", "NEED", "sample=7", "offsets=[0,", "1024]"]
    assert "bad frame: cobs, 1 B" in lines[1]
    assert "unknown type 77" in lines[2]
    assert "NEED malformed" in lines[3]
    assert "sample 9 waiting lacks [8]" in lines[4]
    assert "a frame that did not end" in lines[5]
    assert lines[-1] == "1.000 s"
    assert list(dump([]))[-1] == "0.000 s"
