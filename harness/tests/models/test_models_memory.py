"""Networks with a memory: variables of the file and states of SVDF, from sample to sample or from the start for each."""

import copy

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from op_nets import CASES
from tflite_kit import bits

from harness.errors import PlanError
from harness.models import load_model, tflite
from harness.models.codegen import Options, generate, plan_layout
from harness.models.kernels import KERNEL_SETS
from harness.models.reference.litert import LiteRt
from harness.models.reference.twin import Twin

STEPS = 100
KEPT = Options(keep_state=True)
NETWORKS = ["streaming_keyword_int8", "streaming_keyword_f32"]


def stream(layout, seed=3):
    (tensor,) = layout.inputs
    random = np.random.default_rng(seed)
    if tensor.dtype == "int8":
        return random.integers(-128, 128, (STEPS, *tensor.shape[1:])).astype(np.int8)
    return random.normal(0, 1, (STEPS, *tensor.shape[1:])).astype(np.float32)


def near(expected, found):
    if expected.dtype == np.float32:
        return np.abs(expected - found).max() <= 2.5e-7
    return np.array_equal(bits(expected), bits(found))


@pytest.mark.parametrize("kernels", KERNEL_SETS)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_hundred_steps_of_a_stream_equal_litert(name, kernels):
    path = load_model(name).path
    steps = stream(plan_layout(path))
    expected = LiteRt(keep_state=True).run(path, steps)
    assert near(expected, Twin(options=KEPT, kernels=kernels).run(path, steps))
    assert not near(expected, LiteRt().run(path, steps))  # the memory does something


@pytest.mark.parametrize("name", NETWORKS)
def test_without_keeping_each_sample_is_as_if_it_were_the_first(name):
    path = load_model(name).path
    steps = stream(plan_layout(path))[:8]
    together = Twin().run(path, steps)
    assert near(LiteRt().run(path, steps), together)
    assert np.array_equal(together, np.concatenate([Twin().run(path, steps[i : i + 1]) for i in range(len(steps))]))


def test_a_started_engine_has_forgotten_what_it_computed_before():
    path = load_model(NETWORKS[0]).path
    steps = stream(plan_layout(path))
    twin = Twin(options=KEPT)
    assert np.array_equal(twin.run(path, steps), twin.run(path, steps))


def test_states_have_memory_that_nothing_else_uses(tmp_path):
    layout = plan_layout(load_model(NETWORKS[0]).path)
    assert sorted(state.n_bytes for state in layout.states) == [40, 48]
    for state in layout.states:
        (own,) = [b for b in layout.blocks if b.key == state.index]
        assert all(b is own or own.alive_with(b) for b in layout.blocks)
    kept = generate(load_model(NETWORKS[0]).path, tmp_path / "kept", options=KEPT)
    anew = generate(load_model(NETWORKS[0]).path, tmp_path / "anew")
    assert (kept.model_c.read_text().count("forget();"), anew.model_c.read_text().count("forget();")) == (1, 2)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_an_svdf_layer_remembers_as_litert_s_does(tmp_path, dtype):
    path = CASES[f"SVDF-{dtype}"](np.random.default_rng(2)).write(tmp_path / "net.tflite")
    steps = stream(plan_layout(path))
    expected = LiteRt(keep_state=True).run(path, steps)
    found = Twin(options=KEPT).run(path, steps)
    if dtype == "int8":
        assert np.array_equal(expected, found)
    else:  # the reference sums four products at a time
        assert np.abs(expected - found).max() <= 2.5e-6


def test_a_recurrent_layer_that_starts_from_zero_cannot_be_kept():
    with pytest.raises(PlanError, match="kept from sample to sample"):
        plan_layout(load_model("recurrent_lstm_sequence_int8").path, options=KEPT)


def changed(change):
    model = schema.ModelT.InitFromPackedBuf(load_model(NETWORKS[0]).path.read_bytes())
    change(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def operator_of(model, subgraph, name):
    number = getattr(schema.BuiltinOperator, name)
    return [o for o in model.subgraphs[subgraph].operators if model.operatorCodes[o.opcodeIndex].builtinCode == number]


def never_assigned(model):
    del model.subgraphs[1].operators[:]


def no_handle(model):
    operator_of(model, 0, "READ_VARIABLE")[0].inputs = [0]


def of_another_shape(model):
    read = operator_of(model, 0, "READ_VARIABLE")[0].outputs[0]
    model.subgraphs[0].tensors[read].shape = [1, 4, 10]


def more_subgraphs(model):
    model.subgraphs.append(copy.deepcopy(model.subgraphs[1]))


def given_out(model):
    model.subgraphs[0].outputs = [operator_of(model, 0, "READ_VARIABLE")[0].outputs[0]]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (never_assigned, "before it holds anything"),
        (no_handle, "no handle"),
        (of_another_shape, "shape or type"),
        (more_subgraphs, "several subgraphs"),
        (given_out, "as it was read"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused_in_words(change, named):
    with pytest.raises(PlanError, match=named) as caught:
        tflite.parse(changed(change), "net")
    assert "unroll" not in str(caught.value)


def test_a_state_whose_first_values_differ_is_refused(tmp_path):
    def change(model):
        assign = operator_of(model, 1, "ASSIGN_VARIABLE")[0]
        buffer = model.buffers[model.subgraphs[1].tensors[assign.inputs[1]].buffer]
        data = np.array(buffer.data, np.uint8)
        data[3] ^= 1
        buffer.data = data

    path = tmp_path / "net.tflite"
    path.write_bytes(changed(change))
    with pytest.raises(PlanError, match="values that differ"):
        plan_layout(path)
