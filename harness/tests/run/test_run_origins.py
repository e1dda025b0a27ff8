"""The network before its conversion, its .tflite on the host and the board, on the same samples."""

from __future__ import annotations

import builtins
import dataclasses
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fool_stage import MODEL, Stage

from harness.data import Dataset
from harness.errors import PlanError
from harness.evidence.reports import html, markdown, terminal
from harness.models import load_model, reference
from harness.models.metadata import Model
from harness.models.reference import ExtraMissing
from harness.plans import ModelSpec
from harness.records import Record, Verdict
from harness.run.workload import Workload, make_workload

FLOAT = str(load_model("digits_cnn_f32").path)
NAMED = {"name": MODEL, "origin": FLOAT}
GATES = ("lost_samples == 0", "accuracy_drop.conversion <= 0.1", "accuracy_drop.board == 0")


@pytest.fixture
def stage(tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch, run: Any) -> Stage:
    return Stage(tmp_path, image, monkeypatch, run)


def counted(record: Record) -> dict[str, tuple[int, int]]:
    assert record.conversion is not None
    return {step.name: (step.lost, step.gained) for step in record.conversion.steps}


def test_the_three_rows_are_of_the_same_samples_and_a_right_board_costs_nothing(stage: Stage) -> None:
    record = stage.fake(model=NAMED, gates=GATES).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.conversion is not None
    assert [(row.name, row.n) for row in record.conversion.rows] == [("origin", 60), ("tflite", 60), ("board", 60)]
    assert record.conversion.origin.file.endswith("digits_cnn_f32.tflite")
    assert counted(record)["board"] == (0, 0)
    accuracy = {row.name: row.accuracy for row in record.conversion.rows}
    found = {m.name: m.value for m in record.measurements}
    assert accuracy["board"] == found["accuracy"]
    assert accuracy["origin"] == found["accuracy.origin"]
    assert accuracy["origin"] - accuracy["board"] == pytest.approx(found["accuracy_drop.total"])


def test_what_the_board_loses_is_the_boards_and_not_the_conversions(stage: Stage) -> None:
    def wrong_now_and_then(outputs: np.ndarray[Any, Any], run: int) -> np.ndarray[Any, Any]:
        return np.roll(outputs, 1) if run % 6 == 0 else outputs

    record = stage.fake(wrong_now_and_then, model=NAMED, gates=(*GATES, "accuracy >= 0.95")).record
    assert record.verdict is Verdict.FAIL
    steps = counted(record)
    assert steps["board"][0] >= 9
    assert sum(steps["conversion"]) <= 2
    assert any("the board against the .tflite on the host lost" in reason for reason in record.reasons)
    broken = [gate.metric for gate in record.gates if gate.passed is False]
    assert broken == ["accuracy_drop.board", "accuracy"]


def test_what_the_conversion_loses_is_not_blamed_on_the_board(stage: Stage) -> None:
    # Noise lies near the borders of classes, and the labels are the float network's own: the quantised one alone is wrong.
    noise = np.random.default_rng(1).uniform(0, 1, (400, 8, 8, 1)).astype(np.float32)
    labels = reference.load("litert").run(Path(FLOAT), noise).argmax(axis=1)
    record = stage.fake(
        model=NAMED,
        data=stage.own_data(noise, labels),
        gates=("lost_samples == 0", "accuracy == 1", "accuracy_drop.board == 0", "accuracy_drop.conversion == 0"),
    ).record
    assert record.verdict is Verdict.FAIL
    assert [gate.metric for gate in record.gates if gate.passed is False] == ["accuracy", "accuracy_drop.conversion"]
    lost, gained = counted(record)["conversion"]
    assert lost > 0 == gained
    assert counted(record)["board"] == (0, 0)
    assert any(f"the conversion lost {lost} and gained 0" in reason for reason in record.reasons)


def test_every_report_shows_the_rows_and_the_steps(stage: Stage) -> None:
    result = stage.fake(model=NAMED, gates=GATES)
    pages = (
        html.render(result.record, result.samples, result.inputs).decode(),
        markdown.render(result.record, result.samples, result.inputs).decode(),
        terminal.render_text(result.record),
    )
    for page in pages:
        for words in ("origin, on the host", ".tflite, on the host", "origin to .tflite", "McNemar mid-p"):
            assert words in page
    assert Record.model_validate_json(result.record.model_dump_json(by_alias=True)) == result.record


def test_without_an_origin_nothing_is_said_and_a_gate_on_it_is_refused_before_anything_runs(stage: Stage) -> None:
    assert stage.fake(gates=("lost_samples == 0",)).record.conversion is None
    with pytest.raises(PlanError, match="converted from") as caught:
        stage.fake(gates=GATES)
    assert "trick.yaml" in str(caught.value.where)


@pytest.mark.parametrize(
    ("origin", "says"), [("nowhere.keras", "is not there"), ("net.pt", "kind of file"), ("", "nothing to run")]
)
def test_an_origin_that_cannot_be_is_refused_when_the_plan_is_read(stage: Stage, origin: str, says: str) -> None:
    with pytest.raises(PlanError, match=says):
        stage.fake(model={"name": MODEL, "origin": origin}, gates=("lost_samples == 0",), reference="keras")


def test_a_model_toml_may_name_the_origin_beside_it(stage: Stage) -> None:
    toml = Path(stage.own_model())
    (toml.parent / "was.tflite").write_bytes(Path(FLOAT).read_bytes())
    toml.write_text(f'origin = "was.tflite"\n{toml.read_text("utf-8")}', "utf-8")
    assert stage.fake(model=str(toml), gates=GATES).record.conversion is not None
    (toml.parent / "was.tflite").unlink()
    with pytest.raises(PlanError, match="is not there"):
        load_model(toml)


def test_another_network_is_no_origin(stage: Stage) -> None:
    with pytest.raises(PlanError, match="samples of another shape"):
        stage.fake(model={"name": MODEL, "origin": str(load_model("bench_lock_f32").path)}, gates=GATES)
    with pytest.raises(PlanError, match="real samples"):
        stage.fake(model={"name": MODEL, "origin": str(load_model(MODEL).path)}, gates=GATES)


# -- files that others wrote -------------------------------------------------------------------------------------------


def channels_first(path: Path) -> Path:
    """A network of ONNX's own order of axes, three channels in."""
    helper = pytest.importorskip("onnx").helper
    import onnx

    rng = np.random.default_rng(3)
    weights = {"w": rng.normal(0, 0.3, (4, 3, 3, 3)), "d": rng.normal(0, 0.3, (4 * 6 * 6, 5)), "b": rng.normal(0, 1, 5)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("Gemm", ["f", "d", "b"], ["y"]),
    ]
    floats = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", floats, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", floats, [1, 5])],
        [onnx.numpy_helper.from_array(values.astype(np.float32), name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def samples_of(model: Model, n: int = 12) -> Dataset:
    rng = np.random.default_rng(0)
    classes = tuple("abcdefghij"[: model.outputs[0].elements])
    return Dataset(
        name="own",
        split="test",
        inputs=rng.normal(0, 1, (n, *model.inputs[0].shape[1:])).astype(np.float32),
        labels=np.zeros(n, np.int64),
        ids=np.array([f"s{i}" for i in range(n)]),
        classes=classes,
    )


def worked(path: Path, oracle: str) -> Workload:
    model = load_model(ModelSpec(name="net", file=str(path), origin=str(path)))
    return make_workload(model, samples_of(model), oracle)


def test_an_onnx_origin_gets_the_samples_in_its_own_order_of_axes(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    work = worked(channels_first(tmp_path / "net.onnx"), "litert")
    assert work.origin is not None
    assert work.origin.facts.engine == "onnxruntime CPU"
    assert "NCHW" in work.origin.facts.inputs
    assert np.abs(work.origin.outputs - work.expected).max() < 1e-4  # in another order they are another network's


def test_the_reference_may_be_the_origin_itself_and_the_host_row_stays_the_tflites(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    work = worked(channels_first(tmp_path / "net.onnx"), "onnx")
    assert work.origin is not None
    assert work.reference.engine == "onnxruntime CPU"
    assert np.array_equal(work.expected, work.origin.outputs)
    assert work.host is not None
    assert work.host.engine == "litert BUILTIN_REF"
    assert work.converted is not None
    assert 0 < np.abs(work.converted - work.expected).max() < 1e-4


@pytest.mark.skipif(not find_spec("tensorflow"), reason="needs TensorFlow: pip install 'hil[tensorflow]'")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_file_of_keras_is_run_by_keras(tmp_path: Path, suffix: str) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.keras.utils.set_random_seed(1)
    layers = tf.keras.layers
    net = tf.keras.Sequential(
        [
            tf.keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    net.save(tmp_path / f"net.{suffix}")
    for name in ("litert", "keras", "tensorflow"):
        work = worked(tmp_path / f"net.{suffix}", name)
        assert work.origin is not None
        assert work.origin.facts.engine == "keras"
        assert np.allclose(work.origin.outputs, net(work.raw, training=False).numpy(), atol=1e-6)
        assert np.abs(work.origin.outputs - work.expected).max() < 1e-5


@pytest.mark.parametrize("file", ["net.onnx", "net.keras"])
def test_a_missing_package_is_a_line_with_its_command_unless_the_plan_goes_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    (tmp_path / file).write_bytes(b"never read")
    found = builtins.__import__

    def without(name: str, *more: Any, **and_more: Any) -> Any:
        if name in ("tensorflow", "onnxruntime"):
            raise ImportError(name)
        return found(name, *more, **and_more)

    monkeypatch.setattr(builtins, "__import__", without)
    model = load_model(ModelSpec(name=MODEL, origin=file), tmp_path)
    data = samples_of(model)
    with pytest.raises(ExtraMissing, match=r"pip install 'hil\[(onnx|tensorflow)\]'"):
        make_workload(model, data, "litert")
    work = make_workload(dataclasses.replace(model, origin_optional=True), data, "litert")
    assert work.origin is None
    assert any("pip install" in warning for warning in work.warnings)
