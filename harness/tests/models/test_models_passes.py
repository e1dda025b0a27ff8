import numpy as np
from tflite_kit import Net

from harness.models import tflite
from harness.models.codegen.passes import simplified


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
