"""What a sample is drawn as, by its shape."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest

from harness.evidence.comparison.pictures import Pictures, kind_of

RANDOM = np.random.default_rng(2)


def drawn(shape, sample_hz=0):
    sample = RANDOM.normal(size=shape).astype(np.float32)
    return str(Pictures({"<a>": sample}, sample_hz).picture("<a>"))


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ((8, 8, 1), "image"), ((96, 96, 3), "image"), ((28, 28), "image"), ((49, 40), "image"), ((16000,), "sound"),
        ((16000, 1), "sound"), ((1, 16000), "sound"), ((128, 6), "curves"), ((20, 20, 6), "curves"), ((64,), "curves"),
        ((1,), "none"), ((), "none"), ((2, 3, 4, 5), "none"),
    ],
)  # fmt: skip
def test_a_shape_says_how_it_is_drawn(shape, kind):
    assert kind_of(shape) == kind
    assert bool(drawn(shape)) is (kind != "none")


def test_a_large_colour_image_is_a_small_grey_one():
    assert drawn((640, 480, 3)).startswith('<img src="data:image/png;base64,')
    assert len(drawn((640, 480, 3))) < 10_000


def pixels(picture):
    """Rows of a grey PNG in an img."""
    png = base64.b64decode(picture.partition("base64,")[2].partition('"')[0])
    size = int.from_bytes(png[16:20], "big")
    content = zlib.decompress(png[png.index(b"IDAT") + 4 : png.index(b"IEND") - 8])
    return np.frombuffer(content, np.uint8).reshape(-1, size + 1)[:, 1:]


@pytest.mark.parametrize(("channels", "left", "right"), [(1, 255, 0), (3, 0, 255)])
def test_strokes_are_ink_and_photographs_are_no_negatives(channels, left, right):
    image = np.zeros((8, 8, channels), np.float32)
    image[:, 4:] = 1
    rows = pixels(str(Pictures({"a": image}).picture("a")))
    assert (rows[:, :4] == left).all()
    assert (rows[:, 4:] == right).all()


def test_a_sound_has_its_signal_its_spectrum_its_length_and_its_pitches():
    root = ET.fromstring(drawn((16000,), 16000))
    words = "".join(root.itertext())
    assert "Sound <a>" in words
    assert "1 s" in words
    assert "100 to 8000 Hz" in words
    assert [element.tag.partition("}")[2] for element in root if "image" in element.tag] == ["image"]
    assert "Hz" not in "".join(ET.fromstring(drawn((16000,))).itertext()), "a rate that nobody knows is not made up"


def test_a_motion_sensor_has_acceleration_and_turn_rate_apart_with_three_axes_each():
    root = ET.fromstring(drawn((20, 20, 6), 200))
    words = "".join(root.itertext())
    assert "acceleration" in words
    assert "turn rate" in words
    assert "2 s" in words, "a folded capture is 400 instants"
    curves = [path for path in root if path.get("fill") == "none"]
    assert len(curves) == 6
    assert sum(path.get("stroke-dasharray") is not None for path in curves) == 2


def test_a_flat_or_silent_sample_is_drawn_too():
    for shape in ((8, 8, 1), (16000,), (128, 6)):
        assert Pictures({"a": np.zeros(shape, np.float32)}, 0).picture("a")


def test_a_sample_that_is_not_there_has_no_picture():
    assert not Pictures(why_none="no plan").picture("a")
    assert Pictures().kind() == "none"
