from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from swap_sides import about, side

from harness.records import DatasetFacts, Setting, Verdict
from harness.verdict.swap import Limit, Margins, compare_sides


def scored(name, scores, task, **arrays):
    n = len(scores)
    labels = arrays.pop("labels", [0] * n)
    one = side(name, [0] * n, labels, scores=np.array(scores, dtype=np.float64), **arrays)
    return about(replace(one, samples=replace(one.samples, decisions=None)), task=task)


def regression(n=200, worse=0.0, task="regression", **arrays):
    draw = np.random.default_rng(1)
    before = draw.gamma(2, 0.5, n)
    return scored("old", before, task, **arrays), scored("new", before + worse + draw.normal(0, 0.1, n), task, **arrays)


def test_a_mean_score_gets_students_interval_of_the_paired_differences():
    old, new = regression(worse=0.05)
    found = compare_sides(old, new).score
    off = new.samples.scores - old.samples.scores
    want = stats.t.interval(0.95, len(off) - 1, off.mean(), stats.sem(off))
    assert (found.low, found.high) == (pytest.approx(want[0]), pytest.approx(want[1]))
    assert (found.difference, found.better) == (pytest.approx(off.mean()), "lower")


@pytest.mark.parametrize(
    ("task", "worse", "margin", "verdict"),
    [
        ("regression", 0.05, 0.1, Verdict.PASS),
        ("regression", 0.2, 0.1, Verdict.FAIL),
        ("regression", 0.1, 0.1, Verdict.INCONCLUSIVE),
        ("regression", 0.05, None, Verdict.INCONCLUSIVE),
        ("sequence", -0.2, 0.1, Verdict.FAIL),
        ("sequence", 0.2, 0.1, Verdict.PASS),
        ("multi_label", 0.2, 0.1, Verdict.FAIL),
    ],
)
def test_a_margin_is_in_the_direction_that_is_worse_for_the_task(task, worse, margin, verdict):
    assert compare_sides(*regression(worse=worse, task=task), margins=Margins(score=margin)).verdict is verdict


def test_scores_of_samples_in_groups_are_judged_by_groups():
    groups = np.repeat([f"g{i}" for i in range(8)], 25)
    effect = np.repeat(np.random.default_rng(2).normal(0, 0.5, 8), 25)
    old, new = regression(groups=groups)
    new = replace(new, samples=replace(new.samples, scores=new.samples.scores + effect))
    found = compare_sides(old, new).score
    assert (found.interval, found.n_groups) == ("clustered", 8)
    assert found.high - found.low > 0.3


def test_a_sample_whose_score_is_no_number_keeps_the_mean_from_passing():
    old, new = regression()
    scores = new.samples.scores.copy()
    scores[4] = np.inf
    found = compare_sides(old, replace(new, samples=replace(new.samples, scores=scores)), margins=Margins(score=1.0))
    assert found.score.n == 199
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "1 of 200 samples" in found.reasons[0]


def anomaly(shift, n=400):
    draw = np.random.default_rng(4)
    labels = (np.arange(n) % 4 == 0).astype(np.int64)
    truth = draw.normal(0, 1, n) + 2 * labels
    data = DatasetFacts(name="m", split="test", sha256="data", n=n, classes=("normal", "odd"))
    runs = [
        about(scored(name, truth + draw.normal(0, 0.1, n) - by * labels, "anomaly", labels=labels), dataset=data,
              task_options=(Setting(name="normal", value="normal"),))
        for name, by in (("old", 0), ("new", shift))
    ]  # fmt: skip
    return runs, labels


def test_an_anomaly_detector_is_judged_by_the_area_under_its_curve():
    (old, new), labels = anomaly(0.0)
    found = compare_sides(old, new)
    assert found.score.metric == "auc"
    assert found.score.before == pytest.approx(roc_auc_score(labels, old.samples.scores))
    assert found.verdict is Verdict.PASS
    (old, new), _ = anomaly(1.0)
    assert compare_sides(old, new).verdict is Verdict.FAIL


def test_a_task_without_figures_passes_on_identical_outputs_alone():
    old, new = (about(side(name, [0, 1] * 50, [0] * 100), task="raw") for name in ("old", "new"))
    found = compare_sides(old, new)
    assert (found.verdict, found.decisions, found.score) == (Verdict.PASS, None, None)
    new.samples.outputs[3, 1] += 1
    found = compare_sides(old, new)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "unsupported" in [f.kind for f in found.findings]


def test_a_limit_that_the_task_has_no_figure_for_is_undecided_and_says_so():
    margins = Margins(
        score=1.0, more=(Limit("accuracy", "drop", 0.1), Limit("churn", "", 0.1), Limit("auc", "drop", 0.1))
    )
    found = compare_sides(*regression(), margins=margins)
    assert [c.passed for c in found.checks] == [True, None, None, None]
    assert "decides on no class" in found.checks[1].reason
    assert "no such figure" in found.checks[3].reason
