"""A run whose host process is killed in the middle, and gone on with: on real virtual units."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from run_cases import digits_case

from harness.errors import MisuseError
from harness.records import Verdict
from harness.run import journal
from harness.run.options import RunOptions
from harness.run.runner import run_case

N_SAMPLES = 60

#: Runs the case and kills itself, as hard as can be, when that share of it was answered.
KILLED = """
import os, signal, sys
from pathlib import Path
from run_cases import digits_case
from harness.run.options import RunOptions
from harness.run.runner import run_case

def watch(step):
    if step.name == "stream" and step.share >= {share}:
        os.kill(os.getpid(), signal.SIGKILL)

run_case(digits_case({n}), RunOptions(backend="virtual"), watch=watch, folder=Path(sys.argv[1]))
"""


def run_and_kill(folder, share):
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(share=share, n=N_SAMPLES), str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(here.parents[2]), str(here)])},
        timeout=120,
        capture_output=True,
    )
    assert done.returncode == -9, done.stderr.decode()


def go_on(folder, samples=N_SAMPLES):
    options = RunOptions(backend="virtual", resume=str(folder))
    return run_case(digits_case(samples), options, watch=lambda step: None, folder=folder)


def test_a_run_killed_in_the_middle_is_gone_on_with_and_each_sample_is_scored_exactly_once(tmp_path):
    run_and_kill(tmp_path, 0.5)
    first = journal.read(tmp_path / journal.FILENAME)
    assert N_SAMPLES // 2 - 2 <= len(first.answered) < N_SAMPLES
    result = go_on(tmp_path)
    record = result.record
    assert record.verdict is Verdict.PASS, record.reasons
    assert record.run_id == first.run_id
    assert record.measurement("agreement").value == 1.0
    assert (record.measurement("accuracy").n, record.link.lost) == (N_SAMPLES, 0)
    assert np.array_equal(result.samples.input_crc, result.samples.sent_crc)
    # Only what was unanswered has travelled the second time: at most 64 bytes of each sample, fewer where encoded.
    assert 0 < record.link.payload_bytes <= (N_SAMPLES - len(first.answered)) * 64
    assert any("gone on with" in warning for warning in record.warnings)
    lines = (tmp_path / journal.FILENAME).read_bytes().splitlines()
    assert len([line for line in lines if b'{"i":' in line]) == N_SAMPLES
    assert len([line for line in lines if b'{"unit":' in line]) == 2
    result.write(tmp_path)
    assert (tmp_path / "record.json").is_file()
    assert not (tmp_path / journal.FILENAME).exists(), "the reports say it all"


@pytest.fixture(scope="module")
def uninterrupted():
    return run_case(digits_case(N_SAMPLES), RunOptions(backend="virtual"), watch=lambda step: None).record


@pytest.mark.parametrize("share", [0.1, 0.9, 1.0])
def test_a_resumed_record_has_every_measurement_of_an_uninterrupted_one_on_as_many_samples(
    tmp_path, share, uninterrupted
):
    run_and_kill(tmp_path, share)
    record = go_on(tmp_path).record
    found, whole = ({m.name: m.n for m in r.measurements} for r in (record, uninterrupted))
    assert found == whole
    assert whole["instructions.p50"] == 50, "the samples that go alone: plans.Stream.quiet"


def test_a_run_of_other_data_is_refused_before_anything_is_started(tmp_path):
    run_and_kill(tmp_path, 0.2)
    with pytest.raises(MisuseError, match="data set") as caught:
        go_on(tmp_path, N_SAMPLES - 1)
    assert str(caught.value.expected) != str(caught.value.found)
