"""Data of models with several inputs, and data that says what outputs should be in place of a class."""

import numpy as np
import pytest

from harness.data import load
from harness.errors import PlanError


@pytest.fixture
def folder(tmp_path):
    draw = np.random.default_rng(1)
    np.savez(
        tmp_path / "d.npz",
        a=draw.normal(0, 1, (6, 3)),
        b=draw.normal(0, 1, (6, 2, 2)),
        y=np.array([0, 1, 0, 1, 2, 1]),
        t_test=draw.normal(0, 1, (6, 2)),
        short=np.ones((5, 2)),
    )
    (tmp_path / "d.csv").write_text("x1,x2,height,width,part\n1,2,30,4,test\n5,6,70,8,train\n9,10,11,12,test\n")
    return tmp_path


def npz(folder, **options):
    samples = options.pop("samples", None)
    return load("npz", options={"path": "d.npz", **options}, folder=folder, samples=samples)


def csv(folder, **options):
    return load("csv", options={"path": "d.csv", "split_column": "part", **options}, folder=folder)


def test_several_inputs_have_the_names_that_the_plan_gives_them_and_are_cut_together(folder):
    data = npz(folder, inputs={"left": "a", "right": "b"}, samples=4)
    assert {name: array.shape for name, array in data.named.items()} == {"left": (4, 3), "right": (4, 2, 2)}
    assert data.inputs is data.named["left"]
    part = data[1:3]
    assert np.array_equal(part.named["right"], data.named["right"][1:3])
    assert part.inputs is part.named["left"]


def test_the_hash_knows_every_input_its_name_and_the_targets(folder):
    whole = {"inputs": {"left": "a", "right": "b"}, "targets": "t_{split}"}
    hashes = [
        npz(folder, **options).sha256
        for options in (
            whole,
            whole | {"inputs": {"left": "a", "wright": "b"}},
            whole | {"inputs": {"left": "a", "right": "a"}},
            {"inputs": whole["inputs"], "unlabelled": True},
            {"x": "a", "targets": "t_{split}"},
            {"x": "a", "unlabelled": True},
        )
    ]
    assert len(set(hashes)) == len(hashes)


def test_scales_are_of_every_input(folder):
    plain, scaled = (npz(folder, inputs={"l": "a", "r": "b"}, divide=d) for d in (1, 2))
    for name in ("l", "r"):
        assert np.allclose(plain.named[name], 2 * scaled.named[name])


def test_targets_and_no_labels_at_all_leave_every_sample_without_a_class(folder):
    data = npz(folder, x="a", targets="t_{split}")
    assert data.targets.dtype == np.float32
    assert data.targets.shape == (6, 2)
    assert data.unlabelled
    assert data.label(0) == ""
    assert "without labels" in repr(data)
    assert npz(folder, x="a", unlabelled=True).targets is None
    labelled = npz(folder, x="a")
    assert not labelled.unlabelled
    assert labelled.sha256 == load("npz", options={"path": "d.npz", "x": "a"}, folder=folder).sha256


def test_targets_follow_the_split_and_the_order(folder):
    draw = np.arange(40.0)
    np.savez(folder / "d.npz", x=draw[:, None], t=draw, split=np.array(["train", "test"] * 20))
    data = npz(folder, targets="t", order="shuffled")
    assert np.array_equal(data.inputs[:, 0], data.targets)
    assert len(data) == 20


def test_columns_of_a_table_are_targets_and_no_values(folder):
    data = csv(folder, targets=["width", "height"])
    assert np.array_equal(data.inputs, [[1, 2], [9, 10]])
    assert np.array_equal(data.targets, [[4, 30], [12, 11]])
    assert data.unlabelled
    assert np.array_equal(csv(folder, unlabelled=True).inputs, [[1, 2, 30, 4], [9, 10, 11, 12]])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"inputs": {"l": "a"}, "x": "a"}, "goes with one input"),
        ({"inputs": {"l": "a"}, "shape": "3"}, "goes with one input"),
        ({"y": "y", "targets": "t_{split}"}, "keep one"),
        ({"targets": "t_{split}", "unlabelled": True}, "keep one"),
        ({"inputs": {"l": "a", "r": "c"}, "unlabelled": True}, "no array 'c'"),
        ({"x": "a", "targets": "t"}, "no array 't'"),
        ({"inputs": {"l": "a", "r": "short"}, "unlabelled": True}, "differ in length"),
        ({"x": "a", "targets": "short"}, "differ in length"),
        ({"x": "a", "y": ""}, "unlabelled: true"),
    ],
)
def test_what_an_archive_cannot_mean_is_refused(folder, options, says):
    if says == "unlabelled: true":
        np.savez(folder / "d.npz", a=np.ones((2, 2)))
    with pytest.raises(PlanError) as caught:
        npz(folder, **options)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"label": "height", "targets": ["width"]}, "keep one"),
        ({"targets": ["depth"]}, "depth"),
    ],
)
def test_what_a_table_cannot_mean_is_refused(folder, options, says):
    with pytest.raises(PlanError) as caught:
        csv(folder, **options)
    assert says in str(caught.value)


def test_a_target_that_is_no_number_is_refused(folder):
    np.savez(folder / "d.npz", x=np.ones((2, 2)), t=np.array([1, np.nan]))
    with pytest.raises(PlanError, match="a target is not a finite number"):
        npz(folder, targets="t")
