import hashlib
import re
import shutil

import pytest

from harness.errors import PlanError
from harness.models import load_model, names
from harness.models.describe import toml_text, updated
from harness.models.metadata import read_facts


@pytest.fixture
def folder(tmp_path):
    """A private copy of a shipped model's folder."""
    copy = tmp_path / "model"
    shutil.copytree(load_model("digits_cnn_int8").path.parent, copy)
    return copy


def edited(folder, old, new):
    toml = folder / "model.toml"
    text = toml.read_text()
    assert old in text
    toml.write_text(text.replace(old, new, 1))
    return folder


def test_all_shipped_models_agree_with_their_metadata():
    assert set(names()) >= {"digits_cnn_int8", "digits_cnn_f32", "mnist_f446_int8", "mnist_f446_f32"}
    for name in names():
        model = load_model(name)
        assert model.name == name
        assert model.sha256 == hashlib.sha256(model.path.read_bytes()).hexdigest()
        assert len(model.classes) == model.outputs[0].elements
        if model.facts.figures:  # a class of a small real set has few samples, which stand beside it
            assert max(figure.n for figure in model.facts.figures) >= 240


def test_a_model_is_found_by_its_folder_and_by_its_toml(folder):
    by_folder, by_toml = load_model(folder), load_model(folder / "model.toml")
    assert by_folder.path == by_toml.path == folder / "digits_cnn_int8.tflite"


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(PlanError) as caught:
        load_model("digits_cnn_int4")
    assert "digits_cnn_int4" in str(caught.value)
    assert "mnist_f446_int8" in str(caught.value.expected)


def test_another_file_under_the_same_name_is_refused_with_both_hashes(folder):
    path = folder / "digits_cnn_int8.tflite"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(PlanError) as caught:
        load_model(folder)
    assert load_model("digits_cnn_int8").sha256 in str(caught.value.expected)
    assert hashlib.sha256(content).hexdigest() in str(caught.value.found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("shape = [1, 8, 8, 1]", "shape = [1, 1, 8, 8]"),
        ('dtype = "int8"', 'dtype = "float32"'),
        ("zero_point = -128", "zero_point = 0"),
        ("scale = 0.0039", "scale = 0.0038"),
        ('name = "image"', 'name = "picture"'),
    ],
)
def test_a_tensor_that_differs_from_the_file_is_refused_naming_both_sides(folder, old, new):
    with pytest.raises(PlanError) as caught:
        load_model(edited(folder, old, new))
    assert "model.toml: " in str(caught.value.expected)
    assert ".tflite: " in str(caught.value.found)
    assert caught.value.expected != caught.value.found


def test_a_wrong_number_of_classes_is_refused(folder):
    with pytest.raises(PlanError, match="class names"):
        load_model(edited(folder, '"8", "9"]', '"8"]'))


def test_an_unknown_key_in_model_toml_is_refused_by_name(folder):
    with pytest.raises(PlanError, match="colour"):
        load_model(edited(folder, 'title = "', 'colour = "blue"\ntitle = "'))


def test_preprocessing_is_documentation_that_may_be_left_out(folder):
    text = (folder / "model.toml").read_text()
    assert load_model(folder).facts.preprocessing.divisor == 16
    (folder / "model.toml").write_text(re.sub(r"\[preprocessing\].*\ndivisor.*\n", "", text))
    assert load_model(folder).facts.preprocessing is None


@pytest.mark.parametrize("classes", ['"0", "1", "1"', '"0", "", "2"', '"0", "\\u001b", "2"'])
def test_class_names_that_tell_no_outputs_apart_are_refused(folder, classes):
    edited(folder, '"0", "1", "2"', classes)
    with pytest.raises(PlanError, match="tell the outputs apart"):
        load_model(folder)


def test_a_model_file_that_never_ends_is_refused(folder):
    edited(folder, 'file = "digits_cnn_int8.tflite"', 'file = "/dev/zero"')
    with pytest.raises(PlanError, match="not a regular file"):
        load_model(folder)


@pytest.mark.parametrize("name", names())
def test_a_written_model_toml_says_what_was_read(tmp_path, name):
    facts = load_model(name).facts
    (tmp_path / "model.toml").write_text(toml_text(facts))
    assert read_facts(tmp_path / "model.toml") == facts


def test_a_stale_model_toml_is_refused_with_the_command_and_its_update_is_true(folder):
    """The file of another network in its place: hash and tensors are the new one's, the figures say that they are not."""
    edited(folder, 'title = "Digits CNN, int8"', 'title = "mine \U000e0041 \\\\ \\u0007"')
    before = load_model(folder)
    shutil.copy(load_model("digits_cnn_f32").path, before.path)
    with pytest.raises(PlanError, match="hil model update"):
        load_model(folder)
    old, new = updated(folder / "model.toml")
    (folder / "model.toml").write_text(toml_text(new))
    after = load_model(folder)
    assert (old.sha256, after.sha256) == (before.sha256, load_model("digits_cnn_f32").sha256)
    assert (after.facts.title, after.classes) == (before.facts.title, before.classes)
    assert (after.facts.training, after.facts.preprocessing) == (before.facts.training, before.facts.preprocessing)
    assert after.inputs[0].dtype == "float32"
    assert [figure.sha256 for figure in after.facts.figures] == [before.sha256]
    assert updated(folder / "model.toml") == (new, new), "what is up to date stays"


def test_an_update_asks_for_the_classes_that_it_cannot_know(folder):
    edited(folder, '"8", "9"]', '"8"]')
    with pytest.raises(PlanError, match="--classes"):
        updated(folder / "model.toml")
    assert updated(folder / "model.toml", list("abcdefghij"))[1].classes == tuple("abcdefghij")
