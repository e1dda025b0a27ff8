import pytest
from swap_sides import about, side, sizes, table

from harness.records import Verdict
from harness.verdict.swap import Limit, Margins, compare_sides


def result(runs, *limits):
    return compare_sides(*runs, margins=Margins(accuracy=0.05, more=limits))


@pytest.mark.parametrize(
    ("metric", "limit", "passed"),
    [
        ("negative_flips", 0.02, True),
        ("negative_flips", 0.012, None),
        ("negative_flips", 0.004, False),
        ("churn", 0.04, True),
        ("churn", 0.005, False),
    ],
)
def test_a_share_is_judged_by_its_exact_interval(metric, limit, passed):
    found = result(table(970, 10, 15, 5), Limit(metric, "", limit))
    assert found.checks[1].passed is passed
    assert ("would decide" in found.checks[1].reason) == (passed is None)


def per_class(n):
    """A class 'no' that lost 10 %, hidden by a class 'yes' that has ten times as many samples."""
    labels = [0] * (10 * n) + [1] * n
    before = labels
    after = [0] * (10 * n) + [1] * (n - n // 10) + [2] * (n // 10)
    return side("old", before, labels), side("new", after, labels)


def test_a_class_that_lost_is_seen_although_the_accuracy_kept_its_margin():
    found = result(per_class(300), Limit("recall.no", "drop", 0.03), Limit("recall.yes", "drop", 0.03))
    assert [c.passed for c in found.checks] == [True, False, True]
    assert found.verdict is Verdict.FAIL
    worst = min(found.classes, key=lambda c: c.p_holm)
    assert (worst.name, worst.lost, worst.difference) == ("no", 30, pytest.approx(-0.1))


def test_the_p_of_the_worst_of_many_classes_is_raised_by_holm():
    found = result(per_class(300))
    assert [(c.name, c.p_holm / c.p) for c in found.classes] == [("yes", 1), ("no", 2)]


def test_a_class_without_a_sample_is_undecided():
    found = result(per_class(300), Limit("recall.up", "drop", 0.03))
    assert (found.checks[1].passed, found.verdict) == (None, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("limit", "passed"),
    [
        (Limit("flash_bytes", "rise", 2048), True),
        (Limit("flash_bytes", "rise", 2047), False),
        (Limit("flash_bytes", "rise", 10, percent=True), False),
        (Limit("flash_bytes", "rise", 10.24, percent=True), True),
        (Limit("stack_bytes", "rise", 10), None),
    ],
)
def test_sizes_are_held_against_the_limit_exactly(limit, passed):
    old, new = table(950, 10, 10, 30)
    old = about(old, measurements=sizes(flash_bytes=20_000, stack_bytes=100))
    found = result((old, about(new, measurements=sizes(flash_bytes=22_048))), limit)
    assert found.checks[1].passed is passed


@pytest.mark.parametrize("percent", [7, 14, 28, 29, 55])
def test_a_rise_of_just_the_limit_in_percent_keeps_it(percent):
    old, new = table(950, 10, 10, 30)
    runs = about(old, measurements=sizes(ram_bytes=100)), about(new, measurements=sizes(ram_bytes=100 + percent))
    assert result(runs, Limit("ram_bytes", "rise", percent, percent=True)).checks[1].passed is True


def test_a_limit_on_nothing_that_is_compared_is_undecided():
    found = result(table(950, 10, 10, 30), Limit("agreement", "drop", 0.1))
    assert found.checks[1].passed is None


def test_ones_own_limit_on_the_accuracy_stands_for_the_margin():
    found = result(table(950, 10, 10, 30), Limit("accuracy", "drop", 0.001))
    assert [(c.name, c.limit, c.passed) for c in found.checks] == [("accuracy drop", 0.001, None)]
