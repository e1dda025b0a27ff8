"""Vowels in the air: rendered captures are the same everywhere, are of the size of real ones, and real ones are split once."""

import numpy as np
import pytest

from harness.data import DataMissing, load
from harness.data.datasets import _captures
from harness.data.synthetic import air_writing, generator
from harness.errors import PlanError

RAW = {"features": ""}


def test_a_rendered_capture_depends_on_its_seed_alone():
    who = air_writing.writer(generator("w"))
    first = air_writing.render("O", who, generator(1))
    air_writing.render("A", who, generator(2))
    np.testing.assert_array_equal(first, air_writing.render("O", who, generator(1)))
    assert not np.array_equal(first, air_writing.render("O", who, generator(3)))
    assert (first == np.round(first)).all()


def test_a_board_at_rest_reads_gravity_and_no_turning():
    still = air_writing.background(2000, generator("still"))
    assert np.linalg.norm(still[:, :3], axis=1).mean() == pytest.approx(1000, abs=30)
    assert np.abs(still[:, 3:].mean(axis=0)).max() < 10_000


def test_turning_the_hand_is_what_the_gyroscope_reads():
    # A quarter turn about z in one second: 90 000 mdps on the third axis alone, whatever the noise.
    angles = np.zeros((200, 3))
    angles[:, 2] = np.linspace(0, np.pi / 2, 200)
    read = air_writing._sensed(np.zeros((200, 3)), angles, generator("turn"))
    assert read[:, 5].mean() == pytest.approx(90_000, rel=0.02)
    assert np.abs(read[:, 3:5].mean(axis=0)).max() < 500


def test_writers_of_train_and_test_are_others_and_the_first_samples_are_of_all_letters():
    test = load("vowels", samples=10, options=RAW)
    assert test.name == "vowels-synthetic"
    assert [test.label(i) for i in range(5)] == list("AEIOU")
    train = load("vowels", "train", samples=10, options=RAW)
    assert test.groups is not None
    assert train.groups is not None
    assert not set(test.groups) & set(train.groups)


def test_features_are_scaled_by_sensor_and_laid_out_channels_last():
    raw, made = load("vowels", samples=1, options=RAW).inputs[0], load("vowels", samples=1).inputs[0]
    assert made.shape == (20, 20, 6)
    for part in (slice(0, 3), slice(3, 6)):
        low, high = raw[:, part].min(), raw[:, part].max()
        np.testing.assert_allclose(made.reshape(400, 6)[:, part], (raw[:, part] - low) / (high - low), atol=1e-6)
    other = load("vowels", samples=1, options={"features": {"name": "imu", "layout": "chw"}}).inputs[0]
    np.testing.assert_array_equal(np.moveaxis(other, 0, -1), made)


def test_the_real_captures_are_divided_so_that_none_is_in_both_parts(monkeypatch):
    try:
        test = load("vowels", options={"source": "captures"} | RAW)
    except DataMissing:
        pytest.skip("the captures are not on this machine")
    train = load("vowels", "train", options={"source": "captures"} | RAW)
    assert (len(test), len(train)) == (250, 750)
    assert not set(test.ids) & set(train.ids)
    assert not {x.tobytes() for x in test.inputs} & {x.tobytes() for x in train.inputs}
    assert np.bincount(test.labels).tolist() == [50] * 5
    # What the field note says of them: whole numbers, one glitch of 48,329 mg in all.
    every = np.concatenate((test.inputs, train.inputs))
    assert (every == np.round(every)).all()
    assert int((np.abs(every[..., :3]) > 4000).sum()) == 1


def test_without_the_captures_it_is_said_where_they_are_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("HIL_DATA_DIR", str(tmp_path))
    with pytest.raises(DataMissing, match="1000 captures") as missing:
        load("vowels", options={"source": "captures"})
    assert str(tmp_path) in str(missing.value)
    (tmp_path / "vowels-imu").mkdir()
    (tmp_path / "vowels-imu" / _captures.FILE).write_bytes(b"something else")
    with pytest.raises(PlanError, match="not the file that was published"):
        load("vowels", options={"source": "captures"})


def test_a_capture_that_is_no_capture_is_named_with_its_line():
    rows = ["1,2,3,4,5,6"] * 400
    with pytest.raises(PlanError, match="400 rows"):
        _captures._rows("\n".join(rows[:-1]).encode(), "x.csv")
    rows[6] = "1,2,3"
    with pytest.raises(PlanError) as wrong:
        _captures._rows("\n".join(rows).encode(), "x.csv")
    assert "x.csv:7" in str(wrong.value)
