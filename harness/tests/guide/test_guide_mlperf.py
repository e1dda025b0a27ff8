"""The page on MLPerf Tiny: its script and plans, on files of the suite's form, with networks of ours in place of the suite's."""

import csv
import runpy
import shutil

import numpy as np
import pytest
from page_blocks import blocks
from sklearn.metrics import accuracy_score, roc_auc_score

from harness.bench.boards import names
from harness.paths import shipped
from harness.plans import expand
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import run_case

FILES = {block.said["file"]: block.text for block in blocks("mlperf") if "file" in block.said}
#: A task, its network's stand-in of the same shapes, and how many files of the suite's form are made for it.
TASKS = {
    "kws": ("kws_ref_model.tflite", "bench_ds_cnn_int8", 6),
    "vww": ("vww_96_int8.tflite", "bench_mobilenet_int8", 1),
    "ic": ("pretrainedResnet_quant.tflite", "bench_resnet8_int8", 2),
    "ad": ("ad01_int8.tflite", "bench_autoencoder_int8", 6),
}
FRAMES, WINDOWS = 9, 5  # of a recording here: the suite's have 200, which makes 196 windows


def contents(task, draw):
    """A file as the suite's runner sends it."""
    if task == "ad":
        return draw.normal(0, 1, (FRAMES, 128)).astype("<f4").tobytes()
    return draw.integers(0, 256, {"kws": 490, "vww": 27648, "ic": 3072}[task], np.uint8).tobytes()


def laid(folder, task, count):
    """The suite's folder of a task: its files, and what they are."""
    folder.mkdir(parents=True)
    draw, rows = np.random.default_rng(7), []
    for at in range(count):
        name = f"{'anomaly' if at % 2 else 'normal'}_id_{at // 4:02d}_{at:08d}.bin" if task == "ad" else f"f{at}.bin"
        (folder / name).write_bytes(contents(task, draw))
        rows.append((name, 2, at % 2, 2560, 512) if task == "ad" else (name, 12, at % 2))
    with (folder / "y_labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize("task", TASKS)
def test_a_task_comes_from_the_suite_s_files_to_its_own_metric(tmp_path, monkeypatch, capsys, task):
    stated, ours, count = TASKS[task]
    laid(tmp_path / "suite", task, count)
    (tmp_path / "mlperf_data.py").write_text(FILES["mlperf_data.py"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["mlperf_data.py", task, "suite"])
    runpy.run_path("mlperf_data.py")
    n = count * WINDOWS if task == "ad" else count
    assert f"{n} samples of {2 if task == 'ad' else count}" in capsys.readouterr().out
    text = FILES[f"testplans/{task}.yaml"]
    assert f"model: {stated}" in text
    (tmp_path / "testplans").mkdir()
    shutil.copy(shipped("fixtures") / "models" / ours / f"{ours}.tflite", tmp_path / "testplans" / stated)
    (tmp_path / "testplans" / "plan.yaml").write_text(text.replace("windows: 196", f"windows: {WINDOWS}"))
    (case,) = expand(read_plan(tmp_path / "testplans" / "plan.yaml"), boards=names())
    result = run_case(case, RunOptions(backend="virtual"), watch=lambda step: None)
    record, samples = result.record, result.samples
    assert record.measurement("agreement").value == 1, record.reasons
    assert record.measurement("agreement").n == n
    assert record.measurement("max_abs_diff").value == 0
    own = record.measurement("auc" if task == "ad" else "accuracy")
    assert own.low < own.high
    if task == "ad":
        scores = samples.scores.reshape(-1, WINDOWS).mean(axis=1)
        assert own.value == pytest.approx(roc_auc_score(np.arange(count) % 2, scores))
        assert own.n == count
        assert {m.name for m in record.measurements} >= {"auc.id_00", "auc.id_01", "auc_partial"}
    else:
        assert own.value == accuracy_score(samples.labels, samples.outputs.argmax(axis=1))
        assert own.n == n
    assert {gate.metric: gate.passed for gate in record.gates}["agreement"]
