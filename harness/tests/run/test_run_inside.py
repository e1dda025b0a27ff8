"""Where does it go wrong? Real virtual units with one layer changed in the image, so that the answer is known."""

import shutil
import zlib

import numpy as np
import pytest
from run_cases import MODEL, digits_case
from run_images import RETURN, damage_weight, replace_start

from harness.data import quantise
from harness.evidence.reports import terminal
from harness.models import metadata
from harness.models.codegen import plan_layout
from harness.models.layertable import TableLayer
from harness.models.reference import load
from harness.plans import ModelSpec
from harness.records import Verdict
from harness.run import inside


@pytest.fixture
def copy(image, tmp_path):
    shutil.copy(image.with_suffix(".model.json"), tmp_path / "changed.model.json")
    return shutil.copy(image, tmp_path / "changed.elf")


@pytest.fixture(scope="module")
def layout():
    return plan_layout(metadata.load_model(MODEL).path)


def offset_of(layout, symbol):
    """Where a constant begins in the section .hil_model."""
    at = 0
    for slot in layout.slots:
        if slot.symbol == symbol:
            return at
        at += slot.constant.values.nbytes + slot.padding
    raise AssertionError(symbol)


def reference_layer(run_result, layout, layer, sample):
    """What the reference's layer holds for one sample of the run."""
    model = metadata.load_model(MODEL)
    raw = quantise(run_result.inputs[sample : sample + 1], model.inputs[0])
    return load("litert").run_layers(model.path, raw)[layout.result(layout.kernels[layer]).index][0]


@pytest.mark.parametrize("layer", [1, 5])
def test_a_changed_weight_is_found_in_its_layer_with_what_was_expected_there(run, copy, layout, layer):
    damage_weight(copy, offset_of(layout, f"w{layer}") + 7)
    result = run(firmware=copy)
    record, found = result.record, result.record.divergence
    assert record.verdict is Verdict.FAIL
    assert found is not None, record.warnings
    assert (found.layer_index, found.layer, found.equal_layers) == (layer, layout.kernels[layer].name, layer)
    assert found.op == layout.kernels[layer].layer.op
    apart = np.flatnonzero((result.samples.outputs != result.samples.reference).any(axis=1))
    assert found.sample_index == apart[0]
    assert found.sample == result.samples.ids[apart[0]]
    truth = reference_layer(result, layout, layer, found.sample_index).reshape(found.shape)
    assert truth[found.position] == found.expected != found.found
    assert 1 <= found.differing <= found.elements == truth.size
    assert found.describe() in record.reasons
    assert found.describe() in terminal.render_text(record, width=400)


def test_a_changed_kernel_is_found_in_the_first_layer_that_calls_it(run, copy, layout):
    replace_start(copy, "hil_nn_dense_s8", RETURN)
    first = next(i for i, kernel in enumerate(layout.kernels) if kernel.function == "hil_nn_dense_s8")
    found = run(firmware=copy).record.divergence
    assert (found.layer_index, found.op) == (first, "FULLY_CONNECTED")


def test_a_good_run_has_no_divergence_and_no_profile_unasked(run):
    record = run(20).record
    assert (record.divergence, record.layers, record.layers_sample) == (None, (), "")


def test_the_profile_has_every_layer_its_instructions_and_the_references_equal_bytes(run, layout):
    result = run(20, layers=True)
    record = result.record
    assert record.layers_sample == result.samples.ids[0]
    assert [layer.name for layer in record.layers] == [kernel.name for kernel in layout.kernels]
    assert [layer.macs for layer in record.layers] == [kernel.macs for kernel in layout.kernels]
    assert all(layer.equal for layer in record.layers)
    assert all(layer.cycles is None for layer in record.layers), "an emulator has no cycles"
    for index, layer in enumerate(record.layers):
        assert layer.crc32 == zlib.crc32(reference_layer(result, layout, index, 0).tobytes())
    # A quiet run of the stream has neither hooks nor the interrupts of the line in it: the two must all but agree.
    whole = float(np.median(result.samples.cycles[result.samples.quiet]))
    assert sum(layer.instructions for layer in record.layers) == pytest.approx(whole, rel=0.005)


def test_an_image_without_its_table_is_decoded_from_the_model(run, image, tmp_path):
    alone = shutil.copy(image, tmp_path / "alone.elf")
    record = run(20, firmware=alone, layers=True).record
    assert record.layers[0].op == "CONV_2D"
    assert record.warnings == ()


def test_a_table_of_other_layers_is_not_believed(run, copy, tmp_path):
    table = tmp_path / "changed.model.json"
    table.write_text(table.read_text().replace('"op_code": 17', '"op_code": 1'))
    record = run(20, firmware=copy, layers=True).record
    assert "not those of the layer table" in record.warnings[0]
    assert [layer.name for layer in record.layers][:2] == ["layer_0", "layer_1"]
    assert all(layer.equal is None for layer in record.layers)


def test_a_float_board_that_equals_its_twin_has_no_divergence(run):
    case = digits_case(20)
    plan = case.plan.model_copy(update={"gates": ()})
    from dataclasses import replace

    result = run(case=replace(case, plan=plan, source=ModelSpec(name="digits_cnn_f32"), gates=()), layers=True)
    assert (result.samples.outputs != result.samples.reference).any(), "else this test shows nothing"
    assert result.record.divergence is None
    assert all(layer.equal for layer in result.record.layers)


NANS = np.array([0x7FC00000, 0xFFC12345], dtype=np.uint32)  # the same to arithmetic, not to a CRC


def float_layer(values):
    data = np.asarray(values, dtype="<f4")
    return TableLayer(0, "l", "op", 1, 0, 5, "t", (1, len(data)), "float32", 0.0, 0, data.nbytes), data.tobytes()


def test_a_layer_whose_nans_differ_in_their_bits_alone_is_no_divergence(run):
    samples = run(1).samples
    layer, truth = float_layer([1.0, NANS.view(np.float32)[0], 2.0])
    _, same = float_layer([1.0, NANS.view(np.float32)[1], 2.0])
    _, other = float_layer([1.0, NANS.view(np.float32)[1], 2.5])
    assert same != truth
    assert inside._first_element(layer, truth, same, samples, 0, 0, "twin") is None
    found = inside._first_element(layer, truth, other, samples, 0, 0, "twin")
    assert (found.position, found.differing) == ((0, 2), 1)
    assert inside._equal(layer, truth, zlib.crc32(truth)) is True
    assert inside._equal(layer, truth, zlib.crc32(same)) is None
    plain, finite = float_layer([1.0, 2.0])
    assert inside._equal(plain, finite, 1) is False
