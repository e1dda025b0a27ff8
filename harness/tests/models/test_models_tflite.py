import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
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


def with_a_second_subgraph(content):
    model = schema.ModelT.InitFromPackedBuf(content)
    model.subgraphs.append(model.subgraphs[0])
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_loop_is_named_with_its_layer_and_what_to_do():
    net = Net("float32", (4,), np.random.default_rng(0))
    net.unary("RELU")
    options = schema.WhileOptionsT()
    options.condSubgraphIndex = options.bodySubgraphIndex = 1
    net.add_operator("WHILE", [net.current], net.out((1, 4)), options, "WhileOptions")
    with pytest.raises(PlanError, match="no operator WHILE") as caught:
        tflite.parse(with_a_second_subgraph(net.content()), "net")
    assert caught.value.where == "net, layer 1"
    assert "unroll=True" in caught.value.next_step


def test_a_second_subgraph_that_nothing_calls_is_refused_too():
    with pytest.raises(PlanError, match="several subgraphs"):
        tflite.parse(with_a_second_subgraph(CONTENT), "net")
