"""What a task's picture is drawn of, against sklearn's."""

import numpy as np
import pytest
from evidence_runs import anomaly_of, make_run
from sklearn.metrics import auc, roc_curve

from harness.evidence.reports import html
from harness.evidence.reports._taskplots import picture, roc


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
