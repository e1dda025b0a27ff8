"""The dialogue over pipes: echo, prompts and line ends as they were recorded."""

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.renode.console import CommandRefused, Console, NoAnswer, answer_of

ENDS = st.sampled_from(["\n\r", "\r\n", "\r\r\n", "\n"])
WORDS = st.text("abcdefx0123456789 .:", min_size=1, max_size=20).map(str.strip).filter(bool)


@given(st.lists(WORDS, max_size=4), ENDS, st.booleans())
def test_the_answer_is_what_stands_between_echo_and_prompt(lines, end, echo):
    command = "sysbus.cpu PC"
    dialogue = "".join(f"{line}{end}" for line in ([command] if echo else []) + lines) + "(dut) "
    assert answer_of(command, dialogue.encode()) == "\n".join(lines)


@pytest.fixture
def console():
    """A monitor whose other end is played by a list of answers, one a line that comes in."""
    to_renode, from_renode = os.pipe(), os.pipe()
    threads = []

    def play(*answers):
        def serve():
            os.write(from_renode[1], b"Renode\r\n(monitor) ")
            with os.fdopen(to_renode[0], "rb", closefd=False) as lines:
                for answer in answers:
                    lines.readline()
                    os.write(from_renode[1], answer)

        threads.append(threading.Thread(target=serve))
        threads[0].start()
        monitor = Console(to_renode[1], from_renode[0])
        monitor.greet(5.0, lambda: None)
        return monitor

    yield play
    for fd in (to_renode[1], from_renode[1]):
        os.close(fd)
    for thread in threads:
        thread.join(5.0)
    os.close(to_renode[0])
    os.close(from_renode[0])


def test_a_prompt_inside_the_echo_does_not_end_the_answer(console):
    monitor = console(b"(dut) sysbus.cpu PC\n\r0x8000401\r\r\n(dut) ")
    assert monitor.execute("sysbus.cpu PC", 5.0, lambda: None) == "0x8000401"


@pytest.mark.parametrize(
    "text", [b"No such command or device: x", b"There was an error executing command 'x'\r\nFile does not exist"]
)
def test_an_error_is_plain_text_and_is_noticed(console, text):
    monitor = console(b"x\r\n" + text + b"\r\n(monitor) ")
    with pytest.raises(CommandRefused) as caught:
        monitor.execute("x", 5.0, lambda: None)
    assert caught.value.where == "x"


def test_silence_ends_at_the_deadline(console):
    monitor = console(b"half an answer")
    with pytest.raises(NoAnswer, match="does not answer"):
        monitor.execute("x", 0.05, lambda: None)


def test_colours_are_no_part_of_an_answer(console):
    monitor = console(b"x\r\n\x1b[31m7\x1b[0m\r\n\x1b[33;1m(dut) \x1b[0m")
    assert "7" in monitor.execute("x", 5.0, lambda: None)


def test_a_command_without_an_end_is_only_complained_of_once_it_ends(console):
    monitor = console(b"serve\r\n", b"There was an error executing command 'serve'\r\n(dut) ")
    monitor.say("serve")
    assert monitor.complaint("serve") == ""
    os.write(monitor._in, b"\n")
    while not (told := monitor.complaint("serve")):
        pass
    assert "There was an error" in told
