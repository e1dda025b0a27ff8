"""The scaling of captures, its two layouts, and the reshape that is neither."""

import hashlib

import numpy as np
import pytest

from harness.data import features
from harness.testing import clips

GOLDEN = clips.golden()["d_imu"]


@pytest.fixture(scope="module")
def channels_first():
    return features.load({"name": "imu", "layout": "chw"})


def test_the_golden_capture_is_met_to_the_last_bit(channels_first):
    image = channels_first.compute(clips.capture())
    assert image.shape == (6, 20, 20)
    assert hashlib.sha256(image.astype("<f4").tobytes()).hexdigest() == GOLDEN["float32_sha256_nchw_le"]
    assert np.allclose(image[:, 7, 11], GOLDEN["right_nchw[ch][7][11] = row 151"], atol=1e-7)
    ends = channels_first.stages(clips.capture()[None])["range"][0, 0]
    assert ends.tolist() == [end for pair in GOLDEN["min_max"] for end in pair]


def test_the_two_layouts_are_each_other_transposed_and_a_reshape_is_neither(channels_first):
    first, last = channels_first.compute(clips.capture()), features.load("imu").compute(clips.capture())
    assert last.shape == (20, 20, 6)
    assert np.array_equal(np.moveaxis(last, -1, 0), first)
    wrong = last.reshape(6, 20, 20)
    assert np.allclose(wrong[:, 7, 11], GOLDEN["wrong_rowmajor_reshape[ch][7][11]"], atol=1e-7)
    assert not np.allclose(wrong, first)


def test_a_sensor_at_rest_gives_zeros_and_no_warning():
    still = np.full((400, 6), 7, np.float32)
    still[:, 3:] = clips.capture()[:, 3:]
    image = features.load("imu").compute(still)
    assert not image[..., :3].any()
    assert image[..., 3:].max() == 1


def test_a_stream_s_windows_overlap_by_its_hop():
    stream = np.concatenate([clips.capture(), clips.capture()[::-1]])
    rows = features.load({"name": "imu", "hop": "100"}).rows_of(stream[None])[0]
    assert rows.shape == (5, 2400)
    assert np.array_equal(rows[2].reshape(20, 20, 6), features.load("imu").compute(stream[200:600]))
