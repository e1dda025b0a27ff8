"""Model files that state what is not so: refused in words, or computed as LiteRT computes them. Never anything else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mutants import mutant
from op_nets import CASES as NETS
from op_nets import OpNet
from tflite_ops import RichNet

from harness.errors import PlanError
from harness.models import load_model
from harness.models.codegen import plan_layout

FULL = os.environ.get("HIL_FULL") == "1"
N_MUTANTS = 4000 if FULL else 250  # of each file
N_COMPARED = 250 if FULL else 8
HERE = Path(__file__).parent
CASES = Path(__file__).resolve().parents[3].parent / "shared" / "cases"
COMPILER = "gcc" if shutil.which("gcc") else "zig"


def rich(dtype):
    """A small network of many operators."""
    net = RichNet(dtype, (6, 6, 3), np.random.default_rng(5))
    net.conv(4, activation=1)
    net.unary("LEAKY_RELU") if dtype == "float32" else net.pool("MAX_POOL_2D")
    net.conv(1, depthwise=True)
    net.pool("AVERAGE_POOL_2D", padding=0)
    net.reshape((1, int(np.prod(net.shape()))))
    net.dense(5)
    net.squashed("SOFTMAX")
    return net.content()


def chained(dtype):
    """Operators that move, choose, reduce and multiply, one after the other."""
    net = OpNet(dtype, (4, 6, 2), np.random.default_rng(6), 0.03, -3)
    net.op(
        "MIRROR_PAD",
        [net.current, net.add_tensor("p", (4, 2), "int32", data=PADS)],
        (1, 7, 7, 2),
        kind="MirrorPadOptions",
    )
    net.op("GATHER", [net.current, net.ints(5, 0, 3, 3, 1, 6)], (1, 7, 6, 2), kind="GatherOptions", axis=2)
    net.op("RESIZE_BILINEAR", [net.current, net.ints(4, 8)], (1, 4, 8, 2), kind="ResizeBilinearOptions")
    net.op("SPACE_TO_DEPTH", [net.current], (1, 2, 4, 8), kind="SpaceToDepthOptions", blockSize=2)
    first = net.current
    where = net.op("LESS", [first, net.values((8,))], net.shape(), dtype="bool", kind="LessOptions")
    net.current = first
    net.op("SELECT_V2", [where, first, net.unary("RELU")], (1, 2, 4, 8), dtype=dtype, kind="SelectV2Options")
    net.op("PRELU", [net.current, net.values((1, 1, 8))], net.shape(), net.quantisation())
    net.op("REDUCE_MAX", [net.current, net.ints(1)], (1, 4, 8), kind="ReducerOptions", keepDims=False)
    options = {"adjX": False, "adjY": True, "asymmetricQuantizeInputs": False}
    net.op(
        "BATCH_MATMUL",
        [net.current] * 2,
        (1, 4, 4),
        (0.5, 2) if net.quantised else (),
        kind="BatchMatMulOptions",
        **options,
    )
    net.op("L2_NORMALIZATION", [net.current], (1, 4, 4), (1 / 128, 0) if net.quantised else (), kind="L2NormOptions")
    return net.content()


PADS = np.array([[0, 0], [1, 2], [1, 0], [0, 0]], np.int32)
ORIGINALS = {
    "chained_int8": chained("int8"),
    "chained_float32": chained("float32"),
    "wide": NETS["CONV_2D-wide-int16"](np.random.default_rng(1)).content(),
    "mixed": NETS["CONV_2D-hybrid-float32"](np.random.default_rng(1)).content(),
    "memory": load_model("streaming_keyword_int8").path.read_bytes(),
    "filter": NETS["SVDF-int8"](np.random.default_rng(1)).content(),
    "words": NETS["GATHER-embedding-int8"](np.random.default_rng(1)).content(),
    "digits": load_model("digits_cnn_int8").path.read_bytes(),
    "int8": rich("int8"),
    "float32": rich("float32"),
}


def accepted(name, folder, seeds):
    """The mutants that are taken, as files; every other one must have been refused with a PlanError."""
    paths = []
    for seed in seeds:
        path = folder / f"{name}_{seed}.tflite"
        path.write_bytes(mutant(ORIGINALS[name], seed))
        try:
            plan_layout(path)
        except PlanError:
            path.unlink()
        else:
            paths.append(path)
    return paths


def compared(paths):
    """What the child says of each model, by name; one that it died over is ``crashed``."""
    done = {}
    todo = list(paths)
    while todo:
        child = subprocess.run(
            [sys.executable, str(HERE / "mutants_child.py"), COMPILER],
            input="\n".join(map(str, todo)),
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])},
        )
        lines = [json.loads(line) for line in child.stdout.splitlines() if line.startswith("{")]
        done |= {line.pop("model"): line for line in lines if "model" in line}
        if child.returncode:
            name = lines[-1]["running"] if lines else todo[0].name
            done[name] = {"crashed": child.returncode, "said": child.stderr[-2000:]}
        todo = [path for path in todo if path.name not in done]
    return done


@pytest.mark.parametrize("name", ORIGINALS)
def test_a_mutant_is_refused_in_words_or_gives_litert_s_outputs(tmp_path, name):
    paths = accepted(name, tmp_path, range(N_MUTANTS))
    assert len(paths) > N_MUTANTS // 50  # else the mutator only makes rubbish
    step = max(1, len(paths) // N_COMPARED)
    outcomes = compared(paths[::step][:N_COMPARED])
    assert {what: o for what, o in outcomes.items() if not {"equal", "refused"} & set(o)} == {}
    assert any("equal" in o for o in outcomes.values())


def test_the_originals_themselves_are_equal(tmp_path):
    paths = [tmp_path / f"{name}.tflite" for name in ORIGINALS]
    for path in paths:
        path.write_bytes(ORIGINALS[path.stem])
    assert compared(paths) == {path.name: {"equal": True} for path in paths}


@pytest.mark.skipif(not CASES.is_dir(), reason="no folder of cases beside the checkout")
@pytest.mark.parametrize("case", sorted(CASES.glob("tflite/*.tflite")), ids=lambda p: p.stem)
def test_each_file_that_once_came_through_or_broke_something_is_refused_with_operator_and_tensor(case):
    with pytest.raises(PlanError) as caught:
        plan_layout(case)
    assert "layer" in str(caught.value)


def test_a_stored_shape_that_the_operator_does_not_make_is_refused_with_both(tmp_path):
    net = RichNet("float32", (6, 6, 4), np.random.default_rng(0))
    net.unary("LEAKY_RELU")
    net.tensors[net.current].shape = [1, 6, 6, 1]
    with pytest.raises(PlanError, match="contradicts itself") as caught:
        plan_layout(net.write(tmp_path / "net.tflite"))
    assert str(caught.value.expected).startswith("[1, 6, 6, 4]")
    assert caught.value.found == [1, 6, 6, 1]
    assert "LEAKY_RELU (layer 0)" in caught.value.where
