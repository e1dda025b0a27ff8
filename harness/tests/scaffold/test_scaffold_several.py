"""A project for a model with several inputs and outputs: arrays by name, the output that the labels are of, or none at all."""

import ast
import subprocess
import sys

import numpy as np
import pytest

from harness.cli import main
from harness.errors import PlanError
from harness.models import load_model
from harness.models.frontends.writer import Writer
from harness.run.reading import read_plan
from harness.scaffold import several
from harness.scaffold.make import Asked, make
from harness.testing.clock import ManualClock

DRAW = np.random.default_rng(12)
LEFT, RIGHT = (DRAW.normal(0, 1, (60, size)).astype(np.float32) for size in (6, 4))
W = DRAW.normal(0, 1, (3, 10)).astype(np.float32)


def model(folder, *, second=2):
    """left [1,6], right [1,4] to ``scores`` [1,3] of both and ``angle`` [1,second] of the right one."""
    net = Writer()
    left, right = net.tensor("left", (1, 6)), net.tensor("right", (1, 4))
    both = net.operator("CONCATENATION", [left, right], (1, 10), "both", "ConcatenationOptions", axis=1)
    found = {}
    for name, source, weights in (("scores", both, W), ("angle", right, W[:second, :4])):
        parts = [net.constant(f"{name}.w", weights), net.constant(f"{name}.b", np.zeros(len(weights), np.float32))]
        shape = (1, len(weights))
        found[name] = net.operator("FULLY_CONNECTED", [source, *parts], shape, name, "FullyConnectedOptions")
    path = folder / "two.tflite"
    path.write_bytes(net.content({"left": left, "right": right}, found))
    return path


def made(root, **more):
    return make(Asked(root, **more), ManualClock())


def labels():
    return (np.concatenate([LEFT, RIGHT], axis=1) @ W.T).argmax(axis=1)


def test_arrays_are_told_by_name_or_shape_and_the_labels_output_by_its_size(tmp_path):
    model(tmp_path)
    np.savez(tmp_path / "data.npz", left=LEFT, b=RIGHT, y=labels())
    found = made(tmp_path)
    plan = read_plan(found.plan)
    assert plan.dataset.options == {"path": "../data.npz", "inputs": {"left": "left", "right": "b"}}
    assert plan.decide.output == "scores"
    assert found.pair.hits == 60
    assert any("input right is the array b" in note for note in found.pair.notes)
    assert [gate.metric for gate in plan.gates] == [
        "accuracy",
        "max_abs_diff",
        "decision_agreement",
        "input_integrity",
        "lost_samples",
    ]
    text = (tmp_path / "tests" / "test_two.py").read_text()
    ast.parse(text)
    assert '"output": "scores"' in text or "'output': 'scores'" in text


def test_inputs_that_are_exchanged_are_told(tmp_path):
    model(tmp_path)
    np.savez(tmp_path / "data.npz", left=LEFT[:, ::-1], right=RIGHT, y=labels())
    notes = made(tmp_path).pair.notes
    assert any("the order of the values reversed in input 'left'" in note for note in notes), notes


def test_without_labels_the_project_compares_and_ends_in_a_verdict(tmp_path, capsys):
    path = model(tmp_path)
    np.savez(tmp_path / "data.npz", left=LEFT[:8], right=RIGHT[:8])
    with pytest.raises(SystemExit) as end:
        main(["init", str(path), str(tmp_path / "data.npz"), "--dir", str(tmp_path), "--ci", "none"])
    said = capsys.readouterr()
    assert end.value.code == 0, said
    assert "no labels" in said.out
    plan = read_plan(tmp_path / "testplans" / "two.yaml")
    assert (plan.task.name, plan.gates[0].metric) == ("raw", "max_abs_diff")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--board", "nucleo_f446re", "--backend", "virtual", "tests"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arrays", "what", "says"),
    [
        ({"a": LEFT, "b": LEFT}, "no array that is the model's input 'left' alone", "a [60, 6], b [60, 6]"),
        ({"left": LEFT}, "no array that is the model's input 'right' alone", "right=..."),
    ],
)
def test_what_cannot_be_told_apart_is_refused_with_both_sides(tmp_path, arrays, what, says):
    path = load_model(model(tmp_path))
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(PlanError) as caught:
        several.named(path, tmp_path / "data.npz")
    assert what in str(caught.value)
    assert says in str(caught.value)


def test_two_outputs_of_a_size_do_not_tell_whose_the_labels_are(tmp_path):
    model(tmp_path, second=3)
    np.savez(tmp_path / "data.npz", left=LEFT, right=RIGHT, y=labels())
    with pytest.raises(PlanError, match="cannot be told which one the labels are of"):
        made(tmp_path)


def test_the_data_has_to_be_there_and_to_be_one(tmp_path):
    path = model(tmp_path)
    with pytest.raises(PlanError, match="no data was found"):
        made(tmp_path)
    for name in ("a", "b"):
        np.savez(tmp_path / f"{name}.npz", left=LEFT, right=RIGHT)
    with pytest.raises(PlanError, match="several files may be the data"):
        made(tmp_path)
    (tmp_path / "a.csv").write_text("1,2\n")
    with pytest.raises(PlanError, match="takes its data from an archive"):
        made(tmp_path, model=path, data=tmp_path / "a.csv")
    assert not (tmp_path / "testplans").exists()
