"""Which run speaks for a cell of a release, and what the release comes to."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from release_runs import COMMIT, NOW, asked, broken, firmware, hits, plan, release, run

from harness.errors import PlanError
from harness.records import DatasetFacts, SourceFacts, Verdict
from harness.verdict.release import Asked, CellStatus, choose, judge_release

OTHER = SourceFacts(commit="b2" * 20, dirty=False)
EDITED = SourceFacts(commit=COMMIT, dirty=True)
PSOC = run("psoc")


def judged(*runs, extra="", commit=""):
    of = asked(extra)
    found, cells = choose(of, runs, now=NOW, commit=commit)
    return judge_release(of, found, cells, now=NOW, digests={})


def cell(*runs, extra="", commit=""):
    """The cell of the first board; the other one has passed."""
    return judged(*runs, PSOC, extra=extra, commit=commit).cells[0]


def test_a_release_passes_when_every_cell_has():
    found = judged(run(), PSOC)
    assert (found.verdict, found.reasons) == (Verdict.PASS, ("all 2 cells pass",))
    assert [one.id for one in found.cells] == ["kws/nucleo/small", "kws/psoc/small"]
    assert found.commit == COMMIT
    assert (found.n_alarms, found.n_exact) == (2, 2)


def test_what_was_never_run_is_missing_and_keeps_the_release_from_passing():
    found = judged(PSOC)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reasons == ("kws/nucleo/small: missing: it was never run",)


@pytest.mark.parametrize(
    ("odd", "status", "why"),
    [
        ({"age": timedelta(days=9)}, "stale", "is 9.0 d old; the release takes 7d at most"),
        ({"age": -timedelta(hours=2)}, "stale", "ended in the future: the clock of bench-3 is wrong"),
        ({"evidence": "emulated", "backend": "virtual"}, "inconclusive", "only emulated: the release needs hardware"),
        ({"evidence": "unknown", "verdict": Verdict.ERROR}, "inconclusive", "ended before it had opened a unit"),
        ({"source": None}, "inconclusive", "does not say which commit it is of"),
        ({"source": EDITED, "age": timedelta(days=2)}, "inconclusive", "had edits on top of commit a1a1"),
        ({"source": OTHER, "age": timedelta(days=2)}, "stale", "is of commit b2b2b2b2b2b2, the release of a1a1a1a1a1a1"),
        ({"firmware": firmware(model="beef" * 16), "age": timedelta(days=2)}, "stale", "had another model: beefbeef"),
        ({"n": 60}, "inconclusive", "was cut short: 60 of 1,000 samples"),
        ({"gates": hits(960)["gates"][:1]}, "stale", "the plan's gates are not those that run"),
        (
            {"verdict": Verdict.ERROR, "gates": (), "reasons": ("probe not found",)},
            "inconclusive",
            "the rig was at fault in run nucleo-3600: probe not found",
        ),
        (hits(905), "inconclusive", "the interval lies on both sides"),
        (broken(), "fail", "lost_samples 3, limit == 0"),
        ({"verdict": Verdict.FAIL, "gates": (), "reasons": ("hard fault at 0x8001234",)}, "fail", "hard fault"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_run_that_is_not_what_the_release_needs_is_named_with_why(odd, status, why):
    found = cell(run(**odd))
    assert found.status == status
    assert why in found.reasons[0]
    assert found.run is not None


def test_another_data_set_than_the_plans_newest_is_stale():
    data = DatasetFacts(name="digits", split="test", sha256="ff" * 32, n=1000, planned=1000)
    assert (
        cell(run(dataset=data, age=timedelta(days=2))).reasons[0].startswith("run nucleo-172800 had another data set")
    )


def test_each_cell_may_ask_for_its_own_evidence_and_age():
    text = "name: a\nplans: [{plan: kws, boards: nucleo, evidence: any, fresh: 8w}, {plan: kws, boards: psoc}]\n"
    of = Asked.of(release(text=text), [plan(), plan()])
    assert [(one.board, one.needs, one.fresh) for one in of.cells] == [
        ("nucleo", "any", timedelta(weeks=8)),
        ("psoc", "hardware", None),
    ]


def test_the_newest_run_speaks_for_a_cell_and_says_which_commit_the_release_is_of():
    old = run(source=OTHER, age=timedelta(days=1))
    assert cell(old, run()).run.run_id == "nucleo-3600"
    newer = run(source=OTHER, age=timedelta(minutes=1))
    found = judged(newer, PSOC)
    assert found.commit == OTHER.commit
    assert [one.status for one in found.cells] == [CellStatus.PASS, CellStatus.STALE]


def test_a_commit_that_is_asked_for_is_judged_whatever_was_run_since():
    newer = run(source=OTHER, age=timedelta(minutes=1))
    found = judged(newer, run(), PSOC, commit=COMMIT[:8])
    assert (found.verdict, found.commit) == (Verdict.PASS, COMMIT)
    none = judged(run(), PSOC, commit="c3")
    assert [one.status for one in none.cells] == [CellStatus.STALE] * 2
    assert none.commit == ""


def test_a_release_that_asks_for_no_commit_takes_edited_runs():
    assert judged(run(source=EDITED), run("psoc", source=None), extra="commit: any").verdict is Verdict.PASS


def test_a_later_pass_of_the_same_image_does_not_undo_a_failure():
    failed = run(age=timedelta(days=1), **broken())
    found = cell(failed, run())
    assert found.status is CellStatus.FAIL
    assert (
        "run nucleo-86400 of the same image failed on 2026-03-13, and a later pass does not undo that"
        in found.reasons[0]
    )
    assert found.others == ("nucleo-86400",)


def test_a_failure_of_another_image_is_over():
    failed = run(age=timedelta(days=1), firmware=firmware(elf_sha256="00" * 32), **broken())
    assert cell(failed, run()).status is CellStatus.PASS


def test_a_dismissed_failure_does_not_count_and_is_told():
    failed = run(age=timedelta(days=1), **broken())
    found = cell(failed, run(), extra="dismissed: [{run: nucleo-86400, reason: a loose cable}]")
    assert (found.status, found.warnings) == (
        CellStatus.PASS,
        ("the failed run nucleo-86400 was dismissed: a loose cable",),
    )
    only = cell(failed, extra="dismissed: [{run: nucleo-86400, reason: a loose cable}]")
    assert only.status is CellStatus.MISSING


def test_a_rigs_fault_speaks_for_nothing_where_another_run_does():
    late = run(age=timedelta(minutes=1), verdict=Verdict.ERROR, gates=(), reasons=("probe not found",))
    assert cell(late, run()).status is CellStatus.PASS


def test_a_run_that_was_gone_on_with_counts_as_it_ended():
    begun = run(age=timedelta(days=1), run_id="same", verdict=Verdict.ERROR, gates=(), reasons=("port gone",))
    ended = run(run_id="same")
    assert cell(ended, begun).status is cell(begun, ended).status is CellStatus.PASS


def test_an_image_that_was_given_is_told_of():
    assert "was not built by the run but given" in cell(run(firmware=firmware(given=True))).warnings[0]


ODD = [
    run(),
    run(age=timedelta(days=1), **broken()),
    run(age=timedelta(days=2), source=OTHER),
    run(age=timedelta(minutes=5), evidence="emulated", backend="virtual"),
    run(age=timedelta(minutes=6), source=EDITED),
    run(age=timedelta(days=3), firmware=firmware(model="beef" * 16)),
    PSOC,
    run("psoc", age=timedelta(days=8)),
]


@settings(max_examples=30)
@given(st.permutations(ODD), st.integers(0, len(ODD)))
def test_the_order_in_which_runs_are_found_changes_nothing(runs, twice):
    assert judged(*runs, *runs[:twice]) == judged(*ODD)


def test_a_board_or_model_that_the_plan_has_not_is_a_mistake_with_what_was_meant():
    with pytest.raises(PlanError, match="did you mean 'nucleo'") as error:
        Asked.of(release(text="name: a\nplans: [{plan: kws, boards: [nucle]}]\n"), [plan()])
    assert "has no board 'nucle'" in str(error.value)
    with pytest.raises(PlanError, match="asks for a cell twice"):
        Asked.of(release(text="name: a\nplans: [kws, {plan: kws, boards: psoc}]\n"), [plan(), plan()])
