"""What a firmware prints is found between the frames, whole or in pieces, and stands in serial.log with its time."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BenchError
from harness.session.console import Console
from harness.testing.clock import ManualClock
from harness.wire import messages as m
from harness.wire.framing import encode_frame


def result(seq, data=bytes(range(40))):
    return encode_frame(m.Result.TYPE, seq, m.Result(7, 0, 1, 99, 0x1234, len(data), 0, data).encode_body())


def log(text, seq=1):
    return encode_frame(m.Log.TYPE, seq, m.Log(text.encode()).encode_body())


def heard(data, pieces=None, path=None):
    console = Console(ManualClock(), path)
    for piece in pieces or [data]:
        console("rx", piece, 0.0)
    return console


def test_text_comes_from_log_frames_and_from_between_the_frames():
    data = (
        b"rom 1.2\r\n\0"
        + result(1)
        + log("x = 3\n", 2)
        + b"assert: y\n\0"
        + result(3)
        + log("part", 4)
        + log(" two\n", 5)
    )
    assert heard(data).lines == ("rom 1.2", "x = 3", "assert: y", "part two")


def test_a_line_is_known_before_a_delimiter_comes_and_one_without_an_end_behind_it():
    assert heard(b"booting\nlogin: ").lines == ("booting",)
    assert heard(b"booting\nlogin: \0").lines == ("booting", "login: ")


def test_text_right_before_a_frame_is_told_although_the_frame_is_lost():
    assert heard(b"oops\n" + result(1)).lines == ("oops",)


def test_damage_is_no_text_and_stands_in_the_file_escaped(tmp_path):
    damaged = bytearray(result(1))
    damaged[9] ^= 0x40
    console = heard(log("a") + bytes(damaged) + log("b\n"), path=tmp_path / "serial.log")
    console.close()
    assert console.lines == ("ab",)
    written = (tmp_path / "serial.log").read_text()
    assert written.isascii()
    first, damage, last = written.splitlines()
    assert (first[11:], last[11:]) == ("a", "b")
    assert "\\x82" in damage


def test_what_goes_to_the_board_is_not_what_it_prints():
    console = Console(ManualClock())
    console("tx", b"hello\n", 0.0)
    assert console.lines == ()


def test_each_line_has_its_time_and_control_characters_are_escapes(tmp_path):
    clock = ManualClock()
    console = Console(clock, tmp_path / "serial.log")
    clock.advance_s(1.5)
    console("rx", log("\x1b[1mone\r\ntw"), 0.0)
    clock.advance_s(0.25)
    console("rx", log("o\nlast"), 0.0)
    console.close()
    console.close()
    assert (tmp_path / "serial.log").read_text() == "     1.500 \\x1b[1mone\n     1.500 two\n     1.750 last\n"


def test_a_firmware_that_prints_nothing_leaves_no_file_and_an_old_one_does_not_stay(tmp_path):
    (tmp_path / "serial.log").write_text("of an earlier run\n")
    console = heard(result(1), path=tmp_path / "serial.log")
    console.close()
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_gone_on_with_keeps_what_was_printed_before(tmp_path):
    path = tmp_path / "serial.log"
    path.write_text("     0.000 before\n")
    console = Console(ManualClock(), path, go_on=True)
    console("rx", log("after\n"), 0.0)
    console.close()
    assert path.read_text() == "     0.000 before\n     0.000 after\n"


def test_find_goes_forward_match_by_match():
    console = heard(log("a=1\na=2\nb=3\n"))
    assert console.find(r"a=(\d)")[1] == "1"
    assert console.find(re.compile(r"a=(\d)"))[1] == "2"
    assert console.find(r"a=(\d)") is None
    assert list(console.unread()) == ["", "b=3"]


def test_a_firmware_that_prints_without_end_does_not_fill_the_memory():
    console = Console(ManualClock())
    for number in range(60):
        console("rx", log("x" * 60_000 + f"{number}\n"), 0.0)
    assert console.find("59\n")
    assert len(console.lines) < 30


def test_a_disk_that_refuses_is_the_rigs(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="the serial log cannot be written"):
        heard(log("x\n"), path=tmp_path / "file" / "serial.log")


LINES = st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30), max_size=5)


@given(LINES, st.binary(max_size=60), st.integers(1, 40))
def test_how_the_bytes_are_cut_changes_nothing(lines, body, step):
    data = b"".join(
        log(f"{line}\n", n) + result(n, body) + f"{line}\n".encode() + b"\0" for n, line in enumerate(lines)
    )
    whole = heard(data)
    assert heard(data, [data[at : at + step] for at in range(0, len(data), step)]).lines == whole.lines
    assert whole.lines == tuple(line for line in lines for _ in range(2))


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(data):
    console = heard(data)
    console.close()
    assert all("\x00" not in line for line in console.lines)
