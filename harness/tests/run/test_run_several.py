"""Several inputs and several outputs, from the data set to the record, on real virtual units."""

import numpy as np
import pytest
import several_models
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from harness.bench.boards import names
from harness.cli import main
from harness.errors import PlanError
from harness.evidence.reports.npz import read_samples
from harness.plans import expand
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.prepare import prepared
from harness.run.reading import read_plan
from harness.run.runner import run_case
from harness.run.workload import make_workload

DATA = "{name: npz, options: {path: data.npz, inputs: {left: x1, right: x2}, unlabelled: true}}"


@pytest.fixture
def plan(tmp_path):
    """A case of the plan with these lines, for the two-in, two-out network."""
    several_models.float_model(tmp_path)
    np.savez(tmp_path / "data.npz", **several_models.arrays())

    def write(text, data=DATA):
        path = tmp_path / "several.yaml"
        path.write_text(f"name: several\nboard: nucleo_f446re\nmodel: several.tflite\ndataset: {data}\n{text}\n")
        (case,) = expand(read_plan(path), boards=names())
        return case

    return write


def run(case):
    return run_case(case, RunOptions(backend="virtual"), watch=lambda step: None)


def litert(path, arrays):
    """What LiteRT gives for each output, by name, and for nothing that we wrote in between."""
    runner = Interpreter(
        str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    ).get_signature_runner()
    rows = [runner(left=a[None], right=b[None]) for a, b in zip(arrays["x1"], arrays["x2"], strict=True)]
    return {name: np.concatenate([row[name] for row in rows]) for name in ("scores", "angle")}


def test_two_inputs_and_two_outputs_come_to_a_record_with_figures_of_each_output_and_of_all(plan, tmp_path):
    result = run(plan("task: raw\ngates: [agreement >= 1 , agreement.angle == 1, 'max_abs_diff.scores <= 0.00001']"))
    record = result.record
    assert record.verdict is Verdict.PASS, record.reasons
    assert (record.task, record.output) == ("raw", "scores")
    for stem in ("agreement", "max_abs_diff", "mae", "rmse", "cosine_similarity", "nonfinite_outputs"):
        assert [record.measurement(f"{stem}{of}") is not None for of in ("", ".scores", ".angle")] == [True] * 3, stem
    assert record.measurement("accuracy") is None
    result.write(tmp_path / "out")
    kept, truth = read_samples(tmp_path / "out"), litert(tmp_path / "several.tflite", several_models.arrays())
    assert np.array_equal(kept.outputs, truth["scores"])
    assert np.array_equal(kept.beside["angle"].outputs, truth["angle"])
    assert np.array_equal(kept.beside["angle"].reference, truth["angle"])
    assert (kept.labels == -1).all()
    assert kept.decisions is None


def test_two_int8_outputs_are_litert_s_byte_for_byte(tmp_path):
    several_models.int8_model(tmp_path / "int8.tflite")
    draw = np.random.default_rng(2)
    np.savez(tmp_path / "data.npz", a=draw.normal(0, 2, (40, 6)), b=draw.normal(0, 2, (40, 6)))
    path = tmp_path / "int8.yaml"
    path.write_text(
        "name: int8\nboard: nucleo_f446re\nmodel: int8.tflite\ntask: raw\ngates: [agreement == 1]\n"
        "dataset: {name: npz, options: {path: data.npz, inputs: {in1: b, in: a}, unlabelled: true}}\n"
    )
    (case,) = expand(read_plan(path), boards=names())
    result = run(case)
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    interpreter = Interpreter(str(tmp_path / "int8.tflite"), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    raws = dict(zip(("in", "in1"), make_workload(*_pair(case)).rows(slice(None)), strict=True))
    (other,) = result.samples.beside.values()
    for row in range(40):
        for details in interpreter.get_input_details():
            interpreter.set_tensor(details["index"], raws[details["name"]][row][None])
        interpreter.invoke()
        first, second = (interpreter.get_tensor(d["index"])[0] for d in interpreter.get_output_details())
        assert np.array_equal(result.samples.outputs[row], first)
        assert np.array_equal(other.outputs[row], second)
    assert len(np.unique(other.outputs)) > 20, "else this test shows little"


def test_inputs_and_outputs_of_five_types_are_litert_s_byte_for_byte_each_with_its_own_agreement(tmp_path):
    path = several_models.mixed_model(tmp_path / "mixed.tflite")
    draw = np.random.default_rng(2)
    real = {name: draw.normal(0, 2, (40, 6)).astype(np.float32) for name in ("in", "in1", "in2", "in4")}
    np.savez(tmp_path / "data.npz", **real, in3=draw.integers(-99, 99, (40, 6)).astype(np.int32))
    plan = tmp_path / "mixed.yaml"
    plan.write_text(
        "name: mixed\nboard: nucleo_f446re\nmodel: mixed.tflite\ntask: raw\n"
        "gates: [agreement == 1, agreement.index == 1, max_abs_diff == 0]\n"
        f"dataset: {{name: npz, options: {{path: data.npz, inputs: {{{', '.join(f'in{i}: in{i}' for i in ('', 1, 2, 3, 4))}}}, "
        "unlabelled: true}}\n"
    )
    (case,) = expand(read_plan(plan), boards=names())
    result = run(case)
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    result.write(tmp_path / "out")
    kept = read_samples(tmp_path / "out")
    interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    found = [kept.outputs, *(other.outputs for other in kept.beside.values())]
    assert [values.dtype for values in found] == ["int8", "int32", "uint8", "int16", "float32"]
    raws = make_workload(*_pair(case)).rows(slice(None))
    for row in range(40):
        for raw, details in zip(raws, interpreter.get_input_details(), strict=True):
            interpreter.set_tensor(details["index"], raw[row][None])
        interpreter.invoke()
        for values, details in zip(found, interpreter.get_output_details(), strict=True):
            assert values[row].tobytes() == interpreter.get_tensor(details["index"]).tobytes()
    assert min(len(np.unique(values)) for values in found) > 2, "else this test shows little"


def _pair(case):
    ready = prepared(case)
    return ready.model, ready.data, "litert"


def test_a_decision_names_the_output_that_it_looks_at(plan):
    data = DATA.replace("unlabelled: true", "y: y")
    result = run(
        plan("decide: {rule: argmax, output: scores}\ngates: [decision_agreement == 1, accuracy >= 0.01]", data)
    )
    record, samples = result.record, result.samples
    assert record.verdict is Verdict.PASS, record.reasons
    right = samples.outputs.argmax(axis=1) == several_models.arrays()["y"]
    assert record.measurement("accuracy").value == pytest.approx(right.mean())


def test_without_a_name_the_plan_is_asked_which_of_two_outputs_it_is_about(plan):
    with pytest.raises(PlanError, match="does not say which one") as caught:
        prepared(plan("gates: [accuracy >= 0.5]", DATA.replace("unlabelled: true", "y: y")))
    assert "scores" in str(caught.value)
    assert "angle" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "data", "says"),
    [
        ("task: raw\ngates: [agreement.boxes == 1]", DATA, "no output 'boxes'"),
        ("decide: {rule: argmax, output: boxes}\ngates: [accuracy > 0.5]", DATA, "no output 'boxes'"),
        ("task: raw\ngates: [accuracy >= 0.5]", DATA, "'raw' has no metric 'accuracy'"),
        ("task: rwa\ngates: [agreement == 1]", DATA, "unknown task 'rwa'"),
        ("task: raw\ndecide: argmax\ngates: [agreement == 1]", DATA, "decides on no class"),
        ("task: raw\ngates: [agreement == 1]", DATA.replace("left:", "lift:"), "not those of the model"),
        (
            "task: raw\ngates: [agreement == 1]",
            DATA.replace("inputs: {left: x1, right: x2}", "x: x1"),
            "without a name",
        ),
        ("decide: {rule: argmax, output: scores}\ngates: [accuracy > 0.5]", DATA, "needs labels"),
    ],
)
def test_what_does_not_belong_together_is_refused_before_anything_is_built(plan, text, data, says):
    with pytest.raises(PlanError) as caught:
        prepared(plan(text, data))
    assert says in str(caught.value)


def test_the_layers_of_a_network_with_two_inputs_are_profiled_on_the_sample_that_was_sent(plan):
    result = run_case(
        plan("task: raw\ngates: [agreement == 1]"), RunOptions(backend="virtual", layers=True), watch=lambda step: None
    )
    assert result.record.layers, result.record.warnings
    assert all(layer.equal for layer in result.record.layers if layer.equal is not None)
    assert any(layer.equal for layer in result.record.layers)


@pytest.mark.parametrize(
    ("text", "data", "says"),
    [
        ("gates: [accuracy >= 0.5]", DATA.replace("unlabelled: true", "y: y"), "the model has 2 outputs"),
        ("task: raw\ngates: [agreement.boxes == 1]", DATA, "the model has no output 'boxes'"),
        ("task: raw\ngates: [agreement.angel == 1]", DATA, "did you mean 'angle'?"),
        ("task: raw\ngates: [rmse.boxes <= 1]", DATA, "rmse.scores"),
    ],
)
@pytest.mark.parametrize("command", ["run", "plan check"])
def test_what_was_a_traceback_behind_the_stream_is_a_mistake_of_the_plan_on_the_command_line(
    plan, tmp_path, capsys, text, data, says, command
):
    plan(text, data)
    more = ["--board", "nucleo_f446re", "--report-dir", str(tmp_path / "out")] if command == "run" else []
    with pytest.raises(SystemExit) as end:
        main([*command.split(), str(tmp_path / "several.yaml"), *more])
    said = "".join(capsys.readouterr())
    assert end.value.code == 3
    assert "Traceback" not in said
    assert says in said
    assert "next:" in said
    assert not list(tmp_path.rglob("*.elf")), "nothing was built"
