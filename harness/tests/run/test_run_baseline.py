"""The earlier run that a case is held against: how it is found, and what a case comes to with it and without."""

import re
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from run_cases import BOARD, MODEL, digits_case
from whole_runs import record

from harness.evidence import layout, read_record, write_reports
from harness.evidence.history import History
from harness.plans import Gate
from harness.plans.baselinespec import BaselineSpec
from harness.records import Samples, Verdict
from harness.run.baseline import baseline_of, judged_against
from harness.run.options import RunOptions
from harness.run.runner import run_case

CASE = f"digits/{BOARD}/{MODEL}"


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A project's folder of runs, with a history of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIL_DB", f"sqlite:///{tmp_path}/history.db")
    return tmp_path / layout.BASE


def asked(*gates, baseline=None):
    case = digits_case()
    plan = case.plan.model_copy(update={"baseline": baseline})
    texts = gates or ("accuracy drop <= 0.02",)
    return replace(case, plan=plan, gates=tuple(Gate.model_validate(text) for text in texts))


def samples(n=4):
    zero = np.zeros(n, dtype=np.uint32)
    return Samples(
        ids=np.array([f"s{i}" for i in range(n)]), labels=np.zeros(n, dtype=np.int64), outputs=np.zeros((n, 2), dtype=np.int8),
        reference=np.zeros((n, 2), dtype=np.int8), cycles=np.zeros(n, dtype=np.uint64), input_crc=zero, sent_crc=zero,
        status=np.zeros(n, dtype=np.uint8), answered=np.ones(n, dtype=np.bool_), decisions=np.zeros(n, dtype=np.int64),
    )  # fmt: skip


def some_run(run_id, case_id=CASE, age=0.0, **changed):
    found = record(case_id)
    began = found.started - timedelta(hours=age)
    return found.model_copy(update={"run_id": run_id, "started": began, "finished": began} | changed)


def kept(base, *runs, session="20260101T000000Z-1", tag=None, arrays=True):
    with History.open(base=base) as store:
        for one in runs:
            store.add(one, samples() if arrays else None, session=session)
        if tag:
            store.tag(tag, [one.run_id for one in runs])


def folder(base, session):
    return layout.case_folder(base / session, CASE)


def test_the_run_of_the_same_case_is_taken_from_a_tag_of_many(base):
    others = [some_run("bbbb1", "digits/other/m"), some_run("cccc1", f"digits/{BOARD}/another")]
    kept(base, some_run("aaaa1"), *others, tag="release-1.4")
    case = asked(baseline=BaselineSpec(tag="release-1.4"))
    assert baseline_of(case, None, folder(base, "now")).side.record.run_id == "aaaa1"


def test_another_model_of_the_same_plan_and_board_is_what_a_swap_is_held_against(base):
    kept(base, some_run("bbbb1", "digits/other/m"), some_run("cccc1", f"digits/{BOARD}/another"), tag="t")
    assert baseline_of(asked(), "t", None).side.record.run_id == "cccc1"


def test_the_command_goes_before_the_plan(base):
    kept(base, some_run("aaaa1"), tag="old")
    kept(base, some_run("aaaa2"), tag="new", session="20260102T000000Z-1")
    case = asked(baseline=BaselineSpec(tag="old"))
    assert baseline_of(case, "new", None).side.record.run_id == "aaaa2"


def test_a_path_starts_at_the_plan(base, tmp_path):
    write_reports(some_run("aaaa1"), samples(), tmp_path / "plans" / "trusted")
    case = asked(baseline=BaselineSpec(path="trusted"))
    plan = case.plan.model_copy(update={"origin": tmp_path / "plans" / "p.yaml"})
    assert baseline_of(replace(case, plan=plan), None, None).side.record.run_id == "aaaa1"


def test_latest_is_never_the_run_that_is_under_way(base):
    kept(base, some_run("aaaa1", age=2))
    kept(base, some_run("aaaa2", age=1), session="20260102T000000Z-1")
    now = "20260103T000000Z-1"
    kept(base, some_run("aaaa3"), some_run("bbbb3", "digits/other/m"), session=now)
    assert baseline_of(asked(), "latest", folder(base, now)).side.record.run_id == "aaaa2"


def test_latest_is_found_in_the_folders_where_no_history_is_kept(base, monkeypatch):
    monkeypatch.setenv("HIL_DB", "off")
    for session, run_id in (("20260101T000000Z-1", "aaaa1"), ("20260102T000000Z-1", "aaaa2")):
        write_reports(some_run(run_id), samples(), folder(base, session))
    assert baseline_of(asked(), "latest", folder(base, "20260102T000000Z-1")).side.record.run_id == "aaaa1"


@pytest.mark.parametrize(
    ("reference", "why", "remedy"),
    [
        (None, "no baseline is named", "--baseline REF"),
        ("nosuch", "there is no baseline 'nosuch'", "hil history tag latest nosuch"),
        ("latest", f"there is no earlier run of {CASE}", f"hil run .*digits.yaml --board {BOARD}"),
        ("./nowhere", "there is no baseline './nowhere'", "--report-dir DIR"),
        ("others", f"has no run of {CASE}: it has digits/other/m, digits/third/m", "hil history tag latest others"),
        ("bare", "the samples of the baseline's run dddd1 are not kept", "hil history tag"),
    ],
)
def test_where_there_is_no_baseline_the_reason_and_the_command_that_mends_it_are_told(base, reference, why, remedy):
    kept(base, some_run("bbbb1", "digits/other/m"), some_run("cccc1", "digits/third/m"), tag="others")
    kept(base, some_run("dddd1", "digits/fourth/m"), tag="bare", session="20260102T000000Z-1", arrays=False)
    found = baseline_of(asked(), reference, folder(base, "20260103T000000Z-1"))
    assert found.side is None
    assert why in found.why_not
    assert re.search(remedy, found.remedy)


def test_a_history_that_cannot_be_read_ends_no_run(base, monkeypatch, tmp_path):
    (tmp_path / "broken.db").write_bytes(b"no database" * 1000)
    monkeypatch.setenv("HIL_DB", f"sqlite:///{tmp_path}/broken.db")
    found = baseline_of(asked(), "release-1.4", None)
    assert found.why_not.startswith("the baseline 'release-1.4' cannot be looked for: the history cannot be used")
    assert found.remedy.startswith("put it aside; `hil history import"), "a new run and a tag would mend nothing"


def test_a_case_without_such_a_gate_needs_none_and_gets_one_where_a_baseline_is_named():
    case = asked("accuracy >= 0.9")
    assert baseline_of(case, None, None) is None
    assert judged_against(case, None) == case
    assert [g.text() for g in judged_against(case, "latest").gates] == ["accuracy >= 0.9", "accuracy drop <= 0.02"]
    assert judged_against(asked("churn <= 0.1"), "latest") == asked("churn <= 0.1")


def test_a_case_is_held_against_what_it_came_to_before(base):
    case = replace(
        digits_case(24),
        gates=tuple(
            Gate.model_validate(text)
            for text in (
                "lost_samples == 0",
                "instructions.p50 rise <= 0",
                "flash_bytes rise <= 0",
                "churn <= 0.5 severity warn",
            )
        ),
    )
    options = RunOptions(backend="virtual")
    first = run_case(case, options, watch=lambda step: None)
    assert first.record.verdict is Verdict.INCONCLUSIVE
    assert "no baseline is named" in first.record.reasons[0]
    first.write(base / "trusted")
    second = run_case(case, replace(options, baseline=str(base / "trusted")), watch=lambda step: None)
    assert (second.record.verdict, second.record.baseline.run_id) == (Verdict.PASS, first.record.run_id)
    assert (second.record.baseline.n, second.record.baseline.changes) == (24, ())
    assert [g.passed for g in second.record.gates] == [True, True, True, None]
    second.write(base / "now")
    assert read_record(base / "now") == second.record
    for name in ("report.html", "summary.md", "junit.xml"):
        assert f"run {first.record.run_id}" in (base / "now" / name).read_text("utf-8")
