"""A recording played over a line that damages bytes, to the board's real code: what it computes is what it would without."""

import struct
import zlib

import ears_twin as twin
import numpy as np
import pytest
from ears_twin import library
from hypothesis import given, settings
from hypothesis import strategies as st
from library_board import Board

from harness.run.played import parity, simulate
from harness.run.played.answers import split
from harness.run.played.score import _smoothed
from harness.run.played.stages import first_stage
from harness.session.stream import TOO_SLOW, Pace
from harness.session.verbs import Session
from harness.testing.clock import ManualClock
from harness.testing.link import Direction, MemoryTransport, Noise
from harness.verdict.alike import alike
from harness.wire.messages import Capability, HopDone

BAUD = 115_200
WINDOW, HOP, ROWS = 4, 2, 2
N_HOPS = 14


@pytest.fixture(scope="session")
def ears(tmp_path_factory):
    return library(tmp_path_factory.mktemp("ears") / "ears.so")


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


def played(ears, instants, *, noise=0.0, seed=0, window=None, compute_s=0.0, reset_at_bytes=None, pace=None):
    clock = ManualClock()
    board = Board(ears, compute_s, reset_at_bytes)
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


def recorded(seed, hops=60, recordings=1):
    """Silence and sound in turns, whose last samples of hops are classes now and then."""
    draw = np.random.default_rng(seed)
    instants = draw.integers(-200, 200, (recordings, hops, HOP)) * draw.integers(0, 2, (recordings, hops, 1))
    instants[..., 1] = np.where(draw.random((recordings, hops)) < 0.6, draw.integers(0, 3), instants[..., 1])
    return instants.reshape(recordings, -1)


def compared(ears, seed, front_end=None, recordings=1, **options):
    """A recording played to the board's code, and the host's own making of it: session, what is played, parity."""
    what = twin.playing(recorded(seed, recordings=recordings), front_end)
    clock = ManualClock()
    line = [Direction(BAUD / 10, 0.001, Noise(options.get("noise", 0.0), seed + k)) for k in (0, 1)]
    board = Board(ears, 0.0, options.get("reset_at_bytes"))
    session = Session(MemoryTransport(board, clock, up=line[0], down=line[1], baud=BAUD), clock)
    session.hello()
    streamed, reports, there = split(session.stream(what.payloads()))
    outputs = np.array([np.frombuffer(result.outputs, np.int8) for result in streamed.results])
    made = simulate.simulate(what, twin.MODEL, twin.network, reports, there)
    smoothed = _smoothed(what, twin.MODEL, reports, outputs, there)
    return session, what, reports, parity.compare(reports, outputs, there, made, smoothed, alike)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 1e-3]),
    reset_at_bytes=st.none() | st.integers(200, 3000),
    recordings=st.integers(1, 3),
)
def test_the_host_makes_the_same_of_every_hop(ears, seed, noise, reset_at_bytes, recordings):
    _, _, reports, found = compared(ears, seed, recordings=recordings, noise=noise, reset_at_bytes=reset_at_bytes)
    assert found.first is None, {name: np.flatnonzero(~equal) for name, equal in found.equal.items()}
    assert (reports["done"] & HopDone.NETWORK != 0).any()
    assert recordings == len(set(reports["recording"]))
    assert all((reports["began"][reports["hop"] == 0]) == 0), "each recording finds a board that begins anew"


@pytest.mark.parametrize(("wrong", "stage"), [({"before": 1}, "before"), ({"row": 1}, "row")])
def test_the_stage_that_differs_first_is_found_by_playing_it_again(ears, wrong, stage):
    session, what, reports, found = compared(ears, 3, twin.Ears(**wrong))
    if stage == "row":
        assert found.first == (1, "features"), "the first window"
    told = first_stage(session, what, 20, int(reports["began"][20]))
    assert told == f"its stage {stage!r} is the first that differs"
    assert session.stream(what.payloads()[:3]).lost == {}, "the session is as before"


def test_what_is_equal_when_it_is_played_again_is_said_to_be(ears):
    session, what, _, _ = compared(ears, 3)
    assert first_stage(session, what, 20, 0) == "played again it does not differ"


@pytest.mark.parametrize("stage", parity.STAGES)
def test_each_stage_that_differs_is_named(ears, stage):
    _, what, reports, _ = compared(ears, 5)
    there = np.ones(len(reports), dtype=bool)
    made = simulate.simulate(what, twin.MODEL, twin.network, reports, there)
    outputs = made.outputs.copy()
    ran = int(np.flatnonzero(reports["done"] & HopDone.NETWORK)[2])
    field = {"ring": "window_crc", "features": "features_crc", "input": "input_crc", "smoothing": "score"}
    if stage == "network":
        outputs[ran, 0] ^= 1
    else:
        reports[field[stage]][ran] += 1
    smoothed = _smoothed(what, twin.MODEL, reports, made.outputs, there)
    assert parity.compare(reports, outputs, there, made, smoothed, alike).first == (ran, stage)


def test_a_run_that_is_gone_on_with_begins_anew_where_it_goes_on(ears):
    what = twin.playing(recorded(8))
    session = Session(MemoryTransport(Board(ears, 0.0, None), clock := ManualClock(), baud=BAUD), clock)
    session.hello()
    session.stream(what.payloads()[:10])
    session.hello()
    _, reports, there = split(session.stream(what.payloads()[10:]))
    assert there.all()
    assert set(reports["began"]) == {10}
