"""Public streaming wake words, played to a virtual board. Their files are not ours: HIL_WAKE_MODELS is a folder that has them."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from run_cases import BOARD, reset_half_way

from harness.bench.boards import names
from harness.models.metadata import load_model
from harness.paths import shipped
from harness.plans import expand
from harness.plans.modelspec import ModelSpec
from harness.records import Verdict
from harness.run.options import RunOptions
from harness.run.reading import read_plan
from harness.run.runner import run_case

FOLDER = Path(os.environ.get("HIL_WAKE_MODELS", ""))
WORDS = sorted(path.stem for path in FOLDER.glob("*.json")) if "HIL_WAKE_MODELS" in os.environ else []
FULL = os.environ.get("HIL_FULL") == "1" and shutil.which("espeak-ng") is not None
PLAN = """
name: wake
boards: [{board}]
model: {{file: {file}, classes: [{word}]}}
dataset: {data}
continuous:
  front_end: {{name: micro, variant: L, step_ms: {step_ms}, rows: {stride}}}
  every: {stride}
  rule: {{name: sliding, over: {over}, above: {above}, rest: 24}}
  tolerance_ms: 500
gates: [features_agreement == 1.0, agreement == 1.0, detections_agreement == 1.0]
"""
TALK = '{name: rendered, options: {what: words, seconds: 6, events: "yes", others: 1.0, gap_s: 2}}'
#: Of the guide: the recording that is made of "okay nabu", the network, and what it hears of it.
RECORDING = "7b2f9a1d0015dea42adcc85d3765c1dc4f1691d89bbde7fa5dd662ca1327f413"
OKAY_NABU = "0689abe1912a95a3318a0d8cb2e67bad0cbcfe3e24dd6e050c75debddfb6f891"


def case(folder, word, data):
    """The plan of a wake word by what its own .json says of it."""
    told = json.loads((FOLDER / f"{word}.json").read_text(encoding="utf-8"))
    file = shutil.copy(FOLDER / told["model"], folder)
    model = load_model(ModelSpec(name=word, file=file), folder)
    text = PLAN.format(
        board=BOARD,
        file=Path(file).name,
        word=word,
        data=data,
        step_ms=told["micro"]["feature_step_size"],
        stride=model.inputs[0].shape[1],
        over=told["micro"]["sliding_window_size"],
        above=int(255 * told["micro"]["probability_cutoff"]),
    )
    path = folder / "wake.yaml"
    path.write_text(text, encoding="utf-8")
    (made,) = expand(read_plan(path, names()), boards=names(), only_boards=[BOARD])
    return made


@pytest.mark.skipif(not WORDS, reason="HIL_WAKE_MODELS names no folder with wake words")
@pytest.mark.parametrize("word", WORDS or ["none"])
def test_a_board_hears_through_a_public_network_what_the_host_does_with_a_reset_in_the_middle(word, tmp_path):
    record = run_case(case(tmp_path, word, TALK), RunOptions(backend="virtual"), watch=reset_half_way()).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.playback.divergence == ""
    assert len(record.playback.beginnings) == 1
    assert (record.link.resets, record.link.lost) == (1, 0)


@pytest.mark.skipif(not (FULL and "okay_nabu" in WORDS), reason="HIL_FULL=1, HIL_WAKE_MODELS with okay_nabu, espeak-ng")
@pytest.mark.timeout(7200)
def test_a_quarter_of_an_hour_of_talk_is_heard_as_the_guide_says(tmp_path):
    script, out = shipped("fixtures") / "recordings" / "spoken_phrase.py", tmp_path / "okay_nabu.wav"
    subprocess.run([sys.executable, script, "okay nabu", out], check=True, capture_output=True, timeout=600)
    data = "{name: recording, options: {path: okay_nabu.wav, annotations: okay_nabu.txt}}"
    record = run_case(case(tmp_path, "okay_nabu", data), RunOptions(backend="virtual"), watch=lambda _: None).record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.playback.divergence == ""
    measured = {one.name: one for one in record.measurements}
    if (hashlib.sha256(out.read_bytes()).hexdigest(), record.network.sha256) == (RECORDING, OKAY_NABU):
        assert (measured["hit_rate"].n, measured["misses"].value) == (58, 28)
        assert measured["false_alarms_per_hour"].n == 1
