"""Which form data has is found out by its content."""

import gzip
import struct

import numpy as np
import pytest
from scaffold_kit import digits_npz, iris_csv

from harness.errors import PlanError
from harness.scaffold import forms


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
        ("x_test.npz is tested with; x_train.npz is another part of it, and is left alone",),
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
