"""What is proved of accumulators before any C is made, at its edge; MLPerf Tiny's visual wake words failed a bound too low."""

import numpy as np
import pytest
from tflite_kit import bits, random_inputs
from tflite_ops import RichNet

from harness.errors import PlanError
from harness.models.codegen import fixedpoint, plan_layout
from harness.models.kernels import KERNEL_SETS
from harness.models.reference.litert import LiteRt
from harness.models.reference.twin import Twin

INT32_MAX = 2**31 - 1


def steps_of_rescale(x, multiplier, shift):
    """Every value that nn_rescale holds in an int32 on its way, then the result with the greatest zero point on it."""
    left = x << max(shift, 0)
    scaled = fixedpoint.high_mul(left, multiplier)
    yield from (left, scaled)
    if shift < 0:
        yield scaled + (scaled >> 31) + (1 << (-shift - 1))
        scaled = (scaled + (scaled >> 31) + (1 << (-shift - 1))) >> -shift
    yield scaled + 127


def within(x, multiplier, shift):
    return all(-(2**31) <= value <= INT32_MAX for value in steps_of_rescale(x, multiplier, shift))


@pytest.mark.parametrize("shift", [-31, -30, -23, -22, -1, 0, 1, 7, 15])
@pytest.mark.parametrize("multiplier", [1 << 30, (1 << 30) + 1, 1518500250, INT32_MAX])
def test_the_limit_is_the_last_accumulator_that_overflows_nothing(multiplier, shift):
    limit = fixedpoint.accumulator_limit(multiplier, shift)
    assert within(limit, multiplier, shift)
    assert within(-limit, multiplier, shift)
    slack = 300 if shift >= 0 else 0  # room for the zero point is counted in whole, whatever the one at hand
    assert limit == INT32_MAX or not within(limit + 1 + slack, multiplier, shift)


def test_a_multiplier_of_zero_takes_any_accumulator():
    assert fixedpoint.accumulator_limit(0, 0) == INT32_MAX


def bias_of(net, operator=-1):
    return net.buffers[net.tensors[net.operators[operator].inputs[2]].buffer].data.view(np.int32)


def weights_of(net, operator=-1):
    tensor = net.tensors[net.operators[operator].inputs[1]]
    return net.buffers[tensor.buffer].data.view(np.int8).reshape(tensor.shape)


def layer_of(kind, seed=0):
    net = RichNet("int8", (5, 6, 6), np.random.default_rng(seed))
    match kind:
        case "conv":
            net.conv(5)
        case "depthwise":
            net.conv(1, depthwise=True)
        case "dense":
            net.dense(5)
        case "transposed":
            net.transpose_conv(5, (2, 2))
    return net


def equal_to_litert(path):
    inputs = random_inputs("int8", (5, 6, 6), 30)
    expected = LiteRt().run(path, inputs)
    for kernels in KERNEL_SETS:
        assert np.array_equal(bits(Twin(kernels=kernels).run(path, inputs)), bits(expected)), kernels


@pytest.mark.parametrize("kind", ["conv", "depthwise", "dense"])
def test_channels_without_weights_whose_bias_was_clipped_to_2_to_the_30_equal_litert(tmp_path, kind):
    net = layer_of(kind)
    axis = 3 if kind == "depthwise" else 0
    for channel, bias in ((1, 2**30), (3, -(2**30)), (4, -(2**30) + 1)):
        np.moveaxis(weights_of(net), axis, 0)[channel] = 0
        bias_of(net)[channel] = bias
    path = net.write(tmp_path / "net.tflite")
    equal_to_litert(path)
    assert "grouped" not in plan_layout(path).kernels[0].function  # the fast kernels stay in use


@pytest.mark.parametrize("kind", ["conv", "depthwise", "dense"])
def test_accumulators_beyond_2_to_the_30_that_int32_holds_equal_litert(tmp_path, kind):
    net = layer_of(kind)
    bias_of(net)[:] = [2**30 + 5, -(2**30) - 1, 2**31 - 2**23, -(2**31) + 2**23, 3, 4][: len(bias_of(net))]
    q = net.tensors[net.operators[0].inputs[1]].quantization
    q.scale = q.scale * np.float32(2.0**-14)  # so that the sums still tell in the output
    equal_to_litert(net.write(tmp_path / "net.tflite"))


def test_an_accumulator_that_could_overflow_is_refused_with_file_layer_channel_and_a_way_out(tmp_path):
    net = layer_of("conv")
    bias_of(net)[2] = 2**31 - 5
    path = net.write(tmp_path / "net.tflite")
    with pytest.raises(PlanError, match="overflow") as caught:
        plan_layout(path)
    assert str(path) in caught.value.where
    assert "layer 0" in caught.value.where
    assert "channel 2" in caught.value.what
    assert caught.value.next_step
