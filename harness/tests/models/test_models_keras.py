"""Files that Keras itself wrote, named by a plan as they are: read, run, and trained anew. Needs the extra [tensorflow]."""

import os
from importlib.util import find_spec

import numpy as np
import pytest

from harness.errors import PlanError
from harness.models import load_model
from harness.models.reference import load
from harness.plans import load as load_plan

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Imported when a test runs: it takes seconds, and says much.
needs_keras = pytest.mark.skipif(not find_spec("tensorflow"), reason="needs TensorFlow: pip install 'hil[tensorflow]'")
SUFFIXES = ("keras", "h5")
PLAN = """
name: own
boards: [nucleo_f446re]
models: [../nets/net.{suffix}]
dataset: {{name: npz, options: {{path: ../test.npz}}}}
gates: [lost_samples == 0]
"""


def trained(seed):
    import tensorflow as tf

    tf.keras.utils.set_random_seed(seed)
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            tf.keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def images(n=20):
    return np.random.default_rng(0).random((n, 8, 8, 1), np.float32)


@needs_keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_of_keras_is_a_model_from_any_folder_and_computes_as_keras_does(tmp_path, monkeypatch, suffix):
    (tmp_path / "nets").mkdir()
    (tmp_path / "testplans").mkdir()
    net = trained(0)
    net.save(tmp_path / "nets" / f"net.{suffix}")
    (tmp_path / "testplans" / "own.yaml").write_text(PLAN.format(suffix=suffix))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    plan = load_plan(tmp_path / "testplans" / "own.yaml")
    model = load_model(plan.models[0], plan.folder)
    assert (model.name, model.inputs[0].shape, model.outputs[0].shape) == ("net", (1, 8, 8, 1), (1, 3))
    ours = load("litert").run(model.path, images())
    np.testing.assert_allclose(ours.reshape(20, 3), net.predict(images(), verbose=0), atol=1e-5)


@needs_keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_trained_anew_in_its_place_is_another_model(tmp_path, suffix):
    file = tmp_path / f"net.{suffix}"
    trained(0).save(file)
    before = load_model(file)
    net = trained(1)
    net.save(file)
    after = load_model(file)
    assert after.record().file_sha256 != before.record().file_sha256
    assert after.sha256 != before.sha256
    ours = load("litert").run(after.path, images())
    np.testing.assert_allclose(ours.reshape(20, 3), net.predict(images(), verbose=0), atol=1e-5)


@needs_keras
@pytest.mark.filterwarnings("ignore")
def test_hil_init_takes_a_file_of_keras(tmp_path):
    from harness.scaffold.make import Asked, make
    from harness.testing.clock import ManualClock

    net = trained(0)
    net.save(tmp_path / "net.keras")
    labels = net.predict(images(60), verbose=0).argmax(axis=1)
    np.savez(tmp_path / "test.npz", x=images(60), y=labels)
    made = make(Asked(tmp_path), ManualClock())
    assert made.pair.hits == 60
    assert load_plan(made.plan).models[0].file == "../net.keras"
    assert "hil[tensorflow]" in (tmp_path / ".github" / "workflows" / "hil.yml").read_text()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_without_tensorflow_the_error_says_what_to_install(tmp_path, monkeypatch, suffix):
    import sys

    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setenv("HIL_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / f"net.{suffix}").write_bytes(b"whatever")
    with pytest.raises(PlanError, match="read by TensorFlow, which is not installed") as caught:
        load_model(tmp_path / f"net.{suffix}")
    assert caught.value.next_step == "pip install 'hil[tensorflow]'"
