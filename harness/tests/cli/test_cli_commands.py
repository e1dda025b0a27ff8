"""The command line, called as a user does."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

BOARD = "nucleo_f446re"


def hil(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "harness", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"COLUMNS": "140"} | environment,
        stdin=subprocess.DEVNULL,
    )


def test_boards_are_listed_for_people_and_for_programs():
    assert BOARD in hil("boards").stdout
    (board,) = [b for b in json.loads(hil("boards", "--json").stdout) if b["name"] == BOARD]
    assert board["memory"]["flash_bytes"] == 512 * 1024


def test_doctor_is_healthy_where_the_tests_run_and_every_lack_has_a_next_step():
    done = hil("doctor", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, [f for f in told["findings"] if f["needed"] and f["state"] != "ok"]
    assert told["healthy"]
    areas = {finding["area"] for finding in told["findings"]}
    assert areas >= {"host", "packages", "compilers", "debug", "probes", "ports", "emulators", "data"}
    assert "Unicorn" in hil("doctor").stdout


def test_build_then_run_with_that_image(tmp_path):
    elf = tmp_path / "fw.elf"
    built = hil("build", "digits", "--board", BOARD, "-o", elf)
    assert built.returncode == 0, built.stderr
    assert "of 524288 bytes" in built.stdout
    # Shortened, the shipped plan passes no gate with confidence: not enough evidence, and every output says so.
    done = hil("run", "digits", "--board", BOARD, "--firmware", elf, "--samples", 30, "--report-dir", tmp_path / "out")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "30 of 450 samples" in done.stdout
    folder = tmp_path / "out" / "digits" / BOARD / "digits_cnn_int8"
    record = json.loads((folder / "record.json").read_text())
    assert (record["verdict"], record["dataset"]["n"], record["dataset"]["planned"]) == ("inconclusive", 30, 450)
    for name in ("junit.xml", "summary.md", "report.html"):
        assert "30 of 450 samples" in (folder / name).read_text()
    done = hil("run", "digits", "--board", BOARD, "--firmware", elf, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_flash_programs_reads_back_and_says_how_much(tmp_path):
    elf = tmp_path / "fw.elf"
    assert hil("build", "digits", "--board", BOARD, "-o", elf).returncode == 0
    done = hil("flash", elf, "--board", BOARD, "--backend", "virtual")
    assert done.returncode == 0, done.stderr
    assert "all read back" in done.stdout
    assert re.search(r"it answers on /dev/pts/\d+, chip [0-9a-f]{24}", done.stdout)


def test_an_image_of_another_board_is_not_flashed(tmp_path):
    elf = tmp_path / "fw.elf"
    assert hil("build", "digits", "--board", "steval_stwinkt1", "-o", elf).returncode == 0
    done = hil("flash", elf, "--board", BOARD, "--backend", "virtual")
    assert done.returncode == 3
    assert "built for another board" in done.stderr
    assert f"expected: {BOARD}" in done.stderr
    assert "found:    steval_stwinkt1" in done.stderr
    assert "read back" not in done.stdout


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_of_boards_tells_every_name_in_full_on_a_narrow_terminal(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    done = hil("boards")
    for word in ("nucleo_f446re", "steval_stwinkt1", "cy8cproto_062_4343w", "STM32F446RE", "CY8C624ABZI-S2D44"):
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= width


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("run", "digits", "--board", "nowhere"), 3, "no board is named 'nowhere'"),
        (("run", "nothing", "--board", BOARD), 3, "there is no plan 'nothing'"),
        (("run", "nothing.yaml", "--board", BOARD), 3, "or one of: digits, "),
        (("run", "digits", "--board", BOARD, "--backend", "seventh"), 3, "one of: auto, probe, "),
        (("run", "digits", "--board", BOARD, "--backend", "probe"), 2, "no nucleo_f446re is attached"),
        (("run", "digits", "--board", BOARD, "--model", "mnist_f446_int8"), 3, "the plan does not have this model"),
        (("run", "digits"), 3, "--board"),
        (("run", "digits", "--board", BOARD, "--firmware", "none.elf"), 3, "no such firmware image"),
        (("flash", "none.elf", "--board", BOARD), 3, "none.elf"),
        (("no-such-command",), 3, "no-such-command"),
    ],
)
def test_each_mistake_has_its_exit_status_and_says_what_is_wrong(arguments, status, words, tmp_path):
    done = hil(*arguments, cwd=tmp_path)
    assert words in " ".join((done.stdout + done.stderr).split())
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_a_failing_gate_exits_with_1(tmp_path):
    from harness.paths import shipped

    plan = tmp_path / "strict.yaml"
    plan.write_text((shipped("testplans") / "digits.yaml").read_text().replace("accuracy >= 0.95", "accuracy <= 0.125"))
    assert hil("run", plan, "--board", BOARD, "--samples", 30, cwd=tmp_path).returncode == 1


def test_an_inconclusive_run_exits_with_4(tmp_path):
    from harness.paths import shipped

    plan = tmp_path / "silicon.yaml"
    text = (shipped("testplans") / "digits.yaml").read_text()
    plan.write_text(text.replace("accuracy >= 0.95", "latency_us.p50 <= 1000 needs hardware"))
    assert hil("run", plan, "--board", BOARD, "--samples", 30, cwd=tmp_path).returncode == 4


def test_a_virtual_board_is_kept_until_it_is_ended_and_units_shows_it():
    kept = subprocess.Popen(
        [sys.executable, "-m", "harness", "virtual", "--board", BOARD], stdout=subprocess.PIPE, text=True
    )
    try:
        lines = [kept.stdout.readline() for _ in range(3)]
        uid = lines[1].split()[1]
        (unit,) = [u for u in json.loads(hil("units", "--json").stdout) if u["uid"] == uid]
        assert (unit["board"], unit["backend"]) == (BOARD, "virtual")
    finally:
        kept.send_signal(signal.SIGTERM)
        kept.communicate(timeout=30)
    assert kept.returncode == 0
    assert uid not in hil("units", "--json").stdout


def test_the_link_is_measured_beside_a_peer_and_told_to_programs(tmp_path):
    one_cell = ("--baud", 921600, "--adapter", 16, "--payload", 784, "--inference", 0)
    one_cell += ("--protocol", "ours,mlperf", "--protocol", "kenning", "--protocol", "ours")
    files = ("--json", tmp_path / "cells.json", "--plot", tmp_path / "plot.svg")
    done = hil("bench-link", "--quick", *one_cell, *files)
    assert done.returncode == 0, done.stderr
    ours, mlperf, kenning = json.loads((tmp_path / "cells.json").read_text(encoding="utf-8"))
    assert [cell["protocol"] for cell in (ours, mlperf, kenning)] == ["ours", "mlperf", "kenning"]
    assert ours["samples_per_s"] > 10 * mlperf["samples_per_s"]
    assert (tmp_path / "plot.svg").stat().st_size > 1000


@pytest.mark.parametrize("wrong", [("--protocol", "kermit"), ("--baud", "fast"), ("--baud", "9600.5")])
def test_a_bench_that_cannot_be_is_a_mistake_of_the_command_line(wrong, tmp_path):
    done = hil("bench-link", *wrong, cwd=tmp_path)
    assert done.returncode == 3
    assert "hil:" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux alone")
def test_a_path_that_is_no_utf8_reaches_the_terminal_harmlessly(tmp_path):
    elf = os.fsencode(tmp_path) + b"/odd\xff\x1b[31m.elf"
    done = subprocess.run(
        [sys.executable, "-m", "harness", "build", "digits", "--board", BOARD, "-o", elf],
        capture_output=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert b"odd" in done.stdout
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", os.fsencode(tmp_path) + b"/\xff\x1b[31m.yaml", "--board", BOARD],
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert b"\x1b" not in done.stderr
    assert b"Traceback" not in done.stderr
