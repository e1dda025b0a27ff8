import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from tflite_kit import Net
from tflite_ops import RichNet

from harness.models import tflite
from harness.models.codegen.folding import fold_constants
from harness.models.codegen.passes import simplified
from harness.models.ir import Graph, IrTensor, Layer


def ops(net, outputs=None):
    program = simplified(tflite.parse(net.content(outputs), "net"))
    return [layer.op for layer in program.graph.layers], program


def make(dtype="float32"):
    return Net(dtype, (4, 4, 2), np.random.default_rng(0))


def test_a_reshape_costs_nothing_and_shares_its_source_s_memory():
    net = make()
    source = net.conv(2)
    flat = net.reshape((1, 32))
    net.dense(3)
    found, program = ops(net)
    assert found == ["CONV_2D", "FULLY_CONNECTED"]
    assert program.storage[flat] == source


def test_a_reshape_at_the_end_leaves_the_output_its_own_shape():
    net = make()
    source = net.conv(2)
    flat = net.reshape((1, 32))
    _, program = ops(net)
    assert program.graph.outputs == (flat,)
    assert program.graph.tensor(flat).shape == (1, 32)
    assert program.storage[flat] == source


def test_a_relu_of_its_own_is_fused_into_the_layer_before():
    net = make()
    net.conv(2)
    net.unary("RELU")
    net.dense(3)
    found, program = ops(net)
    assert found == ["CONV_2D", "FULLY_CONNECTED"]
    assert program.graph.layers[0].options["fusedActivationFunction"] == 1


def test_a_relu_is_not_fused_where_another_layer_or_the_user_reads_its_input():
    net = make()
    before = net.conv(2)
    after = net.unary("RELU")
    found, _ = ops(net, outputs=[before, after])
    assert found == ["CONV_2D", "RELU"]


def test_a_relu_with_another_scale_is_not_fused():
    net = make("int8")
    net.conv(2)
    net.unary("RELU", net.scale() * 0.5, -128)
    assert ops(net)[0] == ["CONV_2D", "RELU"]


def test_layers_that_nothing_reads_are_dropped():
    net = make()
    start = net.current
    net.unary("SIN")  # no kernel exists: it must not even be looked at
    net.current = start
    net.conv(2)
    assert ops(net)[0] == ["CONV_2D"]


def state_of_zeros(net, fill_scale=0.05):
    """What an export with an open batch has in front of a recurrent layer: a state filled to the input's batch."""
    source = net.current
    shape = net.add_operator(
        "SHAPE", [source], net.add_tensor("shape", (4,), "int32"), schema.ShapeOptionsT(), "ShapeOptions"
    )
    options = schema.StridedSliceOptionsT()
    options.shrinkAxisMask = 1
    bounds = [net.integers([n]) for n in (0, 1, 1)]
    batch = net.add_tensor("batch", (), "int32")
    net.add_operator("STRIDED_SLICE", [shape, *bounds], batch, options, "StridedSliceOptions")
    pack = schema.PackOptionsT()
    pack.valuesCount, pack.axis = 2, 0
    units = net.add_tensor("units", (), "int32", data=np.array(32, np.int32))
    dims = net.add_operator("PACK", [batch, units], net.add_tensor("dims", (2,), "int32"), pack, "PackOptions")
    value = net.add_tensor("zero", (), net.dtype, fill_scale, -3, np.array(-3 if net.quantised else 0, net.dtype))
    filled = net.add_tensor("state", (1, 32), net.dtype, 0.05, -3)
    net.add_operator("FILL", [dims, value], filled, schema.FillOptionsT(), "FillOptions")
    net.current = source
    net.reshape((1, 32))
    return net.binary("ADD", filled)


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_a_state_filled_to_the_batch_is_a_constant(dtype):
    net = RichNet(dtype, (4, 4, 2), np.random.default_rng(0), 0.05, -3)
    state_of_zeros(net)
    found, program = ops(net)
    assert found == ["ADD"]
    state = program.graph.tensor(program.graph.layers[0].inputs[1])
    assert state.data.shape == (1, 32)
    assert (state.data == (-3 if dtype == "int8" else 0)).all()


def test_a_fill_that_would_change_the_scale_is_not_folded():
    net = RichNet("int8", (4, 4, 2), np.random.default_rng(0), 0.05, -3)
    state_of_zeros(net, fill_scale=0.1)
    assert "FILL" in ops(net)[0]


@pytest.mark.parametrize(
    ("begin", "end", "stride", "masks", "expected"),
    [
        ([1], [4], [1], {}, [11, 12, 13]),
        ([-1], [0], [-2], {}, [15, 13, 11]),
        ([3], [0], [1], {"shrinkAxisMask": 1}, 13),
        ([9], [9], [2], {"beginMask": 1, "endMask": 1}, [10, 12, 14]),
        ([1], [2], [1], {"offset": True}, [11, 12]),
    ],
)
def test_slices_of_constants_are_taken_as_litert_takes_them(begin, end, stride, masks, expected):
    options = {"beginMask": 0, "endMask": 0, "shrinkAxisMask": 0, **masks}
    values = np.arange(10, 16, dtype=np.int32)
    shape = np.shape(expected)
    constants = (values, *(np.array(v, np.int32) for v in (begin, end, stride)))
    tensors = tuple(IrTensor(i, "", v.shape, "int32", data=v) for i, v in enumerate(constants))
    layer = Layer(0, "STRIDED_SLICE", 45, (0, 1, 2, 3), (4,), options)
    graph = Graph((*tensors, IrTensor(4, "", shape, "int32")), (layer,), (), (4,), (), ("out",))
    folded = fold_constants(graph)
    assert folded.layers == ()
    assert folded.tensor(4).data.tolist() == expected
