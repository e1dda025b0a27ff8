"""Weights that several layers share lie in flash once, are counted once, and compute the same."""

import numpy as np
import pytest

from harness.models import reference
from harness.models.codegen import plan_layout
from harness.models.frontends.writer import Writer


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A dense layer of 16 x 16 used three times, and one of its own."""
    random = np.random.default_rng(5)
    shared, own = (random.normal(0, 0.3, (16, 16)).astype(np.float32) for _ in range(2))
    bias = random.normal(0, 0.1, 16).astype(np.float32)
    writer = Writer()
    x = source = writer.tensor("x", [1, 16])
    for number, weights in enumerate((shared, shared, own, shared)):
        places = [x, writer.constant(f"w{number}", weights), writer.constant(f"b{number}", bias)]
        x = writer.operator(
            "FULLY_CONNECTED", places, [1, 16], f"y{number}", options="FullyConnectedOptions", fusedActivationFunction=1
        )
    path = tmp_path_factory.mktemp("shared") / "net.tflite"
    path.write_bytes(writer.content({"x": source}, {"y": x}))
    return path


def test_equal_weights_have_one_place_in_flash(twice):
    layout = plan_layout(twice)
    assert [slot.symbol for slot in layout.slots if slot.constant.role == "w"] == ["w0", "w2"]
    assert layout.slots[0].also == ("w1", "w3") or layout.slots[1].also == ("w1", "w3")
    assert len(layout.weights) < 2 * 16 * 16 * 4 + 16 * 4 + 64
    assert [sum(c.values.size for c in layout.own_constants(i)) for i in range(4)] == [272, 0, 256, 0]


def test_the_board_s_own_code_computes_what_litert_does(twice):
    inputs = np.random.default_rng(1).normal(size=(20, 16)).astype(np.float32)
    ours, theirs = (reference.load(name).run(twice, inputs) for name in ("twin", "litert"))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert np.ptp(ours) > 0


def test_parameters_are_counted_once(twice):
    from harness.cli.model_commands import _facts

    assert _facts(twice, ["nucleo_f446re"])["parameters"] == 2 * 256 + 16
