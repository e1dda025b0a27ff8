import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tflite_kit import Net

from harness.errors import PlanError
from harness.models import load_model, tflite

CONTENT = load_model("digits_cnn_int8").path.read_bytes()


def test_the_reader_gives_shapes_scales_and_constants():
    graph = tflite.parse(CONTENT, "digits")
    image = graph.tensor(graph.inputs[0])
    assert (image.shape, image.dtype, image.zero_point) == ((1, 8, 8, 1), "int8", -128)
    assert graph.input_names == ("image",)
    first = graph.layers[0]
    weights = graph.tensor(first.inputs[1])
    assert (first.op, first.code) == ("CONV_2D", 3)
    assert weights.data.shape == (8, 3, 3, 1)
    assert len(weights.quantization.scales) == 8
    assert not weights.quantization.per_tensor


def test_an_operator_code_in_the_old_field_alone_is_understood():
    net = Net("float32", (4, 4, 1), np.random.default_rng(0))
    net.add_operator("RELU", [net.current], net.out((1, 4, 4, 1)), old_field_only=True)
    assert [layer.op for layer in tflite.parse(net.content(), "net").layers] == ["RELU"]


def test_a_file_of_another_kind_is_refused():
    with pytest.raises(PlanError, match=r"not a \.tflite"):
        tflite.parse(b"\x89HDF\r\n\x1a\n" + bytes(100), "model.h5")


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(PlanError, match=r"nothing\.tflite"):
        tflite.read(tmp_path / "nothing.tflite")


@given(st.integers(8, len(CONTENT) - 1))
def test_a_truncated_file_is_refused_or_read_never_anything_else(length):
    try:
        tflite.parse(CONTENT[:length], "cut")
    except PlanError:
        pass
