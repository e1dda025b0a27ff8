"""Each usual mistake, made on real data, is found on the host; what is none is not explained away."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import several_models

from harness.clock import SystemClock
from harness.data import Dataset, load
from harness.findings import Explanation
from harness.models.metadata import load_model
from harness.plans import Plan, expand
from harness.records import GateResult, Measurement, Tensor, Verdict
from harness.run import mistakes
from harness.run.explain import explain, is_wanted
from harness.run.workload import make_workload
from harness.testing.clock import ManualClock
from harness.verdict import Assessment

PLAN = Plan.model_validate({"name": "p", "boards": ("b",), "models": ("m",), "dataset": {"name": "digits"}})
(CASE,) = expand(PLAN, boards=["b"])
Change = Callable[[np.ndarray], np.ndarray]
INT8 = "digits_cnn_int8"
IMAGE = Tensor("image", (1, 8, 8, 1), "int8", 1 / 255, -128)


class Jumping(ManualClock):
    """Each look at it is so many seconds later."""

    def __init__(self, step_s: float) -> None:
        super().__init__()
        self._step_s = step_s

    def monotonic_s(self) -> float:
        self.advance_s(self._step_s)
        return super().monotonic_s()


def explained(
    data: Dataset, model: str = INT8, clock: ManualClock | SystemClock | None = None
) -> tuple[Explanation | None, str]:
    known = load_model(model)
    return explain(CASE, known, make_workload(known, data, "litert"), clock or SystemClock())


def digits(inputs: Change = lambda x: x, labels: Change = lambda y: y) -> Dataset:
    data = load("digits", samples=200)
    x = np.ascontiguousarray(inputs(data.inputs), dtype=np.float32)
    return dataclasses.replace(data, inputs=x, labels=labels(data.labels).astype(np.int64))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda x: x.swapaxes(1, 2), "the axes swapped"),
        (lambda x: np.rot90(x, 1, (1, 2)), "turned right"),
        (lambda x: x[:, :, ::-1], "mirrored"),
        (lambda x: x[:, ::-1], "upside down"),
        (lambda x: 1 - x, "inverted"),
        (lambda x: x * 16, "multiplied by 1/16"),
        (lambda x: x * 255, "multiplied by 1/255"),
        (lambda x: x / 255, "multiplied by 255"),
        (lambda x: x - 128 / 255, "128 steps added"),
        (lambda x: 2 * x - 1, r"(x + 1) / 2"),
        (lambda x: np.round(x * 255) - 128, "already quantised"),
    ],
)  # fmt: skip
def test_a_mistake_of_layout_or_scale_is_found(made: Change, words: str) -> None:
    found, _ = explained(digits(inputs=made))
    assert found is not None
    assert words in found.mistake
    assert found.after > 0.95
    assert found.before < 0.92
    assert f"with {found.mistake} it scores {found.after:.1%}" in found.describe()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda y: 9 - y, "reverse order"),
        (lambda y: (y + 1) % 10, "counted from 1"),
        (lambda y: np.random.default_rng(3).permutation(10)[y], "another order (0 is "),
    ],
)
def test_a_mistake_in_the_order_of_the_classes_is_found(made: Change, words: str) -> None:
    found, _ = explained(digits(labels=made))
    assert found is not None
    assert words in found.mistake
    assert (found.before, found.after > 0.9) == (0.0, True)


@pytest.mark.parametrize(
    "data",
    [
        digits(inputs=lambda x: np.random.default_rng(1).random(x.shape)),
        digits(labels=lambda y: np.random.default_rng(2).integers(0, 10, len(y))),
        digits(),
    ],
    ids=["noise", "labels by chance", "right"],
)
def test_what_no_mistake_explains_is_not_explained(data: Dataset) -> None:
    found, _ = explained(data)
    assert found is not None
    assert (found.mistake, found.before) == ("", found.after)
    assert found.tried > 20
    assert "none of" in found.describe()
    assert found.describe().endswith("beyond chance"), "on few samples a right guess may be no more than that"


def test_a_slow_model_is_tried_on_fewer_samples_and_a_very_slow_one_not_at_all() -> None:
    mirrored = digits(inputs=lambda x: x[:, :, ::-1])
    found, _ = explained(mirrored, clock=Jumping(0.05))
    assert found is not None
    assert "mirrored" in found.mistake
    assert 40 <= found.n < 200
    found, why = explained(mirrored, clock=Jumping(20.0))
    assert found is None
    assert "too few" in why


def test_a_float_model_is_tried_too() -> None:
    found, _ = explained(digits(inputs=lambda x: x.swapaxes(1, 2)), "digits_cnn_f32")
    assert found is not None
    assert found.mistake == "the axes swapped"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda a, b: (b, a), "the inputs 'left' and 'right' exchanged"),
        (lambda a, b: (a, b[:, ::-1]), "the order of the values reversed in input 'right'"),
        (lambda a, b: (a, b * 16), "the values multiplied by 1/16 in input 'right'"),
    ],
)
def test_of_several_inputs_each_is_tried_and_that_two_are_exchanged(
    tmp_path: Path, made: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]], words: str
) -> None:
    draw = np.random.default_rng(3)
    known = load_model(several_models.alike_model(tmp_path))
    left, right = (draw.normal(0, 1, (200, 5)).astype(np.float32) for _ in range(2))

    def data(x1: np.ndarray, x2: np.ndarray, labels: np.ndarray) -> Dataset:
        x1, x2 = (np.ascontiguousarray(x, dtype=np.float32) for x in (x1, x2))
        ids = np.array([f"s{i}" for i in range(200)])
        return Dataset("two", "test", ("a", "b", "c"), ids, labels, x1, named={"left": x1, "right": x2})

    zeros = np.zeros(200, dtype=np.int64)
    labels = make_workload(known, data(left, right, zeros), "litert").expected.argmax(axis=1).astype(np.int64)
    given = data(*made(left, right), labels)
    found, why = explain(CASE, known, make_workload(known, given, "litert"), SystemClock())
    assert found is not None, why
    assert found.mistake == words
    assert found.after == 1.0


@pytest.mark.parametrize("shape", [(8, 8, 1), (4, 6, 3), (5, 5, 3), (12, 2), (16,), (7,), (1, 9, 1)])
def test_every_change_keeps_shape_and_number(shape: tuple[int, ...]) -> None:
    real = np.random.default_rng(5).random((3, *shape))
    for words, changed in mistakes.of_the_inputs(real, dataclasses.replace(IMAGE, shape=(1, *shape))):
        assert changed.shape == real.shape, words
        assert np.isfinite(changed).all(), words


def test_channels_first_and_reverse_colours_are_undone() -> None:
    real = np.random.default_rng(5).random((3, 4, 6, 3))
    tensor = dataclasses.replace(IMAGE, shape=(1, 4, 6, 3))
    first = np.moveaxis(real, -1, 1).reshape(real.shape)
    wide = real.swapaxes(1, 2).reshape(real.shape)
    for given, words in ((first, "channels first"), (real[..., ::-1], "RGB, BGR"), (wide, "axes swapped")):
        undone = dict(mistakes.of_the_inputs(given, tensor))
        (one,) = [changed for name, changed in undone.items() if words in name]
        np.testing.assert_array_equal(one, real)


def test_an_order_of_classes_as_text_is_undone() -> None:
    names = [str(i) for i in range(12)]
    as_text = sorted(names)
    truth = np.arange(12)
    given = np.array([as_text.index(names[label]) for label in truth])
    undone = dict(mistakes.of_the_classes(given, as_text))
    assert "the classes in the order of their names as text" not in undone  # these names are in that order
    listed = dict(mistakes.of_the_classes(truth, names))
    assert [as_text[i] for i in listed["the classes in the order of their names as text"]] == names


@pytest.mark.parametrize(
    ("metric", "passed", "agreement", "wanted"),
    [
        ("accuracy", False, 1.0, True),
        ("recall.3", False, 1.0, True),
        ("accuracy", True, 1.0, False),
        ("accuracy", None, 1.0, False),
        ("accuracy", False, 0.9, False),
        ("agreement", False, 1.0, False),
        ("lost_samples", False, 1.0, False),
    ],
)
def test_it_is_tried_only_where_labels_are_missed_by_a_board_that_agrees(
    metric: str, passed: bool | None, agreement: float, wanted: bool
) -> None:
    gate = GateResult(metric=metric, op=">=", limit=0.9, value=0.5, passed=passed)
    found = Measurement(name="decision_agreement", value=agreement, unit="ratio", n=9)
    assert is_wanted(Assessment(None, (found,), (gate,), Verdict.FAIL, (), ())) is wanted  # type: ignore[arg-type]
