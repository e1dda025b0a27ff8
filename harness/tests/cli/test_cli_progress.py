"""What a person sees while ``hil run`` works, on a terminal, a narrow one, a dumb one, and none."""

import io
import os
import pty
import re
import subprocess
import sys

import pytest
from rich.console import Console

from harness.cli import progress
from harness.run.watch import Step, lines

STEPS = [Step("build"), Step("flash"), *(Step("stream", n / 100, f"{n}/100 samples") for n in range(101))]


@pytest.fixture
def shown(monkeypatch):
    """What is written to a terminal of that kind; escapes of the cursor left in."""

    def show(width, environment, *, terminal=True):
        for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        text = io.StringIO()
        make = lambda **rest: Console(**(rest | {"stderr": False}), file=text, force_terminal=terminal, width=width)  # noqa: E731
        monkeypatch.setattr(progress, "Console", make)
        with progress.shown("digits/nucleo_f446re/a_model_[bold]_name") as watch:
            for step in STEPS:
                watch(step)
        return text.getvalue()

    return show


def test_without_a_terminal_each_step_has_a_line_and_a_long_one_one_a_quarter(shown):
    told = shown(40, {}, terminal=False).splitlines()
    assert [line.rpartition("name: ")[2] for line in told] == [
        "build",
        "flash",
        "stream (0/100 samples)",
        "stream  25% (25/100 samples)",
        "stream  50% (50/100 samples)",
        "stream  75% (75/100 samples)",
        "stream 100% (100/100 samples)",
    ]


def test_a_dumb_terminal_gets_the_same_plain_lines(shown):
    told = shown(40, {"TERM": "dumb"})
    assert "\x1b" not in told
    assert len(told.splitlines()) == 7


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_on_a_terminal_one_line_is_rewritten_and_none_is_too_wide(shown, width):
    told = shown(width, {"TERM": "xterm"})
    assert "a_model_[bold]" in told or width < 80
    for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told)):
        assert len(line) <= width, line


def test_no_color_is_obeyed(shown):
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", shown(80, {"TERM": "xterm"}))
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown(80, {"TERM": "xterm", "NO_COLOR": "1"}))


def test_a_line_that_is_rewritten_gets_every_step():
    told = []
    watch = lines("x", told.append, every=0.0)
    for step in STEPS:
        watch(step)
    assert len(told) == len(STEPS)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run with standard error on a terminal: (standard output, what the terminal got)."""
    folder = tmp_path_factory.mktemp("run")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "harness", "run", "digits", "--board", "nucleo_f446re", "--backend", "virtual"]
    process = subprocess.Popen(
        [*command, "--samples", "20", "--report-dir", str(folder / "out")],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
        cwd=folder,
    )
    os.close(theirs)
    told = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # Linux's word for the end of a terminal
            break
        if not piece:
            break
        told += piece
    result = process.communicate(timeout=240)[0].decode()
    os.close(ours)
    return result, told.decode()


def test_standard_output_has_the_result_and_nothing_else(finished):
    result, told = finished
    assert result.startswith(("PASS", "FAIL", "INCONCLUSIVE")), result
    assert "\x1b" not in result
    assert "stream" in told
    assert "build" not in result.splitlines()[0]


@pytest.mark.parametrize(
    "arguments", ["boards", "units", "metrics", "model show digits_cnn_int8 --board nucleo_f446re", "doctor"]
)
def test_where_json_is_asked_for_standard_output_is_json(arguments, capsys):
    import json

    from harness.cli import main

    with pytest.raises(SystemExit):
        main([*arguments.split(), "--json"])
    json.loads(capsys.readouterr().out)
