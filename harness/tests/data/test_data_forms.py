"""What the forms say of themselves is what they take: ``hil data forms`` and the guide are made of it."""

from __future__ import annotations

import os
import shutil
import tarfile
import wave
from pathlib import Path

import numpy as np
import pytest
import yaml
from jsonschema import Draft202012Validator

from harness.data import DataMissing, datasets, features, load
from harness.data.forms import described, with_options
from harness.errors import PlanError
from harness.plans.jsonschema import json_schema
from harness.plans.load import parse_plan

HEAD = "name: p\nboards: [nucleo_f446re]\nmodels: [digits_cnn_int8]\n"


@pytest.mark.parametrize("name", datasets.names())
def test_every_option_says_what_it_is_and_the_example_is_part_of_a_plan(name: str) -> None:
    facts = described(name)
    assert facts.meaning.endswith(".")
    assert {option.name for option in facts.options} == set(datasets.form(name).Options.model_fields)
    for option in facts.options:
        assert len(option.meaning) > 5, option.name
        assert option.type, option.name
        assert "typing" not in option.type
        assert "<" not in option.type
    plan = parse_plan(HEAD + facts.example, "example.yaml")
    assert plan.dataset.name == name
    datasets.check(name, plan.dataset.options)


@pytest.mark.parametrize("name", [name for name in datasets.names() if name != "digits"])
def test_a_default_that_is_shown_can_be_written_into_a_plan(name: str) -> None:
    parts = dict(parse_plan(HEAD + described(name).example, "example.yaml").dataset.options)
    for option in described(name).options:
        if option.default and option.name not in parts:
            text = f"{HEAD}dataset:\n  name: {name}\n  options: {{{option.name}: {option.default}}}\n"
            value = parse_plan(text, "p.yaml").dataset.options[option.name]
            checked = datasets.check(name, {**parts, option.name: value})
            assert getattr(checked, option.name) == datasets.form(name).Options.model_fields[option.name].default


def test_options_of_ones_own_come_before_those_that_all_have() -> None:
    names = [option.name for option in described("wav_folders").options]
    assert names[0] == "path"
    assert names.index("rate") < names.index("label_folder") < names.index("classes")


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("cvs", {}, "did you mean 'csv'"),
        ("npz", {"path": "a", "shap": "2"}, "did you mean 'shape'"),
        ("npz", {}, "needs the option 'path'"),
        ("csv", {"path": "a", "delimiter": ","}, "one of: auto, comma"),
        ("image_folders", {"path": "a", "size": "32"}, "height x width"),
        ("image_folders", {"path": "a", "resize": "bilinear"}, "needs 'size'"),
        ("wav_folders", {"path": "a", "rate": "fast"}, "a whole number"),
        ("digits", {"path": "a"}, "no option 'path'"),
    ],
)
def test_a_mistake_in_an_option_names_it_and_what_it_may_be(name: str, options: dict[str, object], says: str) -> None:
    with pytest.raises(PlanError, match=says):
        datasets.check(name, options)


def test_archives_as_keras_keeps_its_data_are_read(tmp_path: Path) -> None:
    parts = {"train": 5, "test": 3}
    arrays = {f"x_{split}": np.full((n, 2, 2), 255, np.uint8) for split, n in parts.items()}
    arrays |= {f"y_{split}": np.arange(n, dtype=np.uint8).reshape(n, 1) % 3 for split, n in parts.items()}
    np.savez(tmp_path / "mnist.npz", **arrays)
    options = {"path": "mnist.npz", "divide": 255, "shape": "2x2x1", "classes": ["a", "b", "c"]}
    got = load("npz", options=options, folder=tmp_path)
    assert (len(got), got.inputs.shape, got.inputs.max(), got.labels.tolist()) == (3, (3, 2, 2, 1), 1.0, [0, 1, 2])
    assert len(load("npz", "train", options=options, folder=tmp_path)) == 5
    assert datasets.splits("npz", options, tmp_path) == ("train", "test")
    with pytest.raises(PlanError, match="no array 'images'"):
        load("npz", options={**options, "x": "images"}, folder=tmp_path)
    assert len(load("npz", options={**options, "x": "x_train", "y": "y_{split}"}, split="train", folder=tmp_path)) == 5


def test_archives_of_pytorch_of_one_hot_labels_and_of_names(tmp_path: Path) -> None:
    x = np.arange(24, dtype=np.float64).reshape(2, 3, 2, 2)
    np.savez(tmp_path / "a.npz", x=x, y=np.eye(4)[[3, 1]], groups=np.array(["ann", "bob"]))
    got = load("npz", options={"path": "a.npz", "channels": "first"}, folder=tmp_path)
    np.testing.assert_array_equal(got.inputs, np.moveaxis(x, 1, -1))
    assert (got.labels.tolist(), got.classes, list(got.groups)) == ([3, 1], ("0", "1", "2", "3"), ["ann", "bob"])
    np.savez(tmp_path / "a.npz", x=x, y=np.array(["no", "ja"]), split=np.array(["train", "test"]))
    got = load("npz", options={"path": "a.npz"}, folder=tmp_path)
    assert (got.classes, got.labels.tolist(), got.naming) == (("ja", "no"), [0], "seen")
    np.savez(tmp_path / "a.npz", x=x, y=np.array([[0.5, 0.5], [1, 0]]))
    with pytest.raises(PlanError, match="one-hot"):
        load("npz", options={"path": "a.npz"}, folder=tmp_path)


def test_a_pointer_of_git_lfs_is_called_one_whatever_the_form(tmp_path: Path) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    (tmp_path / "p").write_bytes(pointer)
    for name, options in (("npz", {"path": "p"}), ("csv", {"path": "p"}), ("idx", {"images": "p", "labels": "p"})):
        with pytest.raises(PlanError, match="git lfs pull"):
            load(name, options=options, folder=tmp_path)


def test_a_value_that_is_not_finite_is_told_with_its_sample(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([[1.0, 2.0], [np.inf, 1.0]]), y=np.array([0, 1]))
    with pytest.raises(PlanError, match="a-00001"):
        load("npz", options={"path": "a.npz"}, folder=tmp_path)


def idx(array: np.ndarray, kind: int) -> bytes:
    return bytes([0, 0, kind, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


def test_idx_files_of_other_types_and_lying_images_are_read(tmp_path: Path) -> None:
    images = np.arange(12, dtype=">f4").reshape(2, 2, 3)
    (tmp_path / "test-i").write_bytes(idx(images, 0x0D))
    (tmp_path / "test-l").write_bytes(idx(np.array([1, 0], ">i4"), 0x0C))
    options = {"images": "{split}-i", "labels": "{split}-l", "divide": 1, "transpose": True, "classes": ["a", "b"]}
    got = load("idx", options=options, folder=tmp_path)
    np.testing.assert_array_equal(got.inputs[..., 0], images.swapaxes(1, 2))
    assert (got.labels.tolist(), got.classes) == ([1, 0], ("a", "b"))
    (tmp_path / "test-l").write_bytes(idx(np.array([1.0, 0.0], ">f4"), 0x0D))
    with pytest.raises(PlanError, match="whole numbers"):
        load("idx", options=options, folder=tmp_path)


@pytest.mark.skipif("HIL_DATA_DIR" not in os.environ, reason="HIL_DATA_DIR is not set: no recordings of vowels")
def test_the_vowels_drawn_in_the_air_are_read_from_their_files(tmp_path: Path) -> None:
    """1000 recordings of 400 rows and 6 columns, as their authors published them."""
    (archive,) = (Path(os.environ["HIL_DATA_DIR"]) / "vowels-imu").glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(tmp_path, filter="data")
    for folder in (tmp_path / "data").iterdir():
        for path in sorted(folder.iterdir())[20:]:
            path.unlink()
    options = {"path": "data", "label_pattern": r"vowel_([AEIOU])/", "classes": list("AEIOU"), "length": 400}
    got = load("csv_folders", options=options, folder=tmp_path)
    assert got.inputs.shape == (100, 400, 6)
    assert np.bincount(got.labels).tolist() == [20] * 5
    at = list(got.ids).index("vowel_U/U_0182.csv") if "vowel_U/U_0182.csv" in got.ids else 0
    by_numpy = np.loadtxt(tmp_path / "data" / str(got.ids[at]), delimiter=",", dtype=np.float32)
    np.testing.assert_array_equal(got.inputs[at], by_numpy)
    gyro = load("csv_folders", options={**options, "columns": [4, 5, 6]}, folder=tmp_path)
    np.testing.assert_array_equal(gyro.inputs, got.inputs[..., 3:])
    shutil.rmtree(tmp_path / "data")


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    return Draft202012Validator(with_options(json_schema()))


def as_plan(dataset: object) -> dict[str, object]:
    return {"name": "p", "board": "nucleo_f446re", "model": "digits_cnn_int8", "dataset": dataset}


@pytest.mark.parametrize("name", datasets.names())
def test_an_editor_knows_the_options_of_each_form(schema: Draft202012Validator, name: str) -> None:
    dataset = yaml.safe_load(described(name).example)["dataset"]
    if name == "wav_folders":
        dataset["options"]["classes"] = ["yes", "no", "unknown"]  # YAML 1.1, which this reader is of, has other ideas
    assert schema.is_valid(as_plan(dataset))
    misspelt = {**dataset, "options": {**dataset.get("options", {}), "pth": "a"}}
    assert not schema.is_valid(as_plan(misspelt))
    if name not in ("digits", "idx", "lock_sounds", "spoken_words", "vowels"):  # which need no option
        assert not schema.is_valid(as_plan({"name": name}))


def test_an_editor_knows_the_words_that_an_option_takes(schema: Draft202012Validator) -> None:
    dataset = {"name": "image_folders", "options": {"path": "a", "mode": "grey", "size": "8x8"}}
    assert schema.is_valid(as_plan(dataset))
    dataset["options"]["mode"] = "gray"
    assert not schema.is_valid(as_plan(dataset))
    assert schema.is_valid(as_plan("digits"))


def test_a_pointer_of_git_annex_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.csv").write_bytes(b"/annex/objects/SHA256E-s9--00.csv\n")
    with pytest.raises(PlanError, match="git annex get"):
        load("csv_folders", options={"path": str(tmp_path)})
    (tmp_path / "a" / "1.csv").unlink()
    (tmp_path / "a" / "1.csv").symlink_to("../.git/annex/objects/xx/SHA256E-s9--00.csv")
    with pytest.raises(PlanError, match="git annex get") as refused:
        load("csv_folders", options={"path": str(tmp_path)})
    assert "1.csv" in str(refused.value)


def test_what_dvc_has_not_fetched_is_named_and_what_it_has_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.csv.dvc").write_text("outs:\n- md5: 00\n  path: 1.csv\n")
    with pytest.raises(PlanError, match="dvc pull") as refused:
        load("csv_folders", options={"path": str(tmp_path)})
    assert "1.csv.dvc" in str(refused.value)
    (tmp_path / "a" / "1.csv").write_text("1,2\n3,4\n")
    assert load("csv_folders", options={"path": str(tmp_path)}).inputs.shape == (1, 2, 2)
    (tmp_path / "b.npz.dvc").write_text("outs:\n")
    with pytest.raises(DataMissing, match="dvc pull"):
        load("npz", options={"path": str(tmp_path / "b.npz")})


def test_ones_own_captures_go_through_a_front_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    rows = np.arange(2400).reshape(400, 6)
    np.savetxt(tmp_path / "a" / "1.csv", rows, fmt="%d", delimiter=",")
    found = load("csv_folders", options={"path": str(tmp_path), "features": "imu"})
    np.testing.assert_array_equal(found.inputs, features.load("imu").compute_all(rows[np.newaxis].astype(np.float32)))
    np.savetxt(tmp_path / "a" / "1.csv", rows[:399], fmt="%d", delimiter=",")
    with pytest.raises(PlanError):
        load("csv_folders", options={"path": str(tmp_path), "features": "imu"})


def test_ones_own_recordings_go_through_a_front_end_that_knows_their_rate(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    sound = np.random.default_rng(0).integers(-9000, 9000, 16000).astype("<i2")

    def written(rate: int) -> None:
        with wave.open(str(tmp_path / "a" / "1.wav"), "wb") as file:
            file.setparams((1, 2, rate, len(sound), "NONE", ""))
            file.writeframes(sound.tobytes())

    options = {"path": str(tmp_path), "features": {"name": "micro", "variant": "L"}, "values": "int16"}
    written(16000)
    found = load("wav_folders", options=options)
    np.testing.assert_array_equal(found.inputs, features.load("micro").compute_all(sound[np.newaxis]))
    with pytest.raises(PlanError, match="values: int16"):
        load("wav_folders", options=options | {"values": "float"})
    written(8000)
    with pytest.raises(PlanError, match="another rate than the front end"):
        load("wav_folders", options=options)
