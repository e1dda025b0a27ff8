"""Every form that TensorFlow's converter makes of a network, on every layer against LiteRT. Needs the extra [tensorflow]."""

import os

import numpy as np
import pytest
from keras_nets import PAIRS, converted
from tflite_kit import bits, random_inputs

from harness.models.codegen import plan_layout
from harness.models.reference.litert import LiteRt
from harness.models.reference.twin import Twin

tensorflow = pytest.importorskip("tensorflow", reason="the extra [tensorflow] is not installed")
FULL = os.environ.get("HIL_FULL") == "1"


@pytest.mark.parametrize(
    ("name", "form"), PAIRS if FULL else [("images", "uint8 ends"), ("gates", "16x8"), ("words", "int8")]
)
def test_what_the_converter_makes_equals_litert_on_every_layer(tmp_path, name, form):
    path = tmp_path / "net.tflite"
    path.write_bytes(converted(tensorflow, name, form))
    layout = plan_layout(path)
    (tensor,) = layout.inputs
    inputs = random_inputs(tensor.dtype, tensor.shape[1:], 20)
    if name == "words":
        inputs = np.abs(inputs)
    expected, found = LiteRt().run_layers(path, inputs), Twin().run_layers(path, inputs)
    for kernel in layout.kernels:
        ours, theirs = found[layout.result(kernel).index], expected[layout.result(kernel).index]
        if theirs.dtype == np.float32:
            assert np.abs(ours - theirs).max() <= 1e-6 * max(1.0, float(np.abs(theirs).max())), kernel.name
        else:
            assert np.array_equal(bits(ours), bits(theirs)), kernel.name
