"""Networks that Keras makes and TensorFlow converts, in each form, on a virtual board against LiteRT. With HIL_FULL=1; the plain
suite has every operator and type there in ``test_run_operators``."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "models"))
from keras_nets import PAIRS, converted

from harness.bench.boards import names
from harness.models import load_model
from harness.plans import expand
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import run_case

SAMPLES = 12
# Own exp and tanh: what the next layer multiplies, and in the mixed form quantises, may be off by a step of its own.
FLOAT_LIMIT = 1e-6


@pytest.mark.skipif(os.environ.get("HIL_FULL") != "1", reason="a firmware image each: with HIL_FULL=1")
@pytest.mark.filterwarnings("ignore")  # TensorFlow has many
@pytest.mark.parametrize(("name", "form"), PAIRS)
def test_what_the_converter_makes_of_a_network_runs_on_a_virtual_board_as_in_litert(tmp_path, name, form):
    tensorflow = pytest.importorskip("tensorflow", reason="the extra [tensorflow] is not installed")
    path = tmp_path / "net.tflite"
    path.write_bytes(converted(tensorflow, name, form))
    draw, (tensor,) = np.random.default_rng(3), load_model(str(path)).inputs
    shape = (SAMPLES, *tensor.shape[1:])
    np.savez(tmp_path / "data.npz", x=draw.integers(0, 20, shape) if name == "words" else draw.normal(0, 1, shape))
    plan = tmp_path / "fifty.yaml"
    plan.write_text(
        "name: fifty\nboard: nucleo_f446re\nmodel: net.tflite\ntask: raw\ngates: [lost_samples == 0]\n"
        "dataset: {name: npz, options: {path: data.npz, x: x, unlabelled: true}}\n"
    )
    (case,) = expand(read_plan(plan), boards=names())
    result = run_case(case, RunOptions(backend="virtual"), watch=lambda step: None)
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    ours, theirs = result.samples.outputs, result.samples.reference
    assert len(np.unique(ours)) > 2, "else this test shows little"
    if theirs.dtype == np.float32:
        assert np.abs(ours - theirs).max() <= FLOAT_LIMIT * max(1.0, float(np.abs(theirs).max()))
    else:
        assert np.array_equal(ours, theirs)
