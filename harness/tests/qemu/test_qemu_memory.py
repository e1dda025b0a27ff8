"""A streaming network on QEMU: what it remembers from step to step is what LiteRT does."""

import numpy as np
from qemu_lab import BOARD, needs_qemu

from harness.bench.boards import names
from harness.models.metadata import load_model
from harness.models.reference.litert import LiteRt
from harness.plans import expand
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import run_case

NETWORK = "streaming_keyword_int8"


@needs_qemu
def test_a_hundred_steps_of_a_stream_equal_litert_s(tmp_path):
    (tensor,) = load_model(NETWORK).inputs
    raw = np.random.default_rng(8).integers(-128, 128, (100, *tensor.shape[1:])).astype(np.int8)
    np.savez(tmp_path / "steps.npz", x=tensor.real(raw).astype(np.float32))
    (tmp_path / "wake.yaml").write_text(
        f"name: wake\nboard: {BOARD}\nmodel: {NETWORK}\ntask: raw\nstate: never\ngates: [agreement == 1]\n"
        "dataset: {name: npz, options: {path: steps.npz, unlabelled: true}}\n"
    )
    (case,) = expand(read_plan(tmp_path / "wake.yaml"), boards=names())
    result = run_case(case, RunOptions(backend="qemu"), watch=lambda step: None)
    assert result.record.verdict is Verdict.PASS, result.record.reasons
    assert result.record.state_reset == "never"
    expected = LiteRt(keep_state=True).run(load_model(NETWORK).path, raw)
    assert np.array_equal(result.samples.outputs, expected)
    assert len(np.unique(expected)) > 2
