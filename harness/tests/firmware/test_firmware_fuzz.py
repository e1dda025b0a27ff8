"""Runs firmware/tests/fuzz: a short coverage-guided run where clang has libFuzzer, and always the fixed sequence."""

import os
import shutil
import subprocess
import sys

import pytest

from harness.paths import shipped

RUN = shipped("firmware") / "tests" / "fuzz" / "run"
VECTORS = shipped("fixtures") / "wire" / "frames.txt"
NOT_INSTALLED = 3
GUIDED_SECONDS = 600 if os.environ.get("HIL_FULL") else 5
ROUNDS = 2000


def fuzz(*arguments, script=RUN):
    command = [sys.executable, str(script), *map(str, arguments), "--vectors", str(VECTORS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GUIDED_SECONDS + 280, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.timeout(GUIDED_SECONDS + 300)
def test_coverage_guided_inputs_find_nothing_in_decoder_encodings_and_server(tmp_path):
    status, output = fuzz(GUIDED_SECONDS, "--work", tmp_path)
    if status == NOT_INSTALLED:
        pytest.skip(output.strip().splitlines()[-1])
    assert status == 0, output[-4000:]
    assert output.count("stat::number_of_executed_units") == 4


def test_changed_vectors_find_nothing_in_decoder_encodings_and_server(tmp_path):
    status, output = fuzz("--random", ROUNDS, "--work", tmp_path)
    assert status == 0, output[-4000:]
    assert output.count(f"{ROUNDS} rounds from") == 4


def test_every_target_begins_with_the_vectors(tmp_path):
    status, output = fuzz("--random", 0, "--work", tmp_path)
    assert status == 0, output[-4000:]
    lines = [line for line in VECTORS.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    data = ("zero_runs", "fill_runs", "differences")
    for target, kinds in (("decoder", "stream"), ("encodings", data), ("server", "stream"), ("stream", "stream")):
        assert len(list((tmp_path / f"corpus_{target}").iterdir())) >= sum(x.startswith(kinds) for x in lines) > 10


@pytest.mark.parametrize(
    ("file", "sound", "spoilt"),
    [
        ("src/wire/runs.c", "if (run > n - at) {", "if (run > n) {"),
        ("src/wire/differences.c", "== packed;", ">= packed - 1u;"),
        ("src/wire/frame.c", "if (d->used == d->size) {", "if (d->used == d->size + 1u) {"),
    ],
)
def test_a_planted_overrun_is_found(tmp_path, file, sound, spoilt):
    if not any(map(shutil.which, ("gcc", "clang"))):
        pytest.skip("neither gcc nor clang is installed: zig has no address sanitizer, which alone sees an overrun")
    copy = tmp_path / "firmware"
    shutil.copytree(shipped("firmware"), copy)
    source = (copy / file).read_text(encoding="utf-8")
    assert source.count(sound) == 1
    (copy / file).write_text(source.replace(sound, spoilt), encoding="utf-8")
    status, output = fuzz("--random", ROUNDS, "--work", tmp_path / "work", script=copy / "tests" / "fuzz" / "run")
    assert status == 1, output[-4000:]
    assert "a finding in" in output
