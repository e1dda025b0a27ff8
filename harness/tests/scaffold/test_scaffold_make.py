"""A project is made whole or not at all, and nothing that is there is overwritten."""

import ast
import subprocess
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scaffold_kit import IRIS, digits_npz, int8_model, iris_csv, iris_model

from harness.errors import HilError, MisuseError, PlanError
from harness.run.reading import read_plan
from harness.scaffold import make as making
from harness.scaffold import project
from harness.scaffold.make import Asked, make
from harness.testing.clock import ManualClock


def made(root, **more):
    return make(Asked(root, **more), ManualClock())


def everything(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_folder_with_one_model_and_one_set_becomes_a_project(tmp_path):
    (tmp_path / "nets").mkdir()
    int8_model(tmp_path / "nets" / "kws.tflite")
    digits_npz(tmp_path / "test.npz", 200)
    found = made(tmp_path)
    assert found.plan == tmp_path / "testplans" / "kws.yaml"
    written = set(map(str, found.kept.new))
    assert written == {
        "testplans/kws.yaml",
        "testplans/plan.schema.json",
        "tests/test_kws.py",
        "pytest.ini",
        ".github/workflows/hil.yml",
        ".gitignore",
    }
    plan = read_plan(found.plan)
    assert plan.models[0].file == "../nets/kws.tflite"
    assert plan.dataset.options == {"path": "../test.npz"}
    assert [gate.text() for gate in plan.gates][1:] == ["agreement == 1", "input_integrity == 1", "lost_samples == 0"]
    text = found.plan.read_text()
    assert text.startswith("# yaml-language-server: $schema=plan.schema.json\n")
    assert "of 200 right" in text
    ast.parse((tmp_path / "tests" / "test_kws.py").read_text())


def test_names_of_classes_go_into_plan_and_test(tmp_path):
    found = made(tmp_path, model=iris_model(tmp_path / "iris.tflite"), data=iris_csv(tmp_path / "flowers.csv"))
    assert read_plan(found.plan).models[0].classes == IRIS
    assert f'file="../iris.tflite", classes=["{IRIS[0]}"' in (tmp_path / "tests" / "test_iris.py").read_text()


def test_odd_names_survive_yaml_and_python(tmp_path):
    root = tmp_path / "a # b: 'c'"
    root.mkdir()
    digits_npz(root / 'x "y" é.npz', 150)
    found = made(root, model=int8_model(root / "No: 1 (é).tflite"), name="yes")
    plan = read_plan(found.plan)
    assert (plan.name, plan.models[0].file) == ("yes", "../No: 1 (é).tflite")
    assert plan.dataset.options == {"path": '../x "y" é.npz'}
    ast.parse((root / "tests" / "test_yes.py").read_text())


@given(
    st.recursive(
        st.text() | st.integers(-1000, 1000) | st.floats(allow_nan=False, allow_infinity=False),
        lambda part: st.lists(part, max_size=3),
        max_leaves=5,
    )
)
def test_what_is_written_as_yaml_reads_back(value):
    assert yaml.safe_load(project._yaml({"key": value})) == {"key": value}


def test_what_is_there_is_left_alone_and_shown_and_a_second_time_nothing_is_written(tmp_path):
    int8_model(tmp_path / "net.tflite")
    digits_npz(tmp_path / "test.npz", 150)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_net.py").write_text("# mine\n")
    (tmp_path / ".gitignore").write_text("*.o")
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    found = made(tmp_path)
    assert (tmp_path / "tests" / "test_net.py").read_text() == "# mine\n"
    ((path, difference),) = found.kept.other.items()
    assert str(path) == "tests/test_net.py"
    assert "-# mine\n" in difference
    assert "+import pytest\n" in difference
    assert (tmp_path / ".gitignore").read_text() == "*.o\nhil-reports/\n"
    assert not (tmp_path / "pytest.ini").exists()
    before = everything(tmp_path)
    again = made(tmp_path)
    assert everything(tmp_path) == before
    assert not again.kept.new
    forced = made(tmp_path, force=True)
    assert [str(path) for path in forced.kept.new] == ["tests/test_net.py"]


@pytest.mark.parametrize(
    ("files", "what"),
    [
        (("a.tflite", "b.tflite", "test.npz"), "several files may be the model"),
        (("a.tflite", "one.npz", "two.npz"), "several files may be the data"),
        (("test.npz",), "no model was found"),
        (("a.tflite",), "no data was found"),
    ],
)
def test_what_is_ambiguous_or_missing_is_refused_with_the_choices_and_nothing_is_written(tmp_path, files, what):
    for name in files:
        (int8_model if name.endswith("tflite") else digits_npz)(tmp_path / name)
    before = everything(tmp_path)
    with pytest.raises(PlanError, match=what) as caught:
        made(tmp_path)
    assert "hil init " in caught.value.next_step
    if what.startswith("several"):
        alike = files[:2] if "model" in what else files[1:]
        assert all(name in str(caught.value.found) for name in alike)
    assert everything(tmp_path) == before


def test_a_failure_in_the_middle_leaves_nothing_behind(tmp_path, monkeypatch):
    model, data = int8_model(tmp_path / "net.tflite"), digits_npz(tmp_path / "test.npz", 150)
    root = tmp_path / "new" / "project"

    def broken(case):
        assert (root / "testplans" / "net.yaml").is_file()  # it was there
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "prepared", broken)
    with pytest.raises(KeyboardInterrupt):
        made(root, model=model, data=data)
    assert not (tmp_path / "new").exists()


def test_a_folder_given_for_the_project_is_no_model_and_says_how(tmp_path):
    (tmp_path / "firmware").mkdir()
    with pytest.raises(PlanError, match="a folder is no model") as caught:
        made(tmp_path, model=tmp_path / "firmware")
    assert caught.value.next_step.endswith(f"hil init --dir {tmp_path / 'firmware'}")
    (tmp_path / "file").touch()
    with pytest.raises(MisuseError, match="the project's folder is a file"):
        made(tmp_path / "file")


def test_an_empty_folder_gets_the_digits_and_again_when_it_has_them(tmp_path):
    root = tmp_path / "fresh"
    found = made(root)
    assert found.example
    assert found.names.name == "digits"
    assert (root / "models" / "digits_cnn_int8" / "model.toml").is_file()
    assert read_plan(found.plan).models[0].file == "../models/digits_cnn_int8"
    before = everything(root)
    assert made(root).example
    assert everything(root) == before


def test_a_folder_with_other_things_does_not_become_the_example_unasked(tmp_path):
    (tmp_path / "main.c").touch()
    with pytest.raises(PlanError, match="no model was found") as caught:
        made(tmp_path)
    assert "hil init --example" in caught.value.next_step
    assert made(tmp_path, example=True).example
    with pytest.raises(MisuseError, match="--example brings its own"):
        made(tmp_path, example=True, model=tmp_path / "net.tflite")


@pytest.mark.parametrize(
    ("files", "ci"),
    [
        ({}, "github"),
        ({".gitlab-ci.yml": ""}, "gitlab"),
        ({".github/workflows/a.yml": ""}, "github"),
        ({".git/config": '[remote "origin"]\n\turl = git@gitlab.com:me/net.git\n'}, "gitlab"),
        ({".git/config": '[remote "origin"]\n\turl = https://github.com/me/net\n'}, "github"),
        ({".git": "gitdir: elsewhere"}, "github"),
    ],
)
def test_the_ci_system_is_what_the_project_uses(tmp_path, files, ci):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert project.ci_of(tmp_path) == ci


@pytest.mark.parametrize(
    ("ci", "path", "schema"),
    [
        ("github", ".github/workflows/hil.yml", ["vendor.github-workflows"]),
        ("gitlab", ".gitlab-ci.yml", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_ci_files_are_what_their_systems_take(tmp_path, ci, path, schema):
    pytest.importorskip("check_jsonschema", reason="the schemas of the CI systems come with check-jsonschema: .[dev]")
    made(tmp_path, ci=ci)
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *schema]
    done = subprocess.run([*check, tmp_path / path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    text = (tmp_path / path).read_text()
    for part in ("junit.xml", "hil-reports/", "HIL_CACHE_DIR", "pytest --board nucleo_f446re --backend virtual"):
        assert part in text
    (tmp_path / path).write_text(text.replace("script:", "scripts:").replace("runs-on:", "run-on:"))
    assert subprocess.run([*check, tmp_path / path], capture_output=True, timeout=120).returncode != 0


def test_without_ci_no_such_file(tmp_path):
    assert not any(".git" in str(path.parent) for path in made(tmp_path, ci="none").kept.new)


def test_a_front_end_that_is_not_installed_is_named_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    data = digits_npz(tmp_path / "test.npz", 10)
    for name, command in (("net.onnx", "hil[onnx]"), ("net.keras", "hil[tensorflow]"), ("net.h5", "hil[tensorflow]")):
        (tmp_path / name).write_bytes(b"a network")
        with pytest.raises(HilError) as caught:
            made(tmp_path, model=tmp_path / name, data=data)
        assert f"pip install '{command}'" in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"test.npz", "net.onnx", "net.keras", "net.h5"}
