import numpy as np
import pytest
from swap_sides import side, table

from harness.records import Verdict
from harness.verdict.swap import Limit, Margins, compare_sides


def test_the_public_counts_of_58_lost_and_36_gained_are_a_real_drop():
    # MLPerf Tiny v1.0, visual wake words on NUCLEO-L4R5ZI: 83.6 % with one runtime, 85.8 % with the other.
    found = compare_sides(*table(800, 58, 36, 106), margins=Margins(accuracy=0.02))
    assert (found.decisions.before, found.decisions.after) == (0.858, 0.836)
    assert (round(found.decisions.p_exact, 3), round(found.decisions.p_midp, 3)) == (0.030, 0.023)
    assert (found.negative_flips.count, found.churn.count) == (58, 94)
    assert "real_drop" in [f.kind for f in found.findings]
    assert found.verdict is not Verdict.PASS


def test_equal_accuracy_with_13_of_200_changed_is_told_as_changed_with_both_lists():
    # The same pair on image classification: 87.5 % both, 13 of 200 decisions changed.
    before = [0] * 170 + [0] * 5 + [1] * 5 + [1] * 3 + [1] * 17
    after = [0] * 170 + [1] * 5 + [0] * 5 + [2] * 3 + [1] * 17
    found = compare_sides(side("old", before, [0] * 200), side("new", after, [0] * 200))
    assert found.decisions.difference == 0
    assert (found.decisions.before, found.churn.count) == (0.875, 13)
    assert [sum(f.kind == kind for f in found.flips) for kind in ("lost", "gained", "changed_wrong")] == [5, 5, 3]
    (told,) = [f.text for f in found.findings if f.kind == "changed_alike"]
    assert "13 of 200" in told


@pytest.mark.parametrize(
    ("counts", "margin", "verdict"),
    [
        ((950, 10, 10, 30), 0.02, Verdict.PASS),
        ((850, 90, 10, 50), 0.02, Verdict.FAIL),
        ((46, 1, 1, 2), 0.02, Verdict.INCONCLUSIVE),
        ((450, 0, 0, 0), 0.01, Verdict.PASS),
    ],
)
def test_the_interval_decides_on_the_margin(counts, margin, verdict):
    found = compare_sides(*table(*counts), margins=Margins(accuracy=margin))
    assert found.verdict is verdict
    assert (found.decisions.n_to_decide is not None) == (verdict is Verdict.INCONCLUSIVE)


def test_no_difference_found_in_few_samples_is_no_pass():
    found = compare_sides(*table(50, 0, 0, 0), margins=Margins(accuracy=0.02))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.decisions.p_midp == 1
    assert str(found.decisions.n_to_decide) in found.reasons[0]


def test_a_sample_that_the_candidate_does_not_answer_is_lost():
    old, _ = table(100, 0, 0, 0)
    answered = np.ones(100, dtype=np.bool_)
    answered[3] = False
    new = side("new", [0] * 100, [0] * 100, answered=answered)
    found = compare_sides(old, new)
    assert (found.decisions.lost, found.pairing.n_no_candidate) == (1, 1)
    assert [(f.id, f.after_name) for f in found.flips] == [("s3", "no answer")]


def test_a_sample_that_the_baseline_does_not_answer_does_not_make_the_candidate_look_better():
    _, new = table(100, 0, 0, 0)
    answered = np.ones(100, dtype=np.bool_)
    answered[:20] = False
    old = side("old", [0] * 100, [0] * 100, answered=answered)
    found = compare_sides(old, new)
    assert (found.pairing.n, found.pairing.n_no_baseline, found.decisions.gained) == (80, 20, 0)


def unlabelled(after, **about):
    labels = [-1] * 1000
    return side("old", [0] * 1000, labels, about=about), side("new", after, labels, about=about)


@pytest.mark.parametrize("after", [1, -1], ids=["another class", "unknown"])
def test_without_labels_a_swap_that_changed_every_decision_does_not_pass(after):
    found = compare_sides(*unlabelled([after] * 1000))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.decisions is found.negative_flips is None, "nothing was right, and nothing was lost"
    assert found.reasons == (
        "the data has no labels, so nothing says which decisions are right: 1000 of 1000 decisions changed, for better or"
        " worse; a limit on churn would decide, such as 'churn <= 0.02'",
    )


def test_without_labels_the_decisions_that_changed_may_be_limited_and_nothing_else_of_them():
    limits = [Limit("churn", "", 0.02), Limit("accuracy", "drop", 0.02), Limit("negative_flips", "", 0.02)]
    few, many = ([1] * changed + [0] * (1000 - changed) for changed in (5, 50))
    assert compare_sides(*unlabelled(few), margins=Margins(more=(limits[0],))).verdict is Verdict.PASS
    assert compare_sides(*unlabelled(many), margins=Margins(more=(limits[0],))).verdict is Verdict.FAIL
    found = compare_sides(*unlabelled(few), margins=Margins(more=tuple(limits)))
    assert [check.passed for check in found.checks] == [True, None, None]
    assert found.checks[1].reason == "the data has no labels, so nothing says which decisions are right"
