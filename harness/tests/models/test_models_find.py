"""One rule for where a model is; what is found, and what an error says of what was searched."""

import shutil

import pytest

from harness.disk import folders
from harness.errors import PlanError
from harness.models import find, load_model
from harness.models.frontends import kept
from harness.plans.modelspec import ModelSpec

DIGITS = load_model("digits_cnn_int8").path


@pytest.fixture
def project(tmp_path):
    """A project with plans, whose root a folder ``testplans`` shows."""
    (tmp_path / "testplans" / "sub").mkdir(parents=True)
    (tmp_path / "models").mkdir()
    return tmp_path


def put(path, source=DIGITS):
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, path)
    return path


def test_a_bare_file_needs_no_model_toml_and_takes_its_classes_from_nobody(project):
    file = put(project / "nets" / "KWS v2.tflite")
    model = load_model("../nets/KWS v2.tflite", project / "testplans")
    assert (model.name, model.path.resolve(), model.classes, model.facts) == ("kws_v2", file, (), None)
    assert model.sha256 == model.file_sha256 == load_model("digits_cnn_int8").sha256
    assert model.inputs == load_model("digits_cnn_int8").inputs


@pytest.mark.parametrize("folder", ["testplans/models", "models"], ids=["beside the plan", "at the root"])
@pytest.mark.parametrize("as_folder", [False, True], ids=["a file", "a folder"])
def test_a_name_is_found_in_a_folder_of_models(project, folder, as_folder):
    if as_folder:
        shutil.copytree(DIGITS.parent, project / folder / "kws")
        wanted = project / folder / "kws" / "model.toml"
    else:
        wanted = put(project / folder / "kws.tflite")
    assert find("kws", project / "testplans").resolve() == wanted
    assert find("kws", project / "testplans" / "sub" / "..").resolve() == wanted


def test_the_nearer_model_of_a_name_is_meant_and_its_own_comes_before_a_shipped_one(project):
    far = put(project / "models" / "digits_cnn_int8.tflite")
    assert find("digits_cnn_int8", project / "testplans").resolve() == far
    near = put(project / "testplans" / "models" / "digits_cnn_int8.tflite")
    assert find("digits_cnn_int8", project / "testplans").resolve() == near
    assert find("digits_cnn_int8", project.parent) == DIGITS.parent / "model.toml"


def test_a_file_with_its_suffix_is_found_in_a_folder_of_models_too(project):
    wanted = put(project / "models" / "kws.tflite")
    assert find("kws.tflite", project / "testplans").resolve() == wanted


def test_a_model_toml_speaks_only_for_the_file_that_it_describes(project):
    shutil.copytree(DIGITS.parent, project / "nets")
    other = put(project / "nets" / "other.tflite")
    assert find(project / "nets" / DIGITS.name) == project / "nets" / "model.toml"
    assert find(other) == other


def test_two_files_of_one_name_are_not_guessed_between(project):
    put(project / "models" / "kws.tflite")
    put(project / "models" / "kws.keras")
    with pytest.raises(PlanError, match="more than one file") as caught:
        find("kws", project)
    assert caught.value.found == "kws.tflite, kws.keras"


def test_an_unknown_name_says_what_was_searched_where_and_what_was_meant(project):
    put(project / "models" / "kws.tflite")
    with pytest.raises(PlanError) as caught:
        find("kwz", project / "testplans")
    error = caught.value
    assert "did you mean 'kws'?" in str(error)
    assert f"kws ({project / 'models'})" in str(error.expected)
    assert "digits_cnn_int8" in str(error.expected)
    for place in ("testplans/kwz", "testplans/models/kwz", "models/kwz"):
        assert str(project / place) in str(error.found)


def test_an_unknown_path_names_the_file_beside_it(project):
    put(project / "nets" / "kws.tflite")
    with pytest.raises(PlanError, match=r"did you mean 'kws\.tflite'") as caught:
        find("../nets/kwz.tflite", project / "testplans")
    assert "nets/kwz.tflite" in str(caught.value.found)


def test_a_folder_without_model_toml_and_a_file_of_another_kind_are_said(project):
    with pytest.raises(PlanError, match=r"a folder without a model\.toml"):
        find("./models", project)
    (project / "net.pb").write_bytes(b"x")
    with pytest.raises(PlanError, match="kind of model file"):
        find("./net.pb", project)


@pytest.mark.parametrize("text", ["a\0b", "x" * 300 + "/y", "models/\0.tflite", "\ud800/x"])
def test_a_name_that_no_system_takes_is_no_model(project, text):
    with pytest.raises(PlanError):
        find(text, project)


def test_the_classes_of_a_plan_name_the_outputs_and_must_be_one_each(project):
    put(project / "models" / "kws.tflite")
    letters = tuple("abcdefghij")
    spec = ModelSpec.model_validate({"file": "models/kws.tflite", "classes": letters, "name": "mine"})
    model = load_model(spec, project)
    assert (model.name, model.classes) == ("mine", letters)
    with pytest.raises(PlanError, match="class names do not match"):
        load_model(spec.model_copy(update={"classes": letters[1:]}), project)


def test_a_file_of_another_kind_is_converted_once_and_again_when_it_changes(tmp_path, monkeypatch):
    monkeypatch.setenv(folders.CACHE, str(tmp_path / "cache"))
    done = []

    def convert(path):
        done.append(path.read_bytes())
        return DIGITS.read_bytes()

    monkeypatch.setattr(kept, "convert", convert)
    file = tmp_path / "net.h5"
    file.write_bytes(b"first")
    first, second = load_model(file), load_model(file)
    assert (first.path, done) == (second.path, [b"first"])
    assert first.path.is_relative_to(tmp_path / "cache")
    assert (first.file, first.sha256 == first.file_sha256) == (file, False)
    assert first.record().file == str(file)
    file.write_bytes(b"second")
    assert load_model(file).path != first.path
    assert done == [b"first", b"second"]


def test_a_damaged_conversion_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv(folders.CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "convert", lambda path: DIGITS.read_bytes())
    (file := tmp_path / "net.h5").write_bytes(b"x")
    model = load_model(file)
    model.path.write_bytes(b"rubbish")
    assert load_model(file).sha256 == model.sha256


def test_weights_beside_an_onnx_file_count_as_part_of_it(tmp_path, monkeypatch):
    onnx = pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
    import numpy as np

    monkeypatch.setenv(folders.CACHE, str(tmp_path / "cache"))
    helper = onnx.helper

    def train(weight):
        weights = onnx.numpy_helper.from_array(np.full((400, 2), weight, np.float32), "w")
        graph = helper.make_graph(
            [helper.make_node("MatMul", ["x", "w"], ["y"])],
            "net",
            [helper.make_tensor_value_info("x", 1, [1, 400])],
            [helper.make_tensor_value_info("y", 1, [1, 2])],
            [weights],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        (tmp_path / "weights.bin").unlink(missing_ok=True)
        onnx.save(model, str(tmp_path / "net.onnx"), save_as_external_data=True, location="weights.bin")
        return (tmp_path / "net.onnx").read_bytes()

    graph = train(1.0)
    before = load_model(tmp_path / "net.onnx")
    assert train(2.0) == graph, "only the weights' file is another"
    assert load_model(tmp_path / "net.onnx").sha256 != before.sha256
