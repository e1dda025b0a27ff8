"""Model and data are tried together on the host before anything is written."""

import math

import numpy as np
import pytest
from scaffold_kit import (
    IRIS,
    digits,
    digits_classifier,
    digits_layers,
    digits_model,
    digits_npz,
    flat,
    images_of_digits,
    int8_model,
    iris_csv,
    iris_model,
    network,
)
from scipy.stats import binomtest

from harness.errors import PlanError
from harness.models import load_model
from harness.scaffold import forms, gates
from harness.scaffold.belong import together
from harness.testing.clock import ManualClock


def pair(model, data):
    return together(load_model(model), forms.recognised(data), ManualClock())


def test_the_reference_scores_and_floats_get_the_difference_of_the_boards_c(tmp_path):
    found = pair(digits_model(tmp_path / "net.tflite"), digits_npz(tmp_path / "a.npz", 200))
    _, _, x, y = digits()
    ours = digits_classifier().predict(flat(x[:200])) == y[:200]
    assert found.n == 200
    assert found.hits == ours.sum()  # scikit-learn's own count
    assert 0 <= found.difference < 1e-5
    assert found.notes == ()


def test_rows_of_text_get_the_shape_of_the_models_input(tmp_path):
    _, _, x, y = digits()
    rows = [f"{label},{','.join(f'{v:g}' for v in row.reshape(-1))}" for row, label in zip(x[:50], y[:50], strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    found = pair(digits_model(tmp_path / "net.tflite"), tmp_path / "a.csv")
    assert found.data.options == {"shape": "8x8x1"}
    assert found.hits > 40


def test_names_in_the_data_become_the_names_of_the_models_outputs(tmp_path):
    found = pair(iris_model(tmp_path / "net.tflite"), iris_csv(tmp_path / "a.csv"))
    assert found.classes == IRIS
    assert found.hits > 140


def test_another_order_of_the_outputs_is_found_said_and_proposed(tmp_path):
    found = pair(iris_model(tmp_path / "net.tflite", order=(2, 0, 1)), iris_csv(tmp_path / "a.csv"))
    assert found.classes == ("virginica", "setosa", "versicolor")
    assert found.hits > 140
    (note,) = found.notes
    assert "taken as virginica, setosa, versicolor the reference is right on 14" in note


def test_data_in_another_scale_is_found_and_put_into_the_plan(tmp_path):
    found = pair(int8_model(tmp_path / "net.tflite"), digits_npz(tmp_path / "a.npz", factor=255))
    assert found.data.options == {"divide": 255.0}
    assert found.hits == 438  # what the model reaches on 0..1
    assert "with divide: 255 the reference is right on 438 instead of" in found.notes[0]


def test_a_scale_that_the_form_has_by_itself_is_taken_into_account(tmp_path):
    (weights, bias), *rest = digits_layers()
    model = network(tmp_path / "net.tflite", [(weights / 255, bias), *rest], (8, 8, 1))  # takes 0..255
    images_of_digits(tmp_path / "digits", 200)
    found = pair(model, tmp_path / "digits")
    assert found.data.options == {"mode": "grey", "divide": 1.0}
    assert found.hits > 150


def turned(path, shape):
    """A model of three classes that takes that shape, and tells the channels apart."""
    size = math.prod(shape)
    weights = np.zeros((3, size))
    for channel in range(3):
        weights[channel].reshape(shape)[..., channel] = 1.0
    return network(path, [(weights, np.zeros(3))], shape)


def coloured(n=90):
    """Images [N, 4, 5, 3] whose strongest channel is their class."""
    random = np.random.default_rng(3)
    y = np.arange(n) % 3
    x = random.random((n, 4, 5, 3), np.float32)
    x[np.arange(n), :, :, y] += 1
    return x, y


def test_channels_first_for_channels_last_are_turned_by_an_option_and_said(tmp_path):
    x, y = coloured()
    np.savez(tmp_path / "a.npz", x=x.transpose(0, 3, 1, 2), y=y)
    found = pair(turned(tmp_path / "net.tflite", (4, 5, 3)), tmp_path / "a.npz")
    assert found.data.options == {"channels": "first"}
    assert found.hits == found.n
    assert "the data has its channels first" in found.notes[0]


def test_an_order_of_axes_that_no_option_turns_says_how_to_save_the_data(tmp_path):
    x, y = coloured()
    np.savez(tmp_path / "a.npz", x=x, y=y)
    with pytest.raises(PlanError, match="the data has its channels last, the model first") as caught:
        pair(turned(tmp_path / "net.tflite", (3, 4, 5)), tmp_path / "a.npz")
    assert "x.transpose(0, 3, 1, 2)" in caught.value.next_step
    np.savez(tmp_path / "a.npz", x=x[..., 0], y=y)
    with pytest.raises(PlanError, match="do not have the shape of the model's input"):
        pair(tmp_path / "net.tflite", tmp_path / "a.npz")


def test_folders_of_images_are_read_as_the_model_takes_them(tmp_path):
    images_of_digits(tmp_path / "digits", 60, (16, 16), "is ")
    found = pair(int8_model(tmp_path / "net.tflite"), tmp_path / "digits")
    assert found.data.form == "image_folders"
    assert found.data.options == {"mode": "grey", "size": "8x8", "resize": "bilinear"}
    assert found.hits > 50
    assert found.classes == tuple(f"is {digit}" for digit in range(10))
    assert any("resized by Pillow's bilinear filter" in note for note in found.notes)


def test_more_classes_than_the_model_has_are_refused_with_both_lists(tmp_path):
    x, y = np.zeros((8, 4), np.float32), np.arange(8)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    with pytest.raises(PlanError, match="label 7 is beyond the model's outputs") as caught:
        pair(iris_model(tmp_path / "net.tflite"), tmp_path / "a.npz")
    assert "the model's 3 outputs" in str(caught.value.expected)


def test_a_model_with_one_output_value_is_told_so(tmp_path):
    network(tmp_path / "net.tflite", [(np.ones((1, 4)), np.zeros(1))], (4,))
    with pytest.raises(PlanError, match="one output value, and a plan decides between classes"):
        pair(tmp_path / "net.tflite", iris_csv(tmp_path / "a.csv"))


def test_a_set_that_the_model_was_trained_on_is_pointed_out(tmp_path):
    found = pair(digits_model(tmp_path / "net.tflite"), digits_npz(tmp_path / "train.npz", 100))
    assert "its figures promise too much" in found.notes[0]


def test_gates_are_what_the_host_reached_and_say_why(tmp_path):
    found = pair(digits_model(tmp_path / "net.tflite"), digits_npz(tmp_path / "a.npz", 200))
    accuracy, difference, same, *rest = gates.proposed(found)
    low = binomtest(found.hits, 200).proportion_ci(0.95, method="wilson").low  # scipy's own
    assert accuracy.text == f"accuracy >= {math.floor(low * 1000) / 1000:g}"
    assert f"{found.hits} of 200 right" in accuracy.why
    metric, _, limit = difference.text.split()
    assert metric == "max_abs_diff"
    assert 10 * found.difference <= float(limit) <= 1e-4
    assert same.text == "decision_agreement == 1.0"
    assert [gate.text for gate in rest] == ["input_integrity == 1.0", "lost_samples == 0"]


def test_a_model_that_guesses_gets_no_gate_on_accuracy_and_says_why(tmp_path):
    random = np.random.default_rng(1)
    np.savez(tmp_path / "a.npz", x=random.random((200, 8, 8, 1), np.float32), y=random.integers(0, 10, 200))
    first = gates.proposed(pair(digits_model(tmp_path / "net.tflite"), tmp_path / "a.npz"))[0]
    assert first.text == ""
    assert "always saying the commonest class gives" in first.why
