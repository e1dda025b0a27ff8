"""Which form data has is found out by its content."""

import gzip
import struct

import numpy as np
import pytest
from scaffold_kit import digits_npz, iris_csv

from harness.data import datasets
from harness.errors import PlanError
from harness.scaffold import forms, kinds, search
from harness.scaffold.kinds import Data


def idx(path, magic, array):
    content = struct.pack(">I", magic) + b"".join(struct.pack(">I", n) for n in array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def idx_pair(folder, stem, end=""):
    images = idx(folder / f"{stem}-images-idx3-ubyte{end}", 0x803, np.zeros((3, 4, 4), np.uint8))
    return images, idx(folder / f"{stem}-labels-idx1-ubyte{end}", 0x801, np.arange(3, dtype=np.uint8))


def test_an_archive_with_x_and_y_and_rows_with_labels_are_known(tmp_path):
    found = forms.recognised(digits_npz(tmp_path / "a.npz", 5))
    assert (found.form, found.split, found.paths) == ("npz", "test", {"path": tmp_path / "a.npz"})
    assert forms.recognised(iris_csv(tmp_path / "a.csv")).form == "csv"


def test_images_are_found_with_the_labels_beside_them_zipped_or_not(tmp_path):
    for end in ("", ".gz"):
        images, labels = idx_pair(tmp_path, "t10k", end)
        found = forms.recognised(images)
        assert (found.form, found.paths) == ("idx", {"images": images, "labels": labels})


def test_a_folder_with_one_set_in_parts_is_that_set_and_tested_with_its_test_part(tmp_path):
    for part in ("train", "test"):
        digits_npz(tmp_path / f"x_{part}.npz", 5)
    found = forms.recognised(tmp_path)
    assert found.paths == {"path": tmp_path / "x_{split}.npz"}
    assert (found.split, found.notes) == (
        "test",
        ("x_test.npz is tested with; x_train.npz: another part of it, left alone",),
    )
    assert not forms.is_training(found)


def test_of_mnist_the_ten_thousand_are_taken(tmp_path):
    idx_pair(tmp_path, "train")
    images, _ = idx_pair(tmp_path, "t10k")
    assert forms.recognised(tmp_path).paths["images"] == images


@pytest.mark.parametrize("name", ["latest.npz", "contest.npz", "a.npz"])
def test_words_that_hold_the_name_of_a_part_are_no_part(tmp_path, name):
    digits_npz(tmp_path / name, 5)
    digits_npz(tmp_path / "other.npz", 5)
    with pytest.raises(PlanError, match="several files may be the data") as caught:
        forms.recognised(tmp_path)
    assert name in str(caught.value.found)
    assert "hil init MODEL" in caught.value.next_step


def test_a_name_that_says_training_is_noticed(tmp_path):
    assert forms.is_training(forms.recognised(digits_npz(tmp_path / "train.npz", 5)))


@pytest.mark.parametrize(
    ("arrays", "what"),
    [({"x": np.zeros((3, 4))}, "the data has no labels"), ({"a": np.zeros(3)}, "the archive has no arrays x and y")],
)
def test_an_archive_without_labels_says_how_to_save_one_with_them(tmp_path, arrays, what):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(PlanError, match=what) as caught:
        forms.recognised(tmp_path / "a.npz")
    assert "numpy.savez" in caught.value.next_step
    assert not forms.may_be(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a,0.5,1\nb,1,2\n", {}),
        ("label,u,v\na,0.5,1\n", {}),
        ("u,v,species\n0.5,1,a\n0.5,2,b\n", {"label": "species"}),
        ("u;v;w\n0.5;1;a\n0.5;2;b\n", {"label": "w"}),
        ("0.5,1,a\n0.5,2,b\n", {"label": 3}),
        ("u,v,class\n0.5,1,0\n0.5,2,1\n", {"label": "class"}),
        ("3,0.5,1\n4,1,2\n", {}),
    ],
)
def test_the_column_of_the_label_is_found_by_its_content_or_its_name_and_the_form_reads_it(tmp_path, text, options):
    (tmp_path / "a.csv").write_text(text)
    found = forms.recognised(tmp_path / "a.csv")
    assert found.options == options
    data = datasets.load(found.form, options=found.all_options())
    assert data.inputs.shape[1:] == (2,)
    assert data.inputs[0].tolist() == [0.5, 1.0]


def test_arrays_named_as_keras_names_them_are_known(tmp_path):
    x, y = np.zeros((3, 4), np.float32), np.arange(3)
    np.savez(tmp_path / "mnist.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    found = forms.recognised(tmp_path / "mnist.npz")
    assert (found.form, found.split) == ("npz", "test")
    np.savez(tmp_path / "val.npz", x_train=x, y_train=y, x_val=x, y_val=y)
    assert forms.recognised(tmp_path / "val.npz").split == "val"


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, np.zeros(4, np.float32))
    else:
        path.write_bytes(b"0,1\n")
    return path


@pytest.mark.parametrize(
    ("suffix", "form"),
    [(".png", "image_folders"), (".wav", "wav_folders"), (".npy", "numpy_folders"), (".csv", "csv_folders")],
)
def test_class_folders_are_known_by_what_lies_in_them_with_parts_and_without(tmp_path, suffix, form):
    for place in ("a/cat", "a/dog", "b/train/cat", "b/train/dog", "b/val/cat", "b/val/dog"):
        write(tmp_path / place / f"1{suffix}")
    assert forms.recognised(tmp_path / "a") == Data(form, {"path": tmp_path / "a"})
    assert forms.recognised(tmp_path / "b") == Data(form, {"path": tmp_path / "b"}, split="val")
    seen = search.look(tmp_path)
    assert [one.paths["path"].name for one in seen.data] == ["a", "b"]


def test_folders_of_several_kinds_or_one_class_are_no_data(tmp_path):
    write(tmp_path / "a/cat/1.png")
    assert kinds.of_folder(tmp_path / "a") is None
    write(tmp_path / "a/dog/1.npy")
    assert kinds.of_folder(tmp_path / "a") is None


def test_what_is_no_data_is_refused_with_what_it_is(tmp_path):
    (tmp_path / "notes.csv").write_text("name,remark\nfirst,fine\n")
    with pytest.raises(PlanError, match="the rows are no samples") as caught:
        forms.recognised(tmp_path / "notes.csv")
    assert caught.value.found == "name,remark"
    (tmp_path / "a.bin").write_bytes(b"\x00\x01")
    with pytest.raises(PlanError, match="of no form that hil knows"):
        forms.recognised(tmp_path / "a.bin")
    with pytest.raises(PlanError, match="there is no such data"):
        forms.recognised(tmp_path / "absent.npz")
    with pytest.raises(PlanError, match="no data was found"):
        forms.recognised(tmp_path)
    images, labels = idx_pair(tmp_path, "t10k")
    labels.unlink()
    with pytest.raises(PlanError, match="images and labels do not lie side by side"):
        forms.recognised(images)
