"""Recordings in folders, written by Python's ``wave`` and scipy; the real Speech Commands where they are."""

from __future__ import annotations

import os
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from harness.data import Dataset, load
from harness.errors import PlanError

TONE = np.array([0, 16384, -32768, 32767], np.int16)


@pytest.fixture
def read(tmp_path: Path):
    def read(**options: object) -> Dataset:
        return load("wav_folders", options={"path": ".", "order": "stored", **options}, folder=tmp_path)

    return read


@pytest.fixture
def put(tmp_path: Path):
    def put(name: str, values: np.ndarray, rate: int = 16000) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        wavfile.write(path, rate, values)
        return path

    return put


def by_wave(path: Path, channels: int = 1, width: int = 2, rate: int = 16000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(bytes(24 * channels * width))


def test_whole_numbers_and_floats_give_the_same_values(read, put) -> None:
    put("a/1.wav", TONE)
    put("a/2.wav", TONE.astype(np.float32) / 32768)
    got = read()
    np.testing.assert_array_equal(got.inputs, [TONE / np.float32(32768)] * 2)
    np.testing.assert_array_equal(read(values="int16").inputs, [TONE] * 2)
    assert list(got.ids) == ["a/1.wav", "a/2.wav"]


@pytest.mark.parametrize(
    ("rule", "short", "long"),
    [
        ("end", [1, 2, 0, 0, 0], [1, 2, 3, 4, 5]),
        ("start", [0, 0, 0, 1, 2], [2, 3, 4, 5, 6]),
        ("both", [0, 1, 2, 0, 0], [1, 2, 3, 4, 5]),
    ],
)
def test_a_short_and_a_long_one_are_made_fit_by_the_rule_that_is_named(read, put, rule: str, short, long) -> None:
    put("a/1.wav", np.array([1, 2], np.int16))
    put("a/2.wav", np.array([1, 2, 3, 4, 5, 6], np.int16))
    got = read(length=5, pad=rule, cut=rule, values="int16")
    assert got.inputs.tolist() == [short, long]
    for options, says in (({"cut": rule}, "too short"), ({"pad": rule}, "too long")):
        with pytest.raises(PlanError, match=says):
            read(length=5, **options)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"channels": 2}, "not mono"),
        ({"width": 1}, "whole numbers of 8 bits"),
        ({"width": 3}, "whole numbers of 24 bits"),
        ({"rate": 44100}, "44100 Hz"),
    ],
)
def test_another_kind_of_recording_is_refused_by_its_name(
    read, tmp_path: Path, wrong: dict[str, int], says: str
) -> None:
    by_wave(tmp_path / "a" / "1.wav")
    by_wave(tmp_path / "a" / "2.wav", **wrong)
    with pytest.raises(PlanError, match=says) as caught:
        read()
    assert caught.value.where.endswith("a/2.wav")


def test_the_rate_of_the_plan_is_asked_of_the_first_one_too(read, tmp_path: Path) -> None:
    by_wave(tmp_path / "a" / "1.wav")
    with pytest.raises(PlanError, match=r"8000 Hz\n.*16000 Hz"):
        read(rate=8000)


def test_what_stands_between_the_parts_of_a_file_is_passed_over(read, put) -> None:
    path = put("a/1.wav", TONE)
    raw = path.read_bytes()
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    path.write_bytes(raw[:12] + odd + raw[12:] + odd)
    np.testing.assert_array_equal(read(values="int16").inputs, [TONE])


def test_the_extensible_form_is_read(read, tmp_path: Path) -> None:
    guid = b"\1\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    head = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 16000, 32000, 2, 16, 22, 16, 4) + guid
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", 8) + TONE.tobytes()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    np.testing.assert_array_equal(read(values="int16").inputs, [TONE])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda raw: b"", "not a wav file"),
        (lambda raw: raw[:20], "not a whole wav file"),
        (lambda raw: raw[:-1], "cut short"),
        (lambda raw: raw.replace(b"fmt \x10\0\0\0\1\0", b"fmt \x10\0\0\0\7\0"), "mu-law"),
        (lambda raw: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git lfs pull"),
        (lambda raw: raw[:40] + bytes(4), "no whole number of samples"),
    ],
    ids=["empty", "head only", "a byte short", "mu-law", "lfs", "silent"],
)
def test_a_file_that_is_no_whole_recording_is_refused_by_its_name(read, put, change, says: str) -> None:
    path = put("a/1.wav", TONE)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(PlanError, match=says) as caught:
        read()
    assert caught.value.where == str(path)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 60), value=st.integers(0, 255), end=st.integers(0, 60))
def test_any_damaged_recording_is_one_or_an_error_of_the_plan(tmp_path_factory, at: int, value: int, end: int) -> None:
    folder = tmp_path_factory.mktemp("w")
    path = folder / "a" / "1.wav"
    by_wave(path)
    raw = bytearray(path.read_bytes())
    raw[at] = value
    path.write_bytes(bytes(raw[: len(raw) - end]))
    try:
        load("wav_folders", options={"path": "."}, folder=folder)
    except PlanError as error:
        told = str(error)
        assert str(path) in told


here = pytest.mark.skipif("HIL_DATA_DIR" not in os.environ, reason="HIL_DATA_DIR is not set: no Speech Commands")
COMMANDS = "speech-commands-v0.02"
MINI = "speech-commands-v0.01-mini/speech_commands_v0.01"


@here
def test_speech_commands_are_read_as_scipy_reads_them() -> None:
    folder = Path(os.environ["HIL_DATA_DIR"])
    options = {"path": COMMANDS, "rate": 16000, "length": 16000, "group_pattern": "([0-9a-f]{8})_nohash_"}
    options["ignore"] = ["_silence_"]
    got = load("wav_folders", options=options, folder=folder)
    assert (len(got), got.inputs.shape[1:]) == (470, (16000,))
    assert {name: int((got.labels == n).sum()) for n, name in enumerate(got.classes)} == {
        "_unknown_": 50, "down": 30, "left": 30, "no": 150, "right": 30, "up": 30, "yes": 150,
    }  # fmt: skip
    for index in (0, 200, 469):
        rate, values = wavfile.read(folder / COMMANDS / str(got.ids[index]))
        assert rate == 16000
        np.testing.assert_array_equal(got.inputs[index], values / np.float32(32768))


@here
def test_the_short_ones_of_speech_commands_are_refused_by_name_or_filled_up() -> None:
    folder = Path(os.environ["HIL_DATA_DIR"])
    options: dict[str, object] = {
        "path": MINI,
        "length": 16000,
        "classes": ["yes", "no", "unknown"],
        "others": "unknown",
    }
    with pytest.raises(PlanError, match=r"too short\n.*\.wav\n.*16000 values"):
        load("wav_folders", options=options, folder=folder)
    got = load("wav_folders", options={**options, "pad": "end"}, folder=folder)
    assert np.bincount(got.labels).tolist() == [10, 10, 280]
