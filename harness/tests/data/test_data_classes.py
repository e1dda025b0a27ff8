"""Classes of data and model meet by name: an order, a duplicate or a number of them must not decide what counts as right."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from harness.data import Dataset
from harness.data.classes import matched
from harness.data.dataset import Naming
from harness.errors import PlanError

MODEL = ("no", "yes", "unknown")


def data(classes: tuple[str, ...], labels: list[int], naming: Naming = "stated") -> Dataset:
    n = len(labels)
    return Dataset(
        name="mine",
        split="test",
        classes=classes,
        ids=np.array([f"s{i}" for i in range(n)]),
        labels=np.array(labels, dtype=np.int64),
        inputs=np.zeros((n, 2), np.float32),
        naming=naming,
    )


def test_the_same_names_in_another_order_are_mapped_by_name_and_it_is_said() -> None:
    found, said = matched(data(("yes", "unknown", "no"), [0, 1, 2, 0]), MODEL, 3, model="m")
    assert found.classes == MODEL
    assert [MODEL[label] for label in found.labels] == ["yes", "unknown", "no", "yes"]
    assert "yes, unknown, no" in said
    assert "no, yes, unknown" in said
    assert "by name" in said


def test_the_same_names_in_the_same_order_are_left_alone() -> None:
    given = data(MODEL, [0, 1, 2])
    assert matched(given, MODEL, 3, model="m") == (given, "")


@pytest.mark.parametrize(
    "classes",
    [("no", "yes", "maybe"), ("No", "yes", "unknown"), ("no", "yes"), ("no", "yes", "unknown", "noise")],
    ids=["other name", "other case", "one less", "one more"],
)
def test_other_names_are_refused_with_both_lists(classes: tuple[str, ...]) -> None:
    with pytest.raises(PlanError) as caught:
        matched(data(classes, [0, 1]), MODEL, 3, model="m")
    assert "no, yes, unknown" in str(caught.value.expected)
    assert ", ".join(classes) in str(caught.value.found)


def test_names_that_were_only_seen_may_be_fewer_than_the_models() -> None:
    found, said = matched(data(("unknown", "yes"), [0, 1], "seen"), MODEL, 3, model="m")
    assert found.labels.tolist() == [2, 1]
    assert said == ""
    with pytest.raises(PlanError, match="not those of the model"):
        matched(data(("unknown", "yep"), [0, 1], "seen"), MODEL, 3, model="m")


@pytest.mark.parametrize("naming", ["indices", "seen"])
def test_bare_indices_are_the_models_outputs_and_that_is_said(naming: Naming) -> None:
    classes = ("0", "2") if naming == "seen" else ("0", "1", "2")
    found, said = matched(data(classes, [0, 1], naming), MODEL, 3, model="m")
    assert found.labels.tolist() == ([0, 2] if naming == "seen" else [0, 1])
    assert found.classes == MODEL
    assert "names no classes" in said


def test_indices_of_a_model_whose_classes_are_numbers_need_no_remark() -> None:
    found, said = matched(data(("0", "1"), [0, 1], "indices"), ("0", "1", "2"), 3, model="m")
    assert (found.labels.tolist(), said) == ([0, 1], "")


def test_numbers_seen_are_names_where_the_model_has_these_names() -> None:
    found, _ = matched(data(("1", "2"), [0, 1], "seen"), ("2", "1", "0"), 3, model="m")
    assert found.labels.tolist() == [1, 0]


def test_an_index_beyond_the_outputs_is_refused_before_anything_is_built() -> None:
    with pytest.raises(PlanError, match="label 3 is beyond"):
        matched(data(("0", "1", "2", "3"), [0, 3], "indices"), MODEL, 3, model="m")


def test_a_model_without_names_takes_those_of_the_data_if_there_is_one_for_each_output() -> None:
    given = data(MODEL, [0, 1, 2])
    assert matched(given, (), 3, model="m") == (given, "")
    with pytest.raises(PlanError, match="one per output"):
        matched(given, (), 4, model="m")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"classes": ("a", "a")}, "occurs twice"),
        ({"classes": ("a", " ")}, "cannot be shown"),
        ({"classes": ("a", "b\x1b[31m")}, "cannot be shown"),
        ({"ids": np.array(["x", "\ud800"])}, "cannot be shown"),
    ],
)
def test_names_that_tell_nothing_apart_or_cannot_be_shown_are_refused(changed: dict[str, object], says: str) -> None:
    with pytest.raises(PlanError, match=says) as caught:
        dataclasses.replace(data(("a", "b"), [0, 1]), **changed)  # type: ignore[arg-type]
    str(caught.value).encode()


def test_folders_stand_for_a_model_that_names_nothing_in_their_sorted_order_and_that_is_said() -> None:
    given = data(("no", "yes"), [0, 1], "folders")
    found, said = matched(given, (), 2, model="m")
    assert (found, "sorted: no, yes" in said) == (given, True)
    with pytest.raises(PlanError, match="one per output"):
        matched(given, (), 3, model="m")


def test_folders_meet_the_models_names_by_name_and_may_be_fewer() -> None:
    found, said = matched(data(("unknown", "yes"), [0, 1], "folders"), MODEL, 3, model="m")
    assert (found.labels.tolist(), said) == ([2, 1], "")
    with pytest.raises(PlanError, match="not those of the model"):
        matched(data(("maybe", "yes"), [0, 1], "folders"), MODEL, 3, model="m")


def test_folders_that_are_numbers_are_refused_where_text_and_number_sort_otherwise() -> None:
    ten = data(tuple("0123456789"), [3], "folders")
    assert matched(ten, (), 10, model="m") == (ten, "")
    eleven = data(tuple(sorted(map(str, range(11)))), [3], "folders")
    with pytest.raises(PlanError, match="sort otherwise as text"):
        matched(eleven, (), 11, model="m")
