"""``hil data``: what people read before and after they write a plan for data of their own."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from harness.cli import main
from harness.data import datasets
from harness.models.metadata import load_model


@pytest.fixture
def hil(capsys):
    """Run it here; (status, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out = capsys.readouterr()
        return end.value.code, out.out, out.err

    return run


def test_the_forms_are_listed_with_what_they_are_in_80_columns(hil) -> None:
    status, out, _ = hil("data", "forms")
    assert status == 0
    assert all(f"\n{name} " in f"\n{out}" for name in datasets.names())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", datasets.names())
def test_a_form_shows_its_options_and_an_example(hil, name: str) -> None:
    status, out, _ = hil("data", "forms", name)
    assert status == 0
    assert f"dataset:\n  name: {name}\n" in out
    assert all(f"\n{option}  " in out for option in datasets.options_of(name))
    assert max(map(len, out.splitlines())) <= 80
    (told,) = json.loads(hil("data", "forms", name, "--json")[1])
    assert [option["name"] for option in told["options"] if option["required"]] == [
        option for option, field in datasets.options_of(name).items() if field.is_required()
    ]


def test_a_form_that_is_not_there_is_a_mistake_with_a_guess(hil) -> None:
    status, _, err = hil("data", "forms", "image_folder")
    assert status == 3
    assert "did you mean 'image_folders'?" in err


def test_data_of_a_plan_is_shown_in_80_columns_and_as_json(hil) -> None:
    status, out, _ = hil("data", "show", "digits")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "450 samples of 8x8x1" in out
    assert "\n  4  48  ##############################\n" in out
    assert "0.00% of the values are clipped" in out
    told = json.loads(hil("data", "show", "digits", "--json")[1])
    assert told["counts"]["4"] == 48
    assert told["models"][0]["inputs"]["clipped"] == 0.0
    assert told["shared"]["train"]["count"] == 0
    assert len(told["shown"]) == 3


PLAN = """\
name: own
boards: [nucleo_f446re]
models: [{file: net.tflite}]
dataset:
  name: image_folders
  options:
    path: pictures
    mode: grey
    divide: 240
    test_share: 0.25
gates: [accuracy >= 0.9, agreement == 1.0]
"""
NAMES = ("0 null", "1 eins", "2 zwei", "3 drei", "4 vier", "5 fünf", "6 sechs", "7 sieben", "8 acht", "9 neun")


@pytest.fixture
def project(tmp_path):
    """A network without a model.toml, and pictures in folders of which neither knows how the other calls the classes."""
    shutil.copy(load_model("digits_cnn_int8").path, tmp_path / "net.tflite")
    digits = datasets.load("digits", "test", samples=160)
    for number, (label, image) in enumerate(zip(digits.labels, digits.inputs, strict=True)):
        folder = tmp_path / "pictures" / NAMES[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image[..., 0] * 240).astype(np.uint8)).save(folder / f"{number:03d}.png")
    (tmp_path / "own.yaml").write_text(PLAN)
    return tmp_path


def test_a_recording_is_shown_with_what_the_board_will_hear_and_what_happens_in_it(hil, tmp_path) -> None:
    plan = tmp_path / "letters.yaml"
    plan.write_text(
        "name: letters\nboard: nucleo_f446re\nmodel: vowels_int8\n"
        "dataset: {name: rendered, options: {what: vowels, seconds: 20}}\n"
        "continuous: {front_end: {name: imu, hop: 20}}\ngates: [detections_agreement == 1]\n",
        encoding="utf-8",
    )
    status, out, _ = hil("data", "show", plan)
    assert status == 0
    said = " ".join(out.split())
    assert re.search(r"200 hops of 100 ms through the front end imu; \d events, [AEIOU] \d", said)
    assert "clipped" not in said


def test_pictures_of_ones_own_run_on_the_virtual_board_with_a_network_of_ones_own(hil, project, monkeypatch) -> None:
    monkeypatch.chdir("/")  # paths in a plan start at the plan
    status, out, err = hil("run", project / "own.yaml", "--board", "nucleo_f446re", "--report-dir", project / "out")
    assert status == 0, out + err
    (path,) = (project / "out").rglob("record.json")
    record = json.loads(path.read_text())
    measured = {one["name"]: one["value"] for one in record["measurements"]}
    assert record["verdict"] == "pass"
    assert record["dataset"]["classes"] == list(NAMES)
    assert (measured["agreement"], measured["lost_samples"]) == (1.0, 0.0)
    assert 20 <= record["dataset"]["n"] <= 60


def test_what_the_folders_stand_for_is_said_where_nothing_else_says_it(hil, project) -> None:
    status, out, _ = hil("data", "show", project / "own.yaml")
    assert status == 0
    assert "its outputs were taken as the data's folders, sorted" in " ".join(out.split())
    status, out, _ = hil("plan", "check", project / "own.yaml")
    assert (status, "sorted: 0 null, 1 eins" in out) == (0, True)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("mode: grey", "mode: gray", r"own\.yaml:8:dataset.options.mode"),
        ("mode: grey", "mod: grey", r"own\.yaml:8:dataset.options.mod\b"),
        ("divide: 240", "divide: [1, 2]", r"own\.yaml:9:dataset.options.divide"),
        ("name: image_folders", "name: image_folder", r"own\.yaml:5:dataset.name"),
        ("  options:", "  split: tset\n  options:", r"own\.yaml:6:dataset.split"),
    ],
)
def test_a_mistake_is_told_at_its_line_of_the_plan(hil, project, old: str, new: str, says: str) -> None:
    (project / "own.yaml").write_text(PLAN.replace(old, new))
    status, _, err = hil("data", "show", project / "own.yaml")
    assert status == 3
    assert re.search(says, err), err
    assert len(err.splitlines()) <= 12


def test_data_that_does_not_suit_a_model_is_a_mistake_that_is_shown_beside_what_is_known(hil, project) -> None:
    (project / "own.yaml").write_text(PLAN.replace("mode: grey", "mode: rgb"))
    status, out, _ = hil("data", "show", project / "own.yaml")
    assert status == 3
    assert "does not suit" in out
    assert "0 null" in out


def test_data_without_labels_is_shown_with_its_inputs_and_targets(hil, tmp_path) -> None:
    np.savez(tmp_path / "d.npz", a=np.ones((4, 3)), b=np.arange(8.0).reshape(4, 2), t=np.linspace(-1, 1, 4))
    options = "{path: d.npz, inputs: {left: a, right: b}, targets: t}"
    (tmp_path / "p.yaml").write_text(
        "name: p\nboard: nucleo_f446re\nmodel: digits_cnn_int8\ntask: regression\n"
        f"dataset: {{name: npz, options: {options}}}\ngates: [target_mae <= 1]\n"
    )
    status, out, err = hil("data", "show", tmp_path / "p.yaml")
    assert status == 3, out + err  # the digits' network has one input
    assert "none with the input of an earlier sample" in out  # of both inputs together
    assert "input right: 2 values, 0 to 7" in out
    assert "no sample has a label" in out
    assert "range -1 to 1" in out
    assert "not those of the model" in " ".join(out.split())
    assert json.loads(hil("data", "show", tmp_path / "p.yaml", "--json")[1])["counts"] == {}
