"""Every operator and type of the engine on a virtual board, flashed and streamed to as any network is, against LiteRT."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "models"))
from lstm_nets import LstmNet
from merged_nets import Merged, chained, place
from op_nets import CASES

from harness.bench.boards import names
from harness.models.codegen import plan_layout
from harness.models.codegen.operators import OPERATORS
from harness.plans import expand
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import run_case

VALUES, MOST, SAMPLES = 600, 48, 4
# LiteRT has these among its usual kernels alone, and a network with one of them would be run by those as a whole.
NO_REFERENCE_KERNEL = ("ELU", "CEIL", "ROUND")
# What LiteRT takes from a math library: the limits are those of test_models_operators.
LIMITS = {
    "GELU-approximate-float32": 1e-6,
    "SVDF-float32": 2.5e-6,
    "ELU-int8": 1e-6,
}  # ELU: of its DEQUANTIZE, not the reference's
APPROXIMATED = ("COS", "ELU", "EXP", "GELU", "LOG", "LOG_SOFTMAX", "LSTM", "SIN", "SVDF", "UNIDIRECTIONAL_SEQUENCE_RNN")


def kind_of(name):
    operator, _, rest = name.partition("-")
    if operator in NO_REFERENCE_KERNEL:
        return "no reference kernel"
    return "float32" if rest.endswith("float32") else "integers"


def merged(kind, path):
    """All cases of the kind as one network, and with them the operators that have no case."""
    net = Merged(VALUES, MOST, 1)
    for name in CASES:
        if kind_of(name) == kind:
            case = CASES[name](np.random.default_rng([0, len(name)]))
            net.add(name, case, getattr(case, "outputs", None))
    if kind != "no reference kernel":
        dtype, random = "float32" if kind == "float32" else "int8", np.random.default_rng(5)
        net.add("chain", chained(dtype, random))
        net.add("ARG_MAX", place("ARG_MAX", dtype, random))
        net.add("ARG_MIN", place("ARG_MIN", dtype, random))
        lstm = LstmNet(dtype, (4, 5), random, 0.03, -7)
        lstm.lstm(6)
        net.add("LSTM", lstm)
    net.write(path)
    return net.pieces


def on_a_board(folder, name, layers):
    np.savez(folder / "data.npz", x=np.random.default_rng(4).normal(0, 2, (SAMPLES, VALUES)).astype(np.float32))
    plan = folder / "operators.yaml"
    plan.write_text(
        f"name: operators\nboard: nucleo_f446re\nmodel: {name}\ntask: raw\ngates: [lost_samples == 0]\n"
        "dataset: {name: npz, options: {path: data.npz, x: x, unlabelled: true}}\n"
    )
    (case,) = expand(read_plan(plan), boards=names())
    result = run_case(case, RunOptions(backend="virtual", layers=layers), watch=lambda step: None)
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    return result


@pytest.mark.parametrize("kind", ["integers", "float32", "no reference kernel"])
def test_every_operator_on_a_virtual_board_equals_litert(tmp_path, kind):
    pieces = merged(kind, tmp_path / "net.tflite")
    result = on_a_board(tmp_path, "net.tflite", layers=kind == "integers")
    samples = result.samples
    for piece in pieces:
        ours, theirs = (values[:, piece.start : piece.end] for values in (samples.outputs, samples.reference))
        if kind != "integers" and piece.name.startswith(APPROXIMATED):
            sure = np.isfinite(theirs)
            assert np.array_equal(sure, np.isfinite(ours)), piece.name
            off = np.abs(ours - theirs)[sure] / np.maximum(1, np.abs(theirs[sure]))
            assert off.max() <= LIMITS.get(piece.name, 2.5e-7), piece.name
        else:
            same = (ours.view(np.uint32) == theirs.view(np.uint32)) | (np.isnan(ours) & np.isnan(theirs))
            assert same.all(), piece.name
        assert len(np.unique(ours)) > 1, f"{piece.name} shows nothing"
    if kind == "integers":
        known = [layer for layer in result.record.layers if layer.equal is not None]
        assert len(known) > 600
        assert all(layer.equal for layer in known)


def test_the_networks_leave_no_operator_of_the_engine_out(tmp_path):
    found = set()
    for kind in ("integers", "float32", "no reference kernel"):
        merged(kind, path := tmp_path / "net.tflite")
        found |= {kernel.layer.op for kernel in plan_layout(path).kernels}
    assert set(OPERATORS) - found == {"ASSIGN_VARIABLE"}, "variables have their own tests, in models and run"
