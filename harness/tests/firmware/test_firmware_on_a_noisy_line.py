"""The host's session against the board's real server code, compiled into a library, over a line that damages
bytes."""

import ctypes
import subprocess
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_board import Board

from harness.build.compilers import host_compiler
from harness.errors import DeviceError
from harness.paths import shipped
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.link import Direction, MemoryTransport, Noise

BAUD = 115_200
INPUT_BYTES = 40
N_SAMPLES = 10


def library(out, *flags):
    folder = shipped("firmware")
    sources = [path for path in (folder / "src").rglob("*.c") if path.name != "main.c"]
    sources += [folder / "tests" / name for name in ("library.c", "fake_board.c", "sums/model.c")]
    zig = dict(host_compiler(sanitize=False).cmake)["HIL_CC"]
    command = [zig, "cc", "-std=c99", "-O2", "-shared", "-fPIC", "-fno-sanitize=all", "-DHIL_SLOTS=3u", *flags]
    command += ["-Wl,-Bsymbolic", "-o", out]  # else zlib's crc32, which Python has loaded, would stand in for ours
    command += [f"-I{folder / name}" for name in ("src", "tests", "tests/sums")]
    subprocess.run([*command, *sources], check=True, capture_output=True, timeout=300)
    return ctypes.CDLL(str(out))


@pytest.fixture(scope="session")
def firmware(tmp_path_factory):
    return library(tmp_path_factory.mktemp("firmware") / "firmware.so")


@pytest.fixture(scope="session")
def remembering(tmp_path_factory):
    """The same with an engine whose sums go on from run to run."""
    return library(tmp_path_factory.mktemp("remembering") / "remembering.so", "-DSUMS_REMEMBERS")


def sums(sample):
    values = np.frombuffer(sample, np.int8).astype(np.int32)
    return values[:10].sum(dtype=np.int32).tobytes() + values[10:].sum(dtype=np.int32).tobytes()


@settings(max_examples=200)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 1e-4, 1e-3, 3e-3]),
    window=st.sampled_from([1, 2, None]),
    compute_s=st.sampled_from([0.0, 0.003, 0.2]),
    reset_at_bytes=st.none() | st.integers(40, 900),
)
def test_each_sample_is_answered_once_and_rightly_whatever_the_line_does(
    firmware, seed, noise, window, compute_s, reset_at_bytes
):
    clock = ManualClock()
    board = Board(firmware, compute_s, reset_at_bytes)
    up = Direction(BAUD / 10, 0.001, Noise(noise, seed))
    down = Direction(BAUD / 10, 0.001, Noise(noise, seed + 1))
    session = Session(MemoryTransport(board, clock, up=up, down=down, baud=BAUD), clock, window=window)
    samples = [
        bytes((seed + 7 * i + at * at) % 256 if at % 3 else 0 for at in range(INPUT_BYTES)) for i in range(N_SAMPLES)
    ]
    session.hello()
    answers = []
    outcome = session.stream(samples, on_result=lambda index, _: answers.append(index))
    assert outcome.lost == {}
    assert sorted(answers) == list(range(N_SAMPLES))
    for result, sample in zip(outcome.results, samples, strict=True):
        assert result.outputs == sums(sample)
        assert result.input_crc == result.sent_crc == zlib.crc32(sample)
    if not noise and reset_at_bytes is None:
        assert (outcome.counters.resent, outcome.counters.frames_bad) == (0, 0)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 1e-4, 1e-3, 3e-3]),
    window=st.sampled_from([1, 2, None]),
    quiet=st.sampled_from([0, 4]),
    compute_s=st.sampled_from([0.0, 0.003, 0.2]),
    resets_at_bytes=st.lists(st.integers(40, 1200), max_size=2),
    follows=st.lists(st.booleans(), min_size=N_SAMPLES - 1, max_size=N_SAMPLES - 1),
)
def test_a_memory_goes_on_from_sample_to_sample_whatever_the_line_does_and_however_often_the_board_is_reset(
    remembering, seed, noise, window, quiet, compute_s, resets_at_bytes, follows
):
    clock = ManualClock()
    board = Board(remembering, compute_s, *resets_at_bytes)
    up = Direction(BAUD / 10, 0.001, Noise(noise, seed))
    down = Direction(BAUD / 10, 0.001, Noise(noise, seed + 1))
    session = Session(MemoryTransport(board, clock, up=up, down=down, baud=BAUD), clock, window=window)
    samples = [bytes((seed + 7 * i + at * at) % 256 for at in range(INPUT_BYTES)) for i in range(N_SAMPLES)]
    session.hello()
    answers = []
    outcome = session.stream(
        samples, on_result=lambda index, _: answers.append(index), quiet=quiet, follows=[False, *follows]
    )
    assert outcome.lost == {}
    assert sorted(answers) == list(range(N_SAMPLES))
    totals = np.zeros(2, np.int32)
    for result, sample, goes_on in zip(outcome.results, samples, [False, *follows], strict=True):
        totals = totals * goes_on + np.frombuffer(sums(sample), np.int32)
        assert result.outputs == totals.astype(np.int32).tobytes()
        assert result.status == 0
    if not outcome.resets:
        assert outcome.counters.replayed == 0


def test_a_board_without_a_memory_is_not_asked_to_keep_one(firmware):
    clock = ManualClock()
    session = Session(MemoryTransport(Board(firmware, 0.0), clock, baud=BAUD), clock)
    session.hello()
    with pytest.raises(DeviceError, match="keeps no memory") as caught:
        session.stream([bytes(INPUT_BYTES)] * 2, follows=[False, True])
    assert "reset: each sample" in caught.value.next_step


def test_ping_status_and_fault_are_answered(firmware):
    clock = ManualClock()
    session = Session(MemoryTransport(Board(firmware, 0.0), clock, baud=BAUD), clock)
    session.hello()
    assert session.ping(bytes(range(256))) >= 0.0
    status = session.status()
    assert (status.frames_bad, status.stack_bytes, status.stack_size) == (0, 123, 456)
    assert session.fault() is None
