"""What all front ends have in common."""

import numpy as np
import pytest

from harness.data import features
from harness.errors import PlanError
from harness.records import Tensor
from harness.testing import clips


def samples(front_end, instants):
    if front_end.channels == 1:
        return clips.loud(instants)[:2]
    return np.resize(clips.capture(), (2, instants, front_end.channels))


@pytest.mark.parametrize("name", features.names())
def test_a_front_end_keeps_its_contract(name):
    front_end = features.load(name)
    clip = samples(front_end, front_end.length_of(front_end.rows))
    rows = front_end.rows_of(clip)
    assert rows.shape == (2, front_end.rows, front_end.values)
    assert rows.dtype == front_end.row_dtype
    *_, (last, row) = front_end.stages(clip).items()
    assert last == "row"
    assert np.array_equal(row, rows)
    inputs = front_end.compute_all(clip)
    assert inputs.dtype == np.float32
    assert inputs.shape == (2, *front_end.input_shape)
    as_float = Tensor("in", (1, *front_end.input_shape), "float32")
    assert np.array_equal(front_end.encoded(rows, as_float).reshape(inputs.shape), inputs)
    assert front_end.encoded(rows, Tensor("in", as_float.shape, "int8", 0.05, -128)).dtype == np.int8
    assert front_end.rows_of(clip[:, : front_end.window - 1]).shape == (2, 0, front_end.values)
    assert len(front_end.tables_sha256) == 64


def test_the_hash_tells_settings_apart():
    specs = [
        "micro",
        {"name": "micro", "variant": "S"},
        {"name": "micro", "step_ms": 10},
        "imu",
        {"name": "imu", "layout": "chw"},
    ]
    assert len({features.load(spec).tables_sha256 for spec in specs}) == len(specs)


@pytest.mark.parametrize("spec", ["mikro", {"name": "micro", "variant": "M"}, {"name": "micro", "step": 20}, {}])
def test_what_does_not_exist_is_refused_with_what_does(spec):
    with pytest.raises(PlanError) as refused:
        features.load(spec)
    assert "expected" in str(refused.value)


def test_a_clip_of_another_length_is_refused_with_both_lengths():
    with pytest.raises(PlanError, match="15840 to 16159"):
        features.load("micro").compute(clips.zeros(15000))


def test_sound_from_minus_one_to_one_is_refused():
    with pytest.raises(PlanError, match="16-bit sound"):
        features.load("micro").compute(clips.noise(16000) / np.float32(32768))
    whole = clips.noise(16000)
    assert np.array_equal(
        features.load("micro").compute(whole.astype(np.float32)), features.load("micro").compute(whole)
    )


def test_captures_of_another_width_are_refused():
    with pytest.raises(PlanError, match="another shape"):
        features.load("imu").compute(np.zeros((400, 3), np.float32))


def test_a_network_reads_the_latest_rows_at_each_hop():
    rows = np.arange(12).reshape(6, 2)
    found = features.sliding(rows, 4)
    assert found.shape == (3, 4, 2)
    assert np.array_equal(found[1], rows[1:5])
    assert features.sliding(rows, 7).shape == (0, 7, 2)


def test_the_first_stage_that_differs_is_named():
    front_end = features.load("lock_mfcc")
    stages = front_end.stages(clips.noise(400)[None])
    other = {name: values.copy() for name, values in stages.items()}
    assert features.first_difference(stages, other) is None
    other["row"][0, 0, 3] += 1
    other["filters"][0, 0, 5:7] += np.uint64(1)
    assert features.first_difference(stages, other) == ("filters", 2)
