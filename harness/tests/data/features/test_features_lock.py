"""The smart lock's MFCC against numbers that the published C gave."""

import hashlib

import numpy as np
import pytest

from harness.data import features
from harness.testing import clips

GOLDEN = clips.golden()["b_sensiml_mfcc"]


def sha256(values, dtype):
    return hashlib.sha256(np.ascontiguousarray(values, dtype).tobytes()).hexdigest()


@pytest.fixture(scope="module")
def lock():
    return features.load("lock_mfcc")


def test_the_tables_are_the_published_ones(lock):
    tables, known = lock.tables, GOLDEN["tables"]
    for name, dtype, theirs in (
        ("window", "<i2", "window_half_200_sha256_i16le"),
        ("weights", "<u2", "mel_weights_480_sha256_u16le"),
        ("cosines", "<i2", "dct_23x23_sha256_i16le"),
        ("sums_of_logarithms", "u1", "logadd_1598_sha256_u8"),
        ("sines", "<i2", "sine_384_sha256_i16le"),
    ):
        assert sha256(tables[name], dtype) == known[theirs], name
    for name, theirs in (
        ("firsts", "first_bin"),
        ("counts", "bins"),
        ("lifter", "lifter"),
        ("logarithms", "log2_64"),
    ):
        assert tables[name].tolist() == known[theirs], name


@pytest.mark.parametrize("name", GOLDEN["windows"])
def test_a_window_has_the_golden_shift_logarithms_and_coefficients(lock, name):
    known, stages = GOLDEN["windows"][name], lock.stages(clips.BY_NAME[name](400)[None])
    assert 6 - stages["shift"][0, 0] == known["left_shift"]
    assert stages["log"][0, 0].tolist() == known["log_mel_23"]
    assert stages["row"][0, 0].tolist() == known["mfcc20"]
    assert lock.levels(stages["row"])[0, 0].tolist() == known["u8"]


@pytest.mark.parametrize("name", GOLDEN["cascade_300_u8_first_15_windows"])
def test_fifteen_windows_are_300_values_the_oldest_first(lock, name):
    known = GOLDEN["cascade_300_u8_first_15_windows"][name]
    values = lock.compute(clips.BY_NAME[name](6000))
    assert values.shape == (20, 15, 1)
    assert sha256(values, "u1") == known["sha256"]
    assert values.reshape(-1)[:20].tolist() == known["first20"]


def test_no_window_hears_of_another(lock):
    clip = clips.loud(800)
    rows = lock.rows_of(clip)
    assert np.array_equal(rows[:, 1:], lock.rows_of(clip[:, 400:]))


def test_levels_are_held_at_both_ends(lock):
    assert lock.levels(np.array([-500_001, -500_000, 72_549, 499_999, 500_000, 2**31 - 1])).tolist() == [
        0,
        0,
        145,
        254,
        255,
        255,
    ]
