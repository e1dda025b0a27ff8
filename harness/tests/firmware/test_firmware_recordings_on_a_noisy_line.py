"""A recording played over a line that damages bytes, to the board's real code: what it computes is what it would without."""

import ctypes
import struct
import subprocess
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_board import Board

from harness.build.compilers import host_compiler
from harness.paths import shipped
from harness.run.played.answers import split
from harness.session.stream import TOO_SLOW, Pace
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.link import Direction, MemoryTransport, Noise
from harness.wire.messages import Capability, HopDone

BAUD = 115_200
WINDOW, HOP, ROWS = 4, 2, 2
N_HOPS = 14


@pytest.fixture(scope="session")
def ears(tmp_path_factory):
    folder = shipped("firmware")
    out = tmp_path_factory.mktemp("ears") / "ears.so"
    sources = [path for path in (folder / "src").rglob("*.c") if path.name != "main.c"]
    sources += [folder / "frontend" / name for name in ("hil_stream.c", "hil_decide.c")]
    sources += [folder / "tests" / name for name in ("library.c", "fake_board.c", "ears/ears.c")]
    zig = dict(host_compiler(sanitize=False).cmake)["HIL_CC"]
    command = [zig, "cc", "-std=c99", "-O2", "-shared", "-fPIC", "-fno-sanitize=all", "-DHIL_SLOTS=3u", "-DHIL_STREAM"]
    command += ["-Wl,-Bsymbolic", "-o", out]  # else zlib's crc32, which Python has loaded, would stand in for ours
    command += [f"-I{folder / name}" for name in ("src", "tests/ears", "tests", "frontend")]
    subprocess.run([*command, *sources], check=True, capture_output=True, timeout=300)
    return ctypes.CDLL(str(out))


def hops(instants, recording=1):
    parts = instants.reshape(-1, HOP)
    return [struct.pack("<III", recording, at, 0) + part.astype("<i2").tobytes() for at, part in enumerate(parts)]


def row(window, before):
    return np.array([window[-1], window.astype(int).sum() + before]).astype("<u2").tobytes()


def expected(instants, began, hop):
    """(done, CRC-32 of window, of features) of a hop of a board that began with that one."""
    windows = hop - began - (WINDOW // HOP - 1)  # completed before this one
    if windows < 0:
        return 0, 0, 0
    window = instants[(hop + 1) * HOP - WINDOW : (hop + 1) * HOP].astype("<i2")
    heard = (np.abs(window.astype(int)) > 10).any()
    done = HopDone.WINDOW | (HopDone.NETWORK if windows >= ROWS - 1 and heard else 0)
    return done, zlib.crc32(window.tobytes()), zlib.crc32(row(window, windows))


def played(library, instants, *, noise=0.0, seed=0, window=None, compute_s=0.0, reset_at_bytes=None, pace=None):
    clock = ManualClock()
    board = Board(library, compute_s, reset_at_bytes)
    up = Direction(BAUD / 10, 0.001, Noise(noise, seed))
    down = Direction(BAUD / 10, 0.001, Noise(noise, seed + 1))
    session = Session(MemoryTransport(board, clock, up=up, down=down, baud=BAUD), clock, window=window)
    assert Capability.STREAM in Capability(session.hello().capabilities)
    return session, split(session.stream(hops(instants), pace=pace))


@settings(max_examples=100)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 1e-4, 1e-3, 3e-3]),
    window=st.sampled_from([1, 2, None]),
    compute_s=st.sampled_from([0.0, 0.003, 0.2]),
    reset_at_bytes=st.none() | st.integers(40, 900),
)
def test_each_hop_is_computed_in_its_order_whatever_the_line_does(ears, seed, noise, window, compute_s, reset_at_bytes):
    instants = np.random.default_rng(seed).integers(-30, 30, N_HOPS * HOP)
    options = {"noise": noise, "seed": seed, "window": window, "compute_s": compute_s, "reset_at_bytes": reset_at_bytes}
    _, (outcome, reports, there) = played(ears, instants, **options)
    assert outcome.lost == {}
    assert there.all()
    assert reports["hop"].tolist() == list(range(N_HOPS))
    began = reports["began"].tolist()
    for hop in range(N_HOPS):
        found = tuple(int(reports[name][hop]) for name in ("done", "window_crc", "features_crc"))
        assert found == expected(instants, began[hop], hop)
    if reset_at_bytes is None:
        assert set(began) == {0}
    # Nothing but a reset begins anew: where it was, and behind hops under way whose results had come before those of older ones.
    assert len(set(began)) <= 1 + 3 * len(outcome.resets)


def test_after_a_reset_the_hops_that_were_not_answered_find_a_board_that_begins_anew(ears):
    instants = np.arange(N_HOPS * HOP) + 20
    _, (outcome, reports, _) = played(ears, instants, reset_at_bytes=300)
    assert len(outcome.resets) == 1
    first, again = np.unique(reports["began"]).tolist()
    assert first == 0
    assert 0 < again < N_HOPS - 2
    assert reports["done"][again] == 0, "its window is not whole yet"
    assert (reports["done"][again + 2 :] == HopDone.WINDOW | HopDone.NETWORK).all()


def test_the_front_end_is_what_the_firmware_has_linked(ears):
    session, _ = played(ears, np.zeros(HOP, dtype=int))
    told = session.front_end()
    assert (told.name, told.sample_hz, told.window, told.hop, told.values, told.rows) == ("ears", 1, 4, 2, 2, 2)
    assert told.tables_sha256[:2] == b"\x7a\xb1"
    assert (told.row_dtype, told.n_stages, told.rule) == (16, 2, "most of 1")


def test_a_sensor_does_not_wait_for_a_board_that_is_too_slow(ears):
    instants = np.arange(N_HOPS * HOP) + 20
    _, (slow, reports, there) = played(ears, instants, compute_s=0.3, pace=Pace(0.1, 2))
    assert set(slow.lost.values()) == {TOO_SLOW}
    assert 0 < there.sum() < N_HOPS
    assert slow.wall_s >= N_HOPS * 0.1
    behind = int(np.flatnonzero(~there)[-1]) + 1
    assert behind == N_HOPS or reports["began"][behind] == behind, "a gap begins anew"
    _, (quick, reports, there) = played(ears, instants, compute_s=0.05, pace=Pace(0.1, 2))
    assert quick.lost == {}
    assert set(reports["began"]) == {0}
    assert quick.wall_s >= N_HOPS * 0.1, "no hop is sent before the sensor has it"
