"""What a task's picture is drawn of, against sklearn's."""

from dataclasses import replace

import numpy as np
import pytest
from evidence_runs import Run, make_run
from sklearn.metrics import auc, roc_curve

from harness.evidence.reports import html
from harness.evidence.reports._taskplots import picture, roc
from harness.records import Setting


@pytest.mark.parametrize("ties", [False, True])
def test_the_roc_curve_is_sklearn_s(ties: bool) -> None:
    draw = np.random.default_rng(4)
    anomalous = draw.random(300) < 0.3
    ranks = draw.normal(0, 1, 300) + anomalous
    if ties:
        ranks = np.round(ranks)
    false, hits, _ = roc_curve(anomalous, ranks, drop_intermediate=False)
    ours = roc(anomalous, ranks)
    assert np.allclose(ours, (false, hits))
    assert auc(*ours) == pytest.approx(auc(false, hits))


def anomaly_of(run: Run, **options: str) -> Run:
    """The digits' run told as an anomaly detector's: 0 is normal, the first output is the score."""
    samples = run.samples
    record = run.record.model_copy(
        update={
            "task": "anomaly",
            "task_options": tuple(Setting(name=name, value=value) for name, value in options.items()),
        }
    )
    scores = np.where(samples.sound, -samples.outputs[:, 0].astype(float), np.nan)
    return Run(record, replace(samples, scores=scores, decisions=None), run.dataset)


def test_an_anomaly_s_curve_is_drawn_of_record_and_samples_alone() -> None:
    made = anomaly_of(make_run(), normal="0", score="output", max_fpr="0.1", windows="1")
    title, drawn = picture(made.record, made.samples)
    assert title == "Detections and false alarms"
    assert drawn.startswith("<svg")
    assert "ROC curve" in html.render(made.record, made.samples, None).decode()


@pytest.mark.parametrize("options", [{"normal": "none such"}, {"windows": "7"}, {"of": "another version"}])
def test_what_does_not_fit_together_is_not_drawn(options: dict[str, str]) -> None:
    made = anomaly_of(make_run(), **{"normal": "0", "score": "output"} | options)
    assert picture(made.record, made.samples) == ("", "")
    html.render(made.record, made.samples, None)
