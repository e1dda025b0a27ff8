"""A release judged by what lies in folders and in the history, and against the release before."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from functools import partial

import numpy as np
import pytest

from harness.errors import MisuseError
from harness.evidence.history import History
from harness.evidence.release import at_hand, gathered, judged, of_baseline, read
from harness.evidence.reports import json_, npz
from harness.records import DatasetFacts, Verdict
from harness.tests.verdict.release_runs import NOW, PLAN, broken, firmware, hits, run, samples
from harness.verdict.release import CellStatus

OLD = partial(run, age=timedelta(days=30), firmware=firmware(elf_sha256="00" * 32))
OTHER_DATA = DatasetFacts(name="digits", split="test", sha256="ff" * 32, n=1000, planned=1000)
CUT_SHORT = DatasetFacts(name="digits", split="test", sha256="da" * 32, n=500, planned=1000)


@pytest.fixture
def base(tmp_path, monkeypatch):
    """The folder of runs of a project with one plan, on one board, and a release of it."""
    monkeypatch.delenv("HIL_DB", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "testplans" / "releases").mkdir(parents=True)
    (tmp_path / "testplans" / "kws.yaml").write_text(PLAN.replace("[nucleo, psoc]", "[nucleo]"))
    wanted(tmp_path)
    return tmp_path / "hil-reports"


def wanted(project, extra=""):
    (project / "testplans" / "releases" / "1.5.yaml").write_text(f'name: "1.5"\nfresh: 7d\nplans: [kws]\n{extra}')


def before(base, name="release-1.4"):
    """A release file that names a baseline."""
    wanted(base.parent, f"baseline: {name}\n")


def left(base, one, wrong=40):
    """In a folder as a run leaves it."""
    folder = base / one.record.run_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_bytes(json_.render(one.record, None, None))
    (folder / "samples.npz").write_bytes(npz.render(one.record, samples(wrong), None))


def kept(base, one, wrong=40, tag="", **changed):
    """In the history."""
    with History.open(base=base) as history:
        history.add(one.record, replace(samples(wrong), **changed), session="20260314T110000Z-1")
        if tag:
            history.tag(tag, [one.record.run_id])


def cell(base, *references):
    asked = read(base.parent / "testplans" / "releases" / "1.5.yaml")
    found = gathered(references, base=base) if references else at_hand(asked, now=NOW, base=base)
    (one,) = judged(asked, found, now=NOW, baseline=of_baseline(asked, base=base)).cells
    return one


def test_a_run_below_a_folder_speaks_and_its_record_is_known_by_its_digest(base):
    left(base, run())
    found = cell(base, "./hil-reports")
    assert (found.status, found.run.origin) == (CellStatus.PASS, "hil-reports/nucleo-3600")
    record = (base / "nucleo-3600" / "record.json").read_bytes()
    assert found.run.record_sha256 == hashlib.sha256(record).hexdigest()


def test_without_a_history_the_folder_of_runs_is_looked_into(base, monkeypatch):
    assert cell(base).status is CellStatus.MISSING
    left(base, run())
    assert cell(base).status is CellStatus.PASS
    kept(base, run(age=timedelta(hours=2), **broken()))
    assert cell(base).status is CellStatus.FAIL
    monkeypatch.setenv("HIL_DB", "off")
    assert cell(base).status is CellStatus.PASS


def test_a_run_in_the_history_speaks_and_one_that_is_too_old_is_named(base):
    kept(base, run(age=timedelta(days=9)))
    assert cell(base).reasons[0].startswith("the newest run, nucleo-777600, is 9.0 d old")
    kept(base, run())
    found = cell(base)
    assert (found.status, found.run.run_id) == (CellStatus.PASS, "nucleo-3600")


def test_a_tag_a_session_or_a_run_may_be_what_is_judged(base):
    kept(base, run(), tag="candidate")
    for reference in ("candidate", "20260314T110000Z-1", "nucleo-36", "latest"):
        assert cell(base, reference).status is CellStatus.PASS
    with pytest.raises(MisuseError, match="the history has no such run"):
        cell(base, "candidat")


def test_a_cell_that_is_as_good_as_in_the_release_before_passes(base):
    before(base)
    kept(base, OLD(), wrong=40, tag="release-1.4")
    kept(base, run(), wrong=42)
    found = cell(base)
    assert found.status is CellStatus.PASS, found.reasons
    assert (found.baseline.run_id, found.baseline.lost, found.baseline.margin) == ("nucleo-2592000", 2, 0.02)
    assert [alarm.gate for alarm in found.alarms][-1] == "accuracy drop <= 0.02 against the baseline"


def test_a_cell_that_has_lost_too_much_fails_though_its_gates_hold(base):
    before(base)
    kept(base, OLD(**hits(1000)), wrong=0, tag="release-1.4")
    kept(base, run(**hits(930)), wrong=70)
    found = cell(base)
    assert found.run.verdict is Verdict.PASS
    assert (found.status, found.baseline.lost) == (CellStatus.FAIL, 70)
    assert "accuracy drop <= 0.02 against the baseline is broken" in found.reasons[0]


def test_a_plan_may_have_a_margin_of_its_own(base):
    kept(base, OLD(), wrong=40, tag="release-1.4")
    kept(base, run(), wrong=90)
    plan = '"../kws.yaml"'
    text = f'name: "1.5"\nbaseline: release-1.4\nplans: [{{plan: {plan}, margin: 0.1}}]\n'
    (base.parent / "testplans" / "releases" / "1.5.yaml").write_text(text)
    found = cell(base)
    assert (found.status, found.baseline.lost, found.baseline.margin) == (CellStatus.PASS, 50, 0.1)


@pytest.mark.parametrize(("extra", "status"), [("", CellStatus.INCONCLUSIVE), (", margin: 0.5", CellStatus.PASS)])
def test_a_task_without_accuracy_needs_a_margin_of_its_own(base, extra, status):
    scores = np.linspace(1, 2, 1000)
    for one, tag in ((OLD(task="regression"), "release-1.4"), (run(task="regression"), "")):
        kept(base, one, tag=tag, decisions=None, scores=scores if tag else scores + 0.01)
    text = f'name: "1.5"\nbaseline: release-1.4\nplans: [{{plan: kws{extra}}}]\n'
    (base.parent / "testplans" / "releases" / "1.5.yaml").write_text(text)
    found = cell(base)
    assert found.status is status, found.reasons


def test_too_few_samples_to_tell_is_no_pass(base):
    before(base)
    kept(base, OLD(), wrong=20, tag="release-1.4")
    kept(base, run(), wrong=36)
    found = cell(base)
    assert found.status is CellStatus.INCONCLUSIVE
    assert found.reasons[0].startswith("against the baseline: accuracy")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (None, "the baseline release-1.4 has no run of this cell"),
        ({"evidence": "emulated", "backend": "virtual"}, "is emulated, and the release needs hardware"),
        ({"dataset": CUT_SHORT}, "the baseline's run nucleo-2592000 was cut short: 500 of 1,000 samples"),
        ({"dataset": OTHER_DATA}, "not compared with the baseline release-1.4: the two runs are not of the same data"),
    ],
    ids=["absent", "emulated", "cut short", "other data"],
)
def test_a_baseline_that_says_nothing_of_a_cell_keeps_it_from_passing(base, changed, why):
    before(base)
    if changed is not None:
        kept(base, OLD(**changed), tag="release-1.4", digests=np.arange(1000, 2000, dtype=np.uint64))
    kept(base, run())
    found = cell(base)
    assert found.status is CellStatus.INCONCLUSIVE
    assert why in found.reasons[0]


def test_a_baseline_whose_samples_are_not_kept_keeps_a_cell_from_passing(base):
    before(base)
    left(base.parent / "old", OLD())
    (base.parent / "old" / OLD().record.run_id / "samples.npz").unlink()
    wanted(base.parent, "baseline: ./old\n")
    kept(base, run())
    assert "the samples of run nucleo-2592000 are not kept" in cell(base).reasons[0]
