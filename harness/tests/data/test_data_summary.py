"""What is said of a dataset: counts, range, groups, samples that occur twice, and samples as characters."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harness.data import Dataset, load
from harness.data.preview import ASCII_BARS, BARS, SHADES, is_image, preview
from harness.data.summary import summary


def data(values: list[list[float]], labels: list[int], *, name: str = "s", groups: list[str] | None = None) -> Dataset:
    return Dataset(
        name=name,
        split="test",
        classes=("a", "b", "c"),
        ids=np.array([f"{name}{i}" for i in range(len(labels))]),
        labels=np.array(labels, np.int64),
        inputs=np.array(values, np.float32),
        groups=np.array(groups) if groups else None,
    )


def test_counts_range_and_groups_are_of_all_samples() -> None:
    got = summary(data([[0, 1], [2, 3], [4, 5], [6, 7]], [1, 1, 0, 1], groups=["x", "y", "x", "x"]), {})
    assert got.counts == (("a", 1), ("b", 3), ("c", 0))
    assert (got.n, got.shape, got.low, got.high, got.mean) == (4, (2,), 0.0, 7.0, 3.5)
    assert got.deviation == pytest.approx(np.std(np.arange(8)))
    assert got.groups is not None
    assert (got.groups.count, got.groups.smallest, got.groups.largest) == (2, 1, 3)


def test_samples_that_occur_twice_are_counted_here_with_other_labels_and_in_other_splits() -> None:
    here = data([[1, 1], [2, 2], [1, 1], [1, 1]], [0, 0, 0, 1])
    there = data([[9, 9], [2, 2], [2, 2]], [0, 0, 0], name="t")
    got = summary(here, {"train": there})
    assert (got.twice.count, got.twice.examples) == (2, (("s0", "s2"), ("s0", "s3")))
    assert (got.disputed.count, got.disputed.examples) == (1, (("s0", "s3"),))
    assert (got.shared["train"].count, got.shared["train"].examples) == (1, (("s1", "t1"),))


def test_three_samples_are_shown_of_different_classes_where_there_are_so_many() -> None:
    values = [[float(n)] for n in range(6)]
    assert summary(data(values, [0, 0, 1, 0, 2, 2]), {}).shown == (0, 2, 4)
    assert summary(data(values, [0, 0, 0, 0, 1, 1]), {}).shown == (0, 1, 4)
    assert summary(data(values[:2], [0, 0]), {}).shown == (0, 1)


@pytest.mark.parametrize(
    ("shape", "image"),
    [
        ((8, 8, 1), True),
        ((28, 28), True),
        ((49, 40, 1), True),
        ((32, 32, 3), True),
        ((400, 6), False),
        ((128, 9), False),
        ((16000,), False),
        ((1, 8, 1), False),
    ],
)
def test_what_has_two_long_axes_is_an_image(shape: tuple[int, ...], image: bool) -> None:
    assert is_image(shape) is image


def test_an_image_is_drawn_where_it_is_bright() -> None:
    image = np.zeros((8, 8, 1), np.float32)
    image[0, 0] = 1.0
    lines = preview(image)
    assert lines[0] == "@@" + 14 * " "
    assert set("".join(lines[1:])) == {" "}


def test_a_peak_of_one_value_is_seen_in_a_long_signal() -> None:
    signal = np.zeros(16000, np.float32)
    signal[8000] = 1.0
    assert preview(signal, 60) == [BARS[0] * 30 + BARS[-1] + BARS[0] * 29]
    assert preview(signal, 60, ascii_only=True)[0].isascii()


def test_of_a_signal_of_many_channels_three_are_drawn() -> None:
    rising = np.stack([np.arange(16), -np.arange(16), np.zeros(16), np.ones(16)], axis=1).astype(np.float32)
    assert [line[0] + line[-1] for line in preview(rising)] == [BARS[0] + BARS[-1], BARS[-1] + BARS[0], BARS[0] * 2]


floats = st.floats(-(2.0**99), 2.0**99, width=32)


@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=4, max_side=40), elements=floats), st.booleans())
def test_any_sample_is_drawn_within_its_columns(sample: np.ndarray, ascii_only: bool) -> None:
    lines = preview(sample, 70, ascii_only=ascii_only)
    assert 1 <= len(lines) <= 14
    assert max(map(len, lines)) <= 70
    assert set("".join(lines)) <= set(SHADES) | set(ASCII_BARS if ascii_only else BARS)


@pytest.mark.skipif("HIL_DATA_DIR" not in os.environ, reason="HIL_DATA_DIR is not set: no Speech Commands")
def test_the_identical_files_of_speech_commands_are_found() -> None:
    """520 recordings, of which md5sum finds 7 that are another one."""
    options = {"path": "speech-commands-v0.02", "rate": 16000, "length": 16000}
    got = summary(load("wav_folders", options=options, folder=Path(os.environ["HIL_DATA_DIR"])), {})
    assert (got.n, got.twice.count) == (520, 7)
