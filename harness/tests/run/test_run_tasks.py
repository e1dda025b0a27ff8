"""A network of each task, from the plan to its reports, on real virtual units; its outputs against LiteRT's."""

import re

import numpy as np
import pytest
import several_models
from sklearn.metrics import roc_auc_score

from harness.bench.boards import names
from harness.evidence.reports import terminal
from harness.evidence.reports.npz import read_samples
from harness.models.frontends.writer import Writer
from harness.plans import expand
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.prepare import prepared
from harness.run.reading import read_plan
from harness.run.runner import run_case

_TAGS = re.compile(r"</?[a-z][^>]*>")
FILES = ("summary.md", "report.html", "junit.xml")


@pytest.fixture
def run(tmp_path):
    """Run a plan of these lines on these arrays with the network at ``model``; the result and all its reports as text."""

    def go(model, text, form="npz", **arrays):
        if arrays:
            np.savez(tmp_path / "data.npz", **arrays)
        path = tmp_path / "task.yaml"
        path.write_text(f"name: task\nboard: nucleo_f446re\nmodel: {model}\n{text}\n")
        (case,) = expand(read_plan(path), boards=names())
        result = run_case(case, RunOptions(backend="virtual"), watch=lambda step: None)
        result.write(tmp_path / "out")
        texts = {name: (tmp_path / "out" / name).read_text() for name in FILES}
        return result, texts | {"terminal": terminal.render_text(result.record)}

    return go


def words(text):
    """What is to be read, in whichever form: no tags, no backslashes, one space between words."""
    return " ".join(_TAGS.sub(" ", text.replace("<wbr>", "").replace("\\", "")).split())


def judged(result, name, said):
    """What every task's case comes to: a pass with equal outputs, figures of its own, and no word of classes."""
    record = result.record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.task == name
    assert record.measurement("max_abs_diff").value < 1e-5
    assert record.confusion == ()
    assert record.measurement("accuracy") is None
    assert result.samples.decisions is None
    for form, text in said.items():
        assert name in text.replace("\\", ""), form
        assert "onfusion" not in text, form
        assert "unknown_rate" not in text, form


def test_regression_of_one_of_two_outputs(run, tmp_path):
    several_models.float_model(tmp_path)
    arrays = several_models.arrays()
    result, said = run(
        "several.tflite",
        "task: {name: regression, output: angle}\n"
        "dataset: {name: npz, options: {path: data.npz, inputs: {left: x1, right: x2}, targets: turn}}\n"
        "gates: [target_mae <= 10, 'target_rmse <= 10 confidence 0.95', r2 <= 0.99, agreement.angle == 1]",
        **arrays,
    )
    judged(result, "regression", said)
    assert result.record.output == "angle"
    off = np.abs(result.samples.outputs - arrays["turn"])
    assert result.record.measurement("target_mae").value == pytest.approx(off.mean())
    kept = read_samples(tmp_path / "out")
    assert np.array_equal(kept.targets, arrays["turn"])
    assert np.allclose(kept.scores, off.mean(axis=1))
    assert "target_mae" in said["terminal"]
    assert [setting.name for setting in result.record.task_options] == []
    assert "Outputs by their targets" in said["report.html"]
    assert said["report.html"].count("<circle") == arrays["turn"].size
    for form in ("summary.md", "terminal", "report.html"):
        assert re.search(r"output\W+agreement", words(said[form])), form  # a table of all outputs
        assert re.search(r"quantile\W+abs_error\W+95 % interval", words(said[form])), form
    assert "mean absolute error of a sample" in said["report.html"]


def line(path, weights):
    net = Writer()
    source = net.tensor("x", (1, 3))
    parts = [net.constant("w", np.array([weights], np.float32)), net.constant("b", np.array([0.5], np.float32))]
    out = net.operator("FULLY_CONNECTED", [source, *parts], (1, 1), "y", "FullyConnectedOptions")
    path.write_bytes(net.content({"x": source}, {"y": out}))


def test_regression_of_a_table_with_what_its_conversion_cost_in_its_own_metric(run, tmp_path):
    line(tmp_path / "line.tflite", [1, 2, -0.8])
    line(tmp_path / "was.tflite", [1, 2, -1])
    draw = np.random.default_rng(1)
    rows = [
        (x, float(x @ [1, 2, -1] + 0.5 + e))
        for x, e in zip(draw.normal(0, 1, (30, 3)), draw.normal(0, 0.1, 30), strict=True)
    ]
    text = "\n".join(["a,b,c,height", *(f"{x[0]:.6f},{x[1]:.6f},{x[2]:.6f},{y:.6f}" for x, y in rows)])
    (tmp_path / "data.csv").write_text(text + "\n")
    result, said = run(
        "{file: line.tflite, origin: was.tflite}",
        "task: regression\ndataset: {name: csv, options: {path: data.csv, targets: [height]}}\n"
        "gates: ['r2 >= 0.8 confidence 0.95', 'score_change.conversion <= 0.4 confidence 0.95', score_change.board == 0]",
    )
    judged(result, "regression", said)
    record, x = result.record, np.array([row[0] for row in rows])
    errors = {
        name: np.abs(x @ weights + 0.5 - np.array([row[1] for row in rows])).mean()
        for name, weights in (("origin", [1, 2, -1]), ("tflite", [1, 2, -0.8]))
    }
    maes = {row.name: (row.metric, row.value) for row in record.conversion.task_rows}
    assert maes["origin"] == ("target_mae", pytest.approx(errors["origin"], abs=1e-5))
    assert maes["tflite"] == ("target_mae", pytest.approx(errors["tflite"], abs=1e-5))
    assert maes["board"][1] == record.measurement("target_mae").value
    cost = record.measurement("score_change.conversion")
    assert cost.value == pytest.approx(errors["tflite"] - errors["origin"], abs=1e-5)
    assert cost.low < cost.value < cost.high
    assert (record.conversion.rows, record.conversion.steps) == ((), ())
    for form in ("summary.md", "terminal", "report.html"):
        assert re.search(r"origin, on the host\W+litert", words(said[form])), form
        assert "ean change: mean absolute error of a sample" in words(said[form]), form


def test_multi_label(run, tmp_path):
    net, draw = Writer(), np.random.default_rng(4)
    source = net.tensor("x", (1, 5))
    out = net.operator("LOGISTIC", [several_models._dense(net, draw, source, 5, 3, "dense")], (1, 3), "tags")
    (tmp_path / "tags.tflite").write_bytes(net.content({"x": source}, {"tags": out}))
    x = draw.normal(0, 1, (40, 5)).astype(np.float32)
    tags = draw.integers(0, 2, (40, 3))
    result, said = run(
        "tags.tflite",
        "task: multi_label\ndataset: {name: npz, options: {path: data.npz, targets: y}}\n"
        "gates: [label_f1.rain >= 0.01, average_precision.macro >= 0.1, exact_match >= 0.01]",
        x=x,
        y=tags,
        classes=np.array(["rain", "wind", "snow"]),
    )
    judged(result, "multi_label", said)
    assert result.record.measurement("label_f1.snow") is not None
    for form in ("summary.md", "terminal", "report.html"):
        assert re.search(r"label\W+label_support\W+label_f1\W+average_precision", words(said[form])), form
        assert re.search(rf"rain\W+{int(tags[:, 0].sum())}\W", words(said[form])), form
    assert "label_f1.rain=" in said["junit.xml"]


def test_anomaly_by_an_autoencoder_with_the_threshold_of_other_data(run, tmp_path):
    draw = np.random.default_rng(6)
    n = 32
    odd = np.arange(n) % 4 == 0
    x = draw.normal(0, 1, (n, 640)) * np.where(odd, 3.0, 1.0)[:, None]
    split = np.array(["train" if at % 2 else "test" for at in range(n)])
    result, said = run(
        "bench_autoencoder_int8",
        "task: {name: anomaly, options: {threshold_split: train, threshold_quantile: 0.9}}\n"
        "dataset: {name: npz, options: {path: data.npz, shared_groups: true}}\n"
        "gates: [auc >= 0.9, auc.fan >= 0.5, false_alarm_rate <= 0.9, agreement == 1]",
        x=x,
        y=np.where(odd, "odd", "normal"),
        split=split,
        ids=np.array([f"clip{at}" for at in range(n)]),
        groups=np.where(np.arange(n) // 8 % 2, "fan", "pump"),
    )
    judged(result, "anomaly", said)
    record, samples = result.record, result.samples
    assert record.measurement("auc").value == roc_auc_score(samples.labels == 1, samples.scores)
    assert [record.measurement(f"auc.{group}").n for group in ("fan", "pump")] == [n // 4] * 2
    assert record.measurement("threshold").value > 0
    for form in ("summary.md", "terminal", "report.html"):
        assert "threshold_split train" in words(said[form]), form
        assert re.search(r"group\W+auc\W+95 % interval\W+auc_partial", words(said[form])), form
    assert "task.threshold_quantile=0.9]" in said["junit.xml"]
    assert "ROC curve" in said["report.html"]
    assert "anomaly score of a sample" in said["report.html"]


def test_denoising(run, tmp_path):
    net = Writer()
    source = net.tensor("noisy", (1, 16))
    smooth = np.array([[max(0, 3 - abs(i - j)) / 9 for j in range(16)] for i in range(16)], np.float32)
    weights, bias = net.constant("w", smooth), net.constant("b", np.zeros(16, np.float32))
    out = net.operator("FULLY_CONNECTED", [source, weights, bias], (1, 16), "clean", "FullyConnectedOptions")
    (tmp_path / "smooth.tflite").write_bytes(net.content({"noisy": source}, {"clean": out}))
    draw = np.random.default_rng(9)
    clean = np.sin(np.linspace(0, 3, 16) + draw.random((20, 1)))
    result, said = run(
        "smooth.tflite",
        "task: sequence\ndataset: {name: npz, options: {path: data.npz, targets: clean}}\n"
        "gates: [snr_db >= 1, 'snr_gain_db >= -6 confidence 0.95', relative_error <= 1]",
        x=clean + draw.normal(0, 0.5, clean.shape),
        clean=clean,
    )
    judged(result, "sequence", said)
    assert result.record.measurement("snr_gain_db") is not None
    assert said["report.html"].count('aria-label="Output and target"') == 2
    worst = result.samples.ids[np.argmin(result.samples.scores)]
    assert f"worst: {worst}" in said["report.html"]
    assert re.search(r"quantile\W+sample_error", words(said["summary.md"]))


def test_the_shipped_digits_can_be_compared_without_any_labels(run, tmp_path):
    x = np.random.default_rng(3).random((20, 8, 8, 1))
    result, said = run(
        "digits_cnn_int8",
        "task: raw\ndataset: {name: npz, options: {path: data.npz, unlabelled: true}}\ngates: [agreement == 1]",
        x=x,
    )
    judged(result, "raw", said)
    assert result.samples.scores is None


def test_an_unlabelled_data_set_is_no_classification(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros((3, 8, 8, 1)))
    path = tmp_path / "plan.yaml"
    path.write_text(
        "name: p\nboard: nucleo_f446re\nmodel: digits_cnn_int8\n"
        "dataset: {name: npz, options: {path: data.npz, unlabelled: true}}\ngates: [accuracy >= 0.5]\n"
    )
    (case,) = expand(read_plan(path), boards=names())
    with pytest.raises(Exception, match="needs labels"):
        prepared(case)
