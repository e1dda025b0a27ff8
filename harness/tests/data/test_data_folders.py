"""One file a sample in class folders: labels, groups and splits from folders, names and files, and what may lie there besides."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from harness.data import DataMissing, Dataset, load
from harness.data.datasets import splits
from harness.errors import PlanError


def put(root: Path, *names: str) -> None:
    """An array at each path, that holds its number."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.array([number, number], np.float32))


@pytest.fixture
def read(tmp_path: Path):
    def read(split: str = "test", samples: int | None = None, **options: object) -> Dataset:
        given = {"path": "d", "order": "stored", **options}
        return load("numpy_folders", split, samples=samples, options=given, folder=tmp_path)

    return read


@pytest.fixture
def d(tmp_path: Path) -> Path:
    (tmp_path / "d").mkdir()
    return tmp_path / "d"


def labelled(data: Dataset) -> dict[str, str]:
    return {str(one): data.classes[label] for one, label in zip(data.ids, data.labels, strict=True)}


def test_the_folder_is_the_class_and_the_path_the_id(read, d: Path) -> None:
    put(d, "no way/b.npy", "ja/a.npy", "ja/deeper/c.npy", "日本/x.npy")
    got = read()
    assert labelled(got) == {"ja/a.npy": "ja", "ja/deeper/c.npy": "ja", "no way/b.npy": "no way", "日本/x.npy": "日本"}
    assert (got.classes, got.naming, got.inputs.tolist()[2]) == (("ja", "no way", "日本"), "folders", [0.0, 0.0])


def test_classes_in_the_plan_are_in_its_order(read, d: Path) -> None:
    put(d, "a/1.npy", "b/1.npy", "c/1.npy")
    assert read(classes=["c", "b", "a"]).labels.tolist() == [2, 1, 0]
    with pytest.raises(PlanError, match="no class: 'c'") as caught:
        read(classes=["b", "a"])
    assert caught.value.where.endswith("c/1.npy")
    assert read(classes=["a", "else"], others="else").labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("names", "options", "expected"),
    [
        (["ann/yes/1.npy", "bob/no/1.npy"], {"label_folder": 2}, ["yes", "no"]),
        (["cat.0.npy", "dog.1.npy"], {"label_pattern": "^([a-z]+)"}, ["cat", "dog"]),
        (["x/A_01.npy", "y/B_01.npy"], {"label_pattern": "([A-Z])_"}, ["A", "B"]),
    ],
)
def test_the_label_is_a_folder_or_a_part_of_the_name(
    read, d: Path, names, options: Mapping[str, object], expected
) -> None:
    put(d, *names)
    assert list(labelled(read(**options)).values()) == expected


def test_the_group_is_a_folder_or_a_part_of_the_name(read, d: Path) -> None:
    put(d, "yes/ann_1.npy", "yes/bob_1.npy")
    assert list(read(group_pattern="/([a-z]+)_").groups) == ["ann", "bob"]
    put(d / "s", "ann/yes/1.npy", "bob/no/1.npy")
    assert list(read(path="d/s", label_folder=2, group_folder=1).groups) == ["ann", "bob"]
    with pytest.raises(PlanError, match="does not match group_pattern") as caught:
        read(path="d/s", label_folder=2, group_pattern="(carl)")
    assert caught.value.where.endswith("ann/yes/1.npy")


def test_folders_called_as_splits_are_called_are_splits(read, d: Path, tmp_path: Path) -> None:
    put(d, "train/a/1.npy", "train/b/1.npy", "test/a/2.npy", "test/b/2.npy")
    (d / "README.txt").write_text("hello")
    assert list(read().ids) == ["test/a/2.npy", "test/b/2.npy"]
    assert list(read("train").ids) == ["train/a/1.npy", "train/b/1.npy"]
    assert splits("numpy_folders", {"path": "d"}, tmp_path) == ("test", "train")
    with pytest.raises(PlanError, match="no split 'validation'"):
        read("validation")
    assert list(read(path="d/{split}").ids) == ["a/2.npy", "b/2.npy"]
    assert read(split_by="none").classes == ("test", "train")


def test_a_class_called_train_among_others_is_a_class(read, d: Path, tmp_path: Path) -> None:
    put(d, "bus/1.npy", "train/1.npy")
    assert read().classes == ("bus", "train")
    assert splits("numpy_folders", {"path": "d"}, tmp_path) == ()


def test_a_group_in_two_splits_is_refused(read, d: Path) -> None:
    put(d, "train/a/ann_1.npy", "test/a/ann_2.npy")
    for path in ("d", "d/{split}"):
        with pytest.raises(PlanError, match="group 'ann' is in two splits"):
            read(path=path, group_pattern="([a-z]+)_")


def test_a_division_keeps_groups_together(read, d: Path, tmp_path: Path) -> None:
    put(d, *(f"{label}/s{who}_{n}.npy" for label in "ab" for who in range(9) for n in range(4)))
    options = {"group_pattern": r"(s\d+)_", "test_share": 0.4}
    test, train = read("test", **options), read("train", **options)
    assert len(test) + len(train) == 72
    assert not set(test.groups) & set(train.groups)
    assert splits("numpy_folders", {"path": "d", **options}, tmp_path) == ("test", "train")


def test_the_usual_order_is_mixed_so_that_the_first_samples_are_of_all_classes(read, d: Path) -> None:
    put(d, *(f"{label}/{n}.npy" for label in "abc" for n in range(20)))
    got = read(order="shuffled", samples=20)
    assert set(got.labels) == {0, 1, 2}
    assert list(got.ids) == list(read(order="shuffled").ids[:20])
    assert list(got.ids) != list(read(order="shuffled", seed=1, samples=20).ids)


def test_a_file_of_labels_says_what_each_file_is(read, d: Path) -> None:
    put(d, "1.npy", "in/2.npy", "3.npy")
    table = "filename,kind,speaker,part\n./1.npy,cat,ann,test\nin/2.npy,dog,bob,test\n3.npy,cat,eve,train\n"
    (d.parent / "labels.csv").write_text(table)
    options = {"labels": "labels.csv", "file_column": "filename", "label_column": "kind"}
    assert labelled(read(**options)) == {"1.npy": "cat", "in/2.npy": "dog", "3.npy": "cat"}
    got = read(**options, group_column="speaker", split_column="part")
    assert (list(got.ids), list(got.groups)) == (["1.npy", "in/2.npy"], ["ann", "bob"])
    with pytest.raises(PlanError, match="did you mean 'filename'"):
        read(**(options | {"file_column": "filenam"}))
    (d.parent / "labels.csv").write_text(table + "4.npy,cat,ann,test\n")
    with pytest.raises(PlanError, match="not there") as caught:
        read(**options)
    assert caught.value.where.endswith("labels.csv:5")


def test_a_list_of_files_chooses_them(read, d: Path) -> None:
    put(d, "a/1.npy", "a/2.npy", "b/1.npy")
    (d / "test_list.txt").write_text("b/1.npy\r\n\r\na/2.npy\r\n")
    assert list(read(only="d/{split}_list.txt").ids) == ["a/2.npy", "b/1.npy"]
    (d / "test_list.txt").write_text("b/1.npy\na/3.npy\n")
    with pytest.raises(PlanError, match="not there") as caught:
        read(only="d/test_list.txt")
    assert caught.value.where.endswith("test_list.txt:2")


def test_what_systems_leave_behind_and_what_lies_above_the_classes_is_passed_over(read, d: Path) -> None:
    put(d, "a/1.npy", ".hidden/1.npy")
    for name in ("LICENSE", "notes.txt", ".DS_Store", "a/.DS_Store", "a/Thumbs.db", "a/desktop.ini"):
        (d / name).write_bytes(b"x")
    assert list(read().ids) == ["a/1.npy"]


@pytest.mark.parametrize("name", ["a/notes.txt", "a/noext", "a/deep/x.png", "a/x.npz"])
def test_another_file_among_the_samples_is_refused_and_can_be_passed_over(read, d: Path, name: str) -> None:
    put(d, "a/1.npy")
    (d / name).parent.mkdir(exist_ok=True)
    (d / name).write_bytes(b"x")
    with pytest.raises(PlanError, match="no sample") as caught:
        read()
    assert caught.value.where == str(d / name)
    assert caught.value.next_step.startswith("move it away, or pass over it: ignore: ['*")
    assert list(read(ignore=[caught.value.next_step.split("'")[1]]).ids) == ["a/1.npy"]
    assert list(read(ignore=[name]).ids) == ["a/1.npy"]


def test_a_sample_in_no_class_folder_is_refused(read, d: Path) -> None:
    put(d, "a/1.npy", "stray.npy")
    with pytest.raises(PlanError, match="no folder that names its class") as caught:
        read()
    assert caught.value.where == str(d / "stray.npy")


def test_an_empty_class_folder_is_refused_unless_its_class_is_not_meant(read, d: Path) -> None:
    put(d, "a/1.npy")
    (d / "b").mkdir()
    with pytest.raises(PlanError, match="class folder is empty") as caught:
        read()
    assert caught.value.where == str(d / "b")
    assert len(read(classes=["a"])) == 1
    with pytest.raises(PlanError, match="empty"):
        read(classes=["a", "b"])


def test_links_are_followed_and_those_that_go_round_or_nowhere_are_refused(read, d: Path, tmp_path: Path) -> None:
    put(d, "a/1.npy")
    put(tmp_path / "elsewhere", "2.npy")
    (d / "b").symlink_to(tmp_path / "elsewhere")
    assert list(read().ids) == ["a/1.npy", "b/2.npy"]
    (d / "a" / "round").symlink_to(d)
    with pytest.raises(PlanError, match="leads back") as caught:
        read()
    assert caught.value.where.endswith("a/round")
    (d / "a" / "round").unlink()
    (d / "a" / "self.npy").symlink_to(d / "a" / "self.npy")
    with pytest.raises(PlanError, match="no sample"):
        read()
    (d / "a" / "self.npy").unlink()
    (d / "a" / "gone.npy").symlink_to(d / "nothing")
    with pytest.raises(PlanError, match="no sample"):
        read()
    (d / "a" / "gone.npy").unlink()
    os.mkfifo(d / "a" / "pipe.npy")
    with pytest.raises(PlanError, match="no sample"):
        read()


def test_a_folder_that_is_not_there_is_missing_and_a_file_is_none(read, d: Path) -> None:
    with pytest.raises(DataMissing):
        read(path="nothing")
    (d / "f").write_bytes(b"")
    with pytest.raises(PlanError, match="no folder"):
        read(path="d/f")
    with pytest.raises(PlanError, match="without samples"):
        read()


def test_a_name_that_is_no_text_is_refused_in_words(read, d: Path) -> None:
    put(d, "a/1.npy")
    os.rename(d / "a" / "1.npy", os.fsencode(d / "a") + b"/\xff.npy")  # noqa: PTH104
    with pytest.raises(PlanError, match="cannot be shown") as caught:
        read()
    str(caught.value).encode()


def test_samples_of_other_shapes_are_refused_naming_both(read, d: Path) -> None:
    put(d, "a/1.npy")
    np.save(d / "a" / "2.npy", np.zeros(3))
    with pytest.raises(PlanError, match=r"as 1\.npy has") as caught:
        read()
    assert caught.value.where.endswith("a/2.npy")
    assert read(length=3, pad="start").inputs.tolist()[0] == [0.0, 0.0, 0.0]
    assert read(length=2, cut="both").inputs.shape == (2, 2)
    with pytest.raises(PlanError, match="cut: end, start or both"):
        read(length=2)


def saved(array: object, **how: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **how)
    return buffer.getvalue()


GOOD = saved(np.arange(6, dtype=np.float32).reshape(2, 3))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\0",
        b"PK\3\4",
        GOOD.replace(b"(2, 3)", b"(9, 9)"),
        saved(np.array([{}], object), allow_pickle=True),
        saved(np.array(["a"])),
        saved(np.zeros((2, 2), complex)),
        saved(np.array(1.0)),
        saved(np.array([np.nan])),
        saved(np.array([1e300])),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
    ],
    ids=["empty", "short", "long", "zip", "lie", "objects", "text", "complex", "scalar", "nan", "huge", "lfs"],
)
def test_a_file_that_is_no_plain_array_is_refused_by_its_name(read, d: Path, content: bytes) -> None:
    put(d, "a/0.npy")
    (d / "a" / "bad.npy").write_bytes(content)
    with pytest.raises(PlanError) as caught:
        read()
    assert "bad.npy" in str(caught.value)


def test_arrays_are_turned_and_laid_out(read, d: Path) -> None:
    (d / "a").mkdir()
    array = np.arange(12).reshape(3, 2, 2)
    np.save(d / "a" / "1.npy", np.asfortranarray(array))
    np.testing.assert_array_equal(read(channels="first").inputs[0], np.moveaxis(array, 0, -1))
    assert read(shape="2x6").inputs.shape == (1, 2, 6)
    with pytest.raises(PlanError, match="does not fill the shape"):
        read(shape=[5])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"group_pattern": "("}, "no regular expression"),
        ({"group_pattern": "a"}, "needs a group"),
        ({"split_column": "part"}, "columns of the file 'labels'"),
        ({"split_by": "folder", "test_share": 0.5}, "said twice"),
        ({"path": "{split}", "test_share": 0.5}, "said twice"),
        ({"test_share": 1.5}, "less than 1"),
        ({"label_folder": 0}, "1 or more"),
        ({"labl_folder": 1}, "did you mean 'label_folder'"),
        ({"classes": ["a", "a"]}, "named twice"),
        ({"classes": [True, False]}, "in quotes"),
    ],
)
def test_options_that_contradict_each_other_or_say_nothing_are_refused(read, d: Path, options, says: str) -> None:
    put(d, "a/1.npy")
    with pytest.raises(PlanError, match=says):
        read(**options)


def test_a_hundred_thousand_files_cost_a_look_at_each_folder_and_no_look_at_each_file(
    read, d: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not timed: what is counted is what takes the time. Of 3000 files 50 are wanted, and 50 are opened."""
    put(d, *(f"{n % 3}/{n}.npy" for n in range(3000)))
    opened, stat = [], os.stat
    monkeypatch.setattr(os, "stat", lambda *given, **how: opened.append(given[0]) or stat(*given, **how))
    assert len(read(samples=50)) == 50
    assert len(opened) < 400


def test_a_folder_as_a_mac_spells_it_is_the_class_that_was_typed(read, d: Path) -> None:
    put(d, "cafe\u0301/1.npy", "th\u00e9/1.npy")
    assert read().classes == ("caf\u00e9", "th\u00e9")
    assert read(classes=["th\u00e9", "caf\u00e9"]).labels.tolist() == [1, 0]
