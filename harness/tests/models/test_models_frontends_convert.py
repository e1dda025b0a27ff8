import hashlib
import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from harness.errors import MisuseError, PlanError
from harness.models import load_model, reference
from harness.models.codegen import plan_layout
from harness.models.describe import model_toml
from harness.models.frontends import convert, known_suffixes
from harness.models.frontends.quantize import quantize
from harness.models.frontends.writer import Writer


def test_a_tflite_passes_through_unchanged():
    path = load_model("digits_cnn_int8").path
    assert convert(path) == path.read_bytes()


def test_an_unknown_kind_lists_the_known_ones(tmp_path):
    (tmp_path / "net.pt").write_bytes(b"")
    with pytest.raises(PlanError) as caught:
        convert(tmp_path / "net.pt")
    assert all(suffix in str(caught.value.expected) for suffix in known_suffixes())


@pytest.mark.parametrize(("suffix", "package"), [(".onnx", "onnx"), (".keras", "tensorflow"), (".h5", "tensorflow")])
def test_a_missing_extra_is_named_with_its_command(tmp_path, monkeypatch, suffix, package):
    monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / f"net{suffix}"
    path.write_bytes(b"")
    with pytest.raises(PlanError) as caught:
        convert(path)
    assert caught.value.next_step == f"pip install 'hil[{package}]'"


def test_a_described_model_loads(tmp_path):
    writer = Writer()
    source = writer.tensor("x", [1, 2])
    index = writer.operator("TANH", [source], [1, 2], "y")
    path = tmp_path / "two.tflite"
    path.write_bytes(writer.content({'the "x"': source}, {"out": index}))
    (tmp_path / "model.toml").write_text(model_toml(path, title="a\nb", classes=["no", "yes"]))
    model = load_model(tmp_path)
    assert (model.name, model.classes, model.facts.title) == ("two", ("no", "yes"), "a\nb")
    assert [t.name for t in (*model.inputs, *model.outputs)] == ['the "x"', "out"]
    with pytest.raises(PlanError, match="class names"):
        model_toml(path, title="", classes=["one"])


def test_a_described_int8_model_keeps_scale_and_zero_point(tmp_path):
    path = tmp_path / "digits.tflite"
    path.write_bytes(load_model("digits_cnn_int8").path.read_bytes())
    told = tomllib.loads(model_toml(path, title="t"))
    assert told["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    (tmp_path / "model.toml").write_text(model_toml(path, title="t"))
    assert load_model(tmp_path).inputs == load_model("digits_cnn_int8").inputs


def test_a_quantised_model_runs_exactly_and_takes_int8(tmp_path):
    pytest.importorskip("ai_edge_quantizer", reason="the extra [quantize] is not installed")
    samples = np.random.default_rng(0).random((20, 8, 8, 1), dtype=np.float32)
    path = tmp_path / "int8.tflite"
    path.write_bytes(quantize(load_model("digits_cnn_f32").path, samples))
    layout = plan_layout(path)
    assert {t.dtype for t in (*layout.inputs, *layout.outputs)} == {"int8"}
    raw = np.random.default_rng(1).integers(-128, 128, (50, 8, 8, 1)).astype(np.int8)
    expected = reference.load("litert").run_layers(path, raw)
    for tensor, values in reference.load("twin").run_layers(path, raw).items():
        assert np.array_equal(values, expected[tensor])


def test_only_float_models_and_fitting_samples_are_quantised():
    with pytest.raises(PlanError, match="float32"):
        quantize(load_model("digits_cnn_int8").path, np.zeros((1, 8, 8, 1), np.float32))
    with pytest.raises(MisuseError, match="calibration"):
        quantize(load_model("digits_cnn_f32").path, np.zeros((1, 28, 28, 1), np.float32))


KERAS = """
import sys, numpy as np, tensorflow as tf
from pathlib import Path
from harness.models.frontends import convert
from harness.models.reference.litert import LiteRt
tf.keras.utils.set_random_seed(1)
layers = tf.keras.layers
net = tf.keras.Sequential([
    tf.keras.Input((8, 8, 3)), layers.Conv2D(6, 3, padding="same", use_bias=False), layers.BatchNormalization(),
    layers.ReLU(), layers.DepthwiseConv2D(3, strides=2), layers.GlobalAveragePooling2D(), layers.Dense(4, "softmax")])
inputs = np.random.default_rng(0).normal(0, 1, (5, 8, 8, 3)).astype(np.float32)
folder = Path(sys.argv[1])
for suffix in (".keras", ".h5"):
    net.save(folder / f"net{suffix}")
    (folder / "net.tflite").write_bytes(convert(folder / f"net{suffix}"))
    found = LiteRt().run(folder / "net.tflite", inputs)
    assert np.abs(found - net.predict(inputs, verbose=0)).max() < 1e-5
print("same")
"""


def test_a_keras_model_gives_the_same_numbers(tmp_path):
    """In a process of its own: TensorFlow is not kind to the one that loads it."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("the extra [tensorflow] is not installed")
    path = os.pathsep.join([str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", KERAS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment)
    assert done.stdout.strip().endswith("same"), done.stderr[-3000:]
    layers = [k.layer.op for k in plan_layout(tmp_path / "net.tflite").kernels]
    assert layers == ["CONV_2D", "DEPTHWISE_CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX"]
