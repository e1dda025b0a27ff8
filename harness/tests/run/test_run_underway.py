"""What a case tells other processes while it runs. The real run that another process follows is in tests/web."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from run_cases import digits_case

from harness.disk.folders import runtime_folder
from harness.records import Tensor, Verdict
from harness.run import underway
from harness.run.scoring import judge_of
from harness.run.watch import Step
from harness.testing.clock import ManualClock
from harness.wire.events import LinkCounters, ResultReceived

CASE = digits_case(samples=4)
DIES = """
import sys
from types import SimpleNamespace
from harness.clock import SystemClock
from harness.run import underway
from harness.run.watch import Step
case, clock = SimpleNamespace(id="p/b/m", board="b"), SystemClock()
with underway.told(case, clock, None, run_id="killed", started=clock.now(), backend="virtual") as telling:
    telling.step(Step("build"))
    print("told", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "runtime"))


def open_case(run_id="run1", clock=None, folder=None):
    clock = clock or ManualClock()
    return underway.told(CASE, clock, folder, run_id=run_id, started=clock.now(), backend="virtual")


def answer(i, right=True):
    return ResultReceived(i, 0, 100, 7, 7, bytes([right]))


def judged(answers):
    return sum(one.outputs == b"\1" for _, one in answers)


def counters():
    return LinkCounters(bytes_tx=1000, bytes_rx=200, bad_rx=1, bad_board=2), 115200


def test_a_case_is_told_of_from_its_first_step_until_its_verdict(tmp_path):
    with open_case(folder=tmp_path / "reports") as telling:
        telling.step(Step("build"))
        telling.on_unit("V-1")
        (state,) = underway.cases()
        assert (state.case_id, state.step, state.unit, state.process) == (CASE.id, "build", "V-1", os.getpid())
        assert (state.ended, state.verdict, state.folder) == (False, None, str(tmp_path / "reports"))
        telling.end(Verdict.PASS)
    (state,) = underway.cases()
    assert (state.ended, state.verdict) == (True, Verdict.PASS)
    assert underway.case("run1") == state


def test_samples_their_rightness_the_link_and_the_time_left_are_told_twice_a_second_at_most():
    clock = ManualClock()
    with open_case(clock=clock) as telling:
        telling.streaming(10, {}, counters, judged)
        for index in range(6):
            clock.advance_s(0.3)
            telling.answer(index, answer(index, right=index != 2))
        state = underway.case("run1")
        assert (state.answered, state.total, state.right, state.judged) == (6, 10, 5, 6)
        assert (state.link.baud, state.link.frames_bad, state.streamed_s) == (115200, 3, 1.8)
        assert state.left_s == pytest.approx(1.2)
        telling.answer(6, answer(6))
        assert underway.case("run1").answered == 6, "not before half a second is over"


def test_what_an_earlier_part_has_answered_counts_but_not_for_the_time_left():
    clock = ManualClock()
    with open_case(clock=clock) as telling:
        telling.streaming(10, {i: answer(i) for i in range(6)}, counters, judged)
        state = underway.case("run1")
        assert (state.answered, state.right, state.judged, state.left_s) == (6, 6, 6, None)
        clock.advance_s(2)
        telling.answer(6, answer(6))
        assert underway.case("run1").left_s == pytest.approx(6)


def test_a_case_that_breaks_off_has_ended_without_a_verdict():
    def broken():
        with open_case() as telling:
            telling.step(Step("flash"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    state = underway.case("run1")
    assert (state.ended, state.verdict) == (True, None)


def test_a_case_whose_data_is_missing_leaves_nothing():
    with open_case() as telling:
        telling.step(Step("prepare"))
        assert underway.case("run1") is not None
    assert underway.cases() == []


def test_a_killed_case_is_not_taken_for_one_that_runs():
    process = subprocess.Popen([sys.executable, "-c", DIES], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"told\n"
    assert not underway.case("killed").ended
    process.send_signal(signal.SIGKILL)
    process.communicate()
    state = underway.case("killed")
    assert (state.ended, state.verdict) == (True, None)


def test_the_last_twenty_stay_and_no_case_that_runs_is_swept_away():
    with open_case("runs") as running:
        running.step(Step("build"))
        for number in range(25):
            with open_case(f"r{number}") as telling:
                telling.step(Step("build"))
        found = underway.cases()
    assert found[0].run_id == "runs"
    assert len(found) <= 22


def test_a_folder_that_cannot_be_used_ends_the_telling_and_not_the_run(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HIL_RUNTIME_DIR", str(tmp_path / "file"))
    with open_case() as telling:
        telling.step(Step("build"))
        telling.streaming(1, {}, counters, judged)
        telling.answer(0, answer(0))
        telling.end(Verdict.PASS)


def test_a_disk_that_fills_up_ends_the_telling_and_not_the_run():
    with open_case() as telling:
        telling.step(Step("build"))
        place = runtime_folder() / "underway" / "run1.new"
        place.unlink(missing_ok=True)
        place.mkdir()
        telling.end(Verdict.PASS)
    assert underway.case("run1").verdict is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a/b", "x" * 65, "a\0b"])
def test_no_name_leads_out_of_the_folder(name):
    assert underway.case(name) is None


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"run_id": 3}), "\xff"])
def test_a_damaged_file_is_no_case(content):
    with open_case() as telling:
        telling.step(Step("build"))
    (runtime_folder() / "underway" / "run1.json").write_text(content, encoding="latin-1")
    assert underway.cases() == []


class _Work:
    """As much of a workload as is asked."""

    def __init__(self, labels):
        self.data = type("Data", (), {"labels": np.array(labels)})
        self.n = len(labels)

    def sent_crc(self):
        return np.full(self.n, 7, dtype=np.uint32)


def test_right_is_what_accuracy_will_count():
    output = Tensor("scores", (1, 3), "int8", 0.1, 0)
    judge = judge_of(CASE, _Work([2, 0, 1, 1]), (output,))
    rows = [[1, 2, 3], [9, 2, 3], [1, 9, 3], [1, 9, 3]]
    answers = [(i, ResultReceived(i, 0, 1, 7, 7, np.array(row, np.int8).tobytes())) for i, row in enumerate(rows)]
    damaged = ResultReceived(3, 0, 1, 8, 7, np.array(rows[3], np.int8).tobytes())
    assert judge(answers[:3]) == 3
    assert judge([(3, damaged)]) == 0, "computed from another input than was sent"
    assert judge([(0, answers[1][1])]) == 0
