"""Pictures of our own, read by what others wrote: an XML parser and an image library."""

import io
import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.image import imread

from harness.evidence.reports import _plots
from harness.evidence.reports._draw import Drawing, breadth, png, ticks


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 255))
def test_an_image_is_read_back_as_it_was(height: int, width: int, first: int) -> None:
    grey = (np.arange(height * width, dtype=np.int64) * 37 + first).astype(np.uint8).reshape(height, width)
    np.testing.assert_array_equal(np.round(imread(io.BytesIO(png(grey))) * 255), grey)


@example(low=-495215683.0, span=1e-05, at_most=2, whole=False)
@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 8), st.booleans())
def test_marks_lie_within_the_axis_apart_from_each_other_and_say_where(
    low: float, span: float, at_most: int, whole: bool
) -> None:
    marks = ticks(low, low + span, at_most, whole=whole)
    assert len(marks) <= at_most + 1
    near = 1e-6 * span + 4 * math.ulp(abs(low) + span)  # nearer no float64 comes
    assert all(low - near <= value <= low + span + near for value, _ in marks)
    assert len({words for _, words in marks}) == len(marks)
    assert not whole or all(value == int(value) for value, _ in marks)


@pytest.mark.parametrize("words", ["a<b", '"&amp;"', "</svg><script>", "日本", "a\u0301"])
def test_any_words_stay_words(words: str) -> None:
    drawing = Drawing(10, 10, words, words)
    drawing.text(1, 1, words)
    root = ElementTree.fromstring(drawing.svg())
    assert root.attrib["aria-label"] == words
    assert [element.text for element in root] == [words, f"{words}.", words]
    assert breadth(words) > 0


def boxes(svg: str) -> list[dict[str, float]]:
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")
    return [{key: float(box.attrib[key]) for key in ("x", "y", "width", "height")} for box in found]


def test_bars_are_as_long_as_what_they_stand_for_and_lie_within_the_picture() -> None:
    svg = _plots.layer_bars(["conv", "dense"], [300, 100], "instructions")
    first, second = boxes(svg)
    assert first["width"] == pytest.approx(3 * second["width"], rel=0.01)
    assert "75.0%" in svg
    values = np.repeat([1.0, 3.0, 5.0, 10.0], [10, 20, 5, 1])
    bars = [box for box in boxes(_plots.distribution(values, "cycles")) if box["height"]]
    assert [round(box["height"] / bars[0]["height"] * 10) for box in bars] == [10, 20, 5, 1]
    whole = ElementTree.fromstring(_plots.distribution(values, "cycles")).attrib["viewBox"].split()
    assert all(box["x"] + box["width"] <= float(whole[2]) + 0.1 and box["y"] >= 0 for box in bars)


def test_a_matrix_has_a_box_for_each_count_and_a_stray_one_can_be_seen() -> None:
    svg = _plots.confusion(((999, 1, 0), (0, 1000, 0)), ("yes", "no"))
    assert len(boxes(svg)) == 3
    assert svg.count(">1<") == 1
    assert 'fill="var(--bad)" fill-opacity="0.20"' in svg


def test_a_picture_of_a_sample_is_dark_where_its_values_are_high() -> None:
    import base64

    image = np.zeros((4, 5, 1), dtype=np.float32)
    image[1, 2], image[0, 0] = 3.0, np.nan
    uri = _plots.thumbnail(image)
    seen = imread(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert (seen[1, 2], seen[0, 0], seen[3, 4]) == (0, 1, 1)
    assert _plots.thumbnail(np.full((4, 4), np.nan, dtype=np.float32)) == ""
