"""A firmware that takes its inputs or outputs for others fails, and the confusion is named; another fault is not explained away."""

import dataclasses

import numpy as np
import pytest
from fool_stage import Stage

from harness.data import load
from harness.data.encode import quantise
from harness.models import load_model, reference
from harness.records import Verdict

N = 60
GATES = ("accuracy >= 0.8", "agreement == 1", "lost_samples == 0")
VOWELS = {"name": "vowels", "samples": N}


@pytest.fixture
def stage(tmp_path, image, monkeypatch, run):
    return Stage(tmp_path, image, monkeypatch, run)


def channels_first(real):
    """The trap: 400 x 6 filled into 6 x 20 x 20 row by row, without transposing."""
    return np.moveaxis(real.reshape(-1, 6, 20, 20), 1, -1)


def played(stage, model, inputs=lambda x: x, raw=lambda x: x, outputs=lambda y: y):
    """The verdict on a board that changes what it reads or says."""
    known = load_model(model)
    real = np.ascontiguousarray(inputs(load("vowels", samples=N).inputs), dtype=np.float32)
    found = reference.load("litert").run(known.path, raw(quantise(real, known.inputs[0])))
    answers = outputs(found)
    return stage.fake(lambda _out, run: answers[run % N], model=model, data=VOWELS, gates=GATES)


@pytest.mark.parametrize(
    ("model", "change", "suspect", "words"),
    [
        ("vowels_int8", {"inputs": channels_first}, "layout", "channels first"),
        ("vowels_f32", {"inputs": channels_first}, "layout", "channels first"),
        ("vowels_int8", {"inputs": lambda x: np.moveaxis(x, -1, 1).reshape(x.shape)}, "layout", "channels last"),
        ("vowels_int8", {"outputs": lambda y: y[:, [1, 2, 0, 3, 4]]}, "class order", "E in the place of A"),
        ("vowels_f32", {"inputs": lambda x: x * 255}, "scale", "multiplied by 255"),
        ("vowels_int8", {"raw": lambda q: (q.view(np.uint8) ^ 0x80).view(np.int8)}, "signedness", "int8 taken for uint8"),
        ("vowels_int8", {"outputs": lambda y: (y.view(np.uint8) ^ 0x80).view(np.int8)}, "signedness", "of the outputs"),
    ],
)  # fmt: skip
def test_a_confusion_between_host_and_firmware_fails_and_is_named(stage, model, change, suspect, words):
    record = played(stage, model, **change).record
    assert record.verdict is Verdict.FAIL
    assert record.explanation is not None
    assert (record.explanation.of, record.explanation.suspect) == ("outputs", suspect)
    assert words in record.explanation.mistake
    assert record.explanation.after > 0.95
    assert any(f"suspect the {suspect} that the firmware assumes" in reason for reason in record.reasons)


def test_a_firmware_that_is_right_has_no_suspect(stage):
    record = played(stage, "vowels_int8").record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.explanation is None


def test_a_fault_that_is_no_confusion_is_not_explained_away(stage):
    random = np.random.default_rng(3)
    record = played(stage, "vowels_int8", outputs=lambda y: random.integers(-128, 127, y.shape).astype(np.int8)).record
    assert record.verdict is Verdict.FAIL
    assert record.explanation is not None
    assert (record.explanation.suspect, record.explanation.mistake) == ("", "")
    assert "none of" in record.explanation.describe()


@pytest.mark.parametrize(
    "change",
    [lambda y: np.broadcast_to(y[:1], y.shape), lambda y: y + (np.arange(len(y)) == 9)[:, None].astype(np.int8)],
)
def test_a_board_that_says_always_the_same_or_errs_once_has_no_suspect(stage, change):
    record = played(stage, "vowels_int8", outputs=change).record
    assert (record.verdict, record.explanation) == (Verdict.FAIL, None)


def test_data_in_the_wrong_layout_is_told_from_firmware(stage):
    data = load("vowels", samples=N)
    wrong = dataclasses.replace(data, inputs=np.ascontiguousarray(channels_first(data.inputs)))
    own = stage.own_data(wrong.inputs, wrong.labels, classes=np.array(data.classes))
    record = stage.fake(model="vowels_int8", data=own, gates=GATES).record
    assert record.verdict is Verdict.FAIL
    assert record.explanation is not None
    assert (record.explanation.of, record.explanation.suspect) == ("labels", "layout")
    assert "channels last" in record.explanation.mistake
