"""The form ``recording``: one long file, and what is said to happen in it."""

import struct
import wave

import numpy as np
import pytest

from harness.data import datasets
from harness.errors import PlanError


@pytest.fixture
def read(tmp_path):
    """``read(file, **options)``: of a folder with a sound of 10 s, a table of 10 s, and labels."""
    sound = np.arange(160_000, dtype=np.int16)
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    dumb = bytearray((tmp_path / "a.wav").read_bytes())
    dumb[24:28] = struct.pack("<I", 0)
    (tmp_path / "dumb.wav").write_bytes(dumb)
    (tmp_path / "a.csv").write_text("x,y\n" + "1,2\n" * 2000, encoding="utf-8")
    (tmp_path / "large.csv").write_text("x,y\n" + "1,2\n" * 3 + "1,1e39\n", encoding="utf-8")
    for name, text in {"whole": "1\t10.004\tA\n", "late": "9\t19\tA\n", "ms": "1000\t2000\tA\n"}.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")

    def made(path, **options):
        return datasets.load("recording", options={"path": path, **options}, folder=tmp_path)

    return made


def test_a_label_up_to_the_end_may_be_rounded(read):
    (event,) = read("a.wav", annotations="whole.txt").events
    assert (event.start_s, event.end_s, event.name) == (1, 10.004, "A")


@pytest.mark.parametrize(
    ("path", "options", "told", "where"),
    [
        ("a.wav", {"annotations": "late.txt"}, "ends behind the recording's end", "late.txt"),
        ("a.csv", {"annotations": "ms.txt", "rate": 200}, "ends behind the recording's end", "ms.txt"),
        ("dumb.wav", {"annotations": "whole.txt"}, "has no rate", "dumb.wav"),
        ("a.wav", {"columns": ("x",)}, "a .wav has no columns", "columns"),
        ("large.csv", {"rate": 200}, "a value is too large", "large.csv:5"),
        (".", {"rate": 200}, "the recording is a folder", ""),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_recording_with_its_labels_is_refused_with_a_next_step(read, path, options, told, where):
    with pytest.raises(PlanError, match=told) as refused:
        read(path, **options)
    assert (refused.value.where or "").endswith(where)
    assert refused.value.expected
    assert refused.value.next_step
