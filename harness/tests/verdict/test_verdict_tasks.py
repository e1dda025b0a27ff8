"""Each task's figures against numbers counted by hand, sklearn's, and simulation."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, mean_absolute_error, r2_score, roc_auc_score

from harness.data.dataset import Dataset
from harness.errors import MisuseError, PlanError
from harness.plans.schema import Gate, TaskSpec
from harness.records import Beside, Tensor
from harness.verdict import assess, check_gates, measure_all, tasks
from harness.verdict.metrics import family_of, metric_names
from harness.verdict.statistics import auc_interval
from harness.verdict.view import Truth


def figures(view):
    return {m.name: m for m in measure_all(view)}


def of(view, task, outputs, *, labels=None, truth=None, options=None, **more):
    return view(
        outputs,
        np.full(len(outputs), -1) if labels is None else labels,
        task=TaskSpec(name=task, options=options or {}),
        truth=Truth(**{k: np.asarray(v) for k, v in (truth or {}).items()}),
        **({"classes": ()} | more),
    )


@pytest.fixture
def draw():
    return np.random.default_rng(8)


def test_every_task_has_what_the_seam_asks_for_and_says_what_its_metrics_are():
    for name in tasks.names():
        task = tasks.load(name)
        assert task.TRUTH in ("labels", "targets", "nothing"), name
        assert set(task.FAMILY.names) == set(task.FAMILY.meanings), name
        assert set(task.HEADLINES) <= set(metric_names(name)), name
        assert task.FAMILY.tasks == (name,), name
        stems = {metric.partition(".")[0] for metric in metric_names(name) if "." in metric}
        assert all(set(table.metrics) <= stems for table in task.TABLES), name
        assert task.Options().model_config["extra"] == "forbid", name
        assert all(field.description for field in task.Options.model_fields.values()), name


@pytest.mark.parametrize("name", tasks.names())
def test_a_metric_is_of_one_family_in_each_task(name):
    known = metric_names(name)
    assert len(known) == len(set(known))
    assert {"agreement", "max_abs_diff", "lost_samples"} <= set(known)
    assert ("accuracy" in known) == (name == "classification")


def test_regression_is_sklearn_s(view, draw):
    wanted = draw.normal(0, 3, (50, 2))
    ours = (wanted + draw.normal(0, 0.5, wanted.shape)).astype(np.float32)
    found = figures(of(view, "regression", ours, truth={"targets": wanted}))
    assert found["target_mae"].value == pytest.approx(mean_absolute_error(wanted, ours))
    assert found["target_rmse"].value == pytest.approx(np.sqrt(np.mean((wanted - ours) ** 2)))
    assert found["r2"].value == pytest.approx(r2_score(wanted, ours))
    for name in ("target_mae", "target_rmse", "r2"):
        assert found[name].low < found[name].value < found[name].high
    assert found["abs_error.max"].value == pytest.approx(np.abs(wanted - ours).mean(axis=1).max())


def test_the_interval_of_an_error_holds_the_true_one_about_as_often_as_it_says(view, draw):
    held = 0
    for _ in range(60):
        off = draw.exponential(1.0, (60, 1)).astype(np.float32)
        m = figures(of(view, "regression", off, truth={"targets": np.zeros((60, 1))}))["target_mae"]
        held += m.low <= 1.0 <= m.high
    assert held >= 50  # 57 of 60 are due; fewer than 50 have a chance below 1 in 10,000 at 95 %


def test_a_lost_sample_is_in_no_error_and_is_told_by_the_count_and_a_nan_is_infinitely_wrong(view):
    targets = {"targets": [[1.0], [2.0], [3.0]]}
    found = figures(of(view, "regression", [[1.5], [2.0], [9.0]], truth=targets, answered=[True, True, False]))
    assert (found["target_mae"].value, found["target_mae"].n) == (0.25, 2)
    assert figures(of(view, "regression", [[1.0], [np.nan], [3.0]], truth=targets))["target_mae"].value == np.inf


def test_targets_that_never_change_have_no_r2(view):
    found = figures(of(view, "regression", [[1.0], [2.0]], truth={"targets": [[4.0], [4.0]]}))
    assert "r2" not in found
    assert found["target_mae"].value == 2.5


def test_multi_label_is_sklearn_s(view, draw):
    wanted = draw.integers(0, 2, (80, 3))
    ours = np.clip(wanted * 0.3 + draw.random((80, 3)) * 0.7, 0, 1).astype(np.float32)
    found = figures(of(view, "multi_label", ours, truth={"targets": wanted.astype(float)}, classes=("a", "b", "c")))
    for at, name in enumerate("abc"):
        assert found[f"label_f1.{name}"].value == pytest.approx(f1_score(wanted[:, at], ours[:, at] > 0.5))
        expected = average_precision_score(wanted[:, at], ours[:, at])
        assert found[f"average_precision.{name}"].value == pytest.approx(expected)
    assert found["label_f1.macro"].value == pytest.approx(f1_score(wanted, ours > 0.5, average="macro"))
    assert found["exact_match"].value == ((ours > 0.5) == wanted).all(axis=1).mean()
    assert found["label_accuracy"].value == ((ours > 0.5) == wanted).mean()
    assert "accuracy" not in found


def test_losing_samples_lowers_every_figure_of_multi_label(view):
    truth, ours = {"targets": [[1.0], [1.0], [0.0], [0.0]]}, [[0.9], [0.8], [0.2], [0.1]]
    whole = figures(of(view, "multi_label", ours, truth=truth))
    less = figures(of(view, "multi_label", ours, truth=truth, answered=[True, False, False, True]))
    for name in ("exact_match", "label_f1.0", "average_precision.0", "label_accuracy"):
        assert whole[name].value == 1, name
        assert less[name].value < 1, name


def test_the_threshold_of_multi_label_is_the_plan_s(view):
    truth = {"targets": [[1.0], [0.0]]}
    assert figures(of(view, "multi_label", [[0.3], [0.1]], truth=truth))["exact_match"].value == 0.5
    low = of(view, "multi_label", [[0.3], [0.1]], truth=truth, options={"threshold": 0.2})
    assert figures(low)["exact_match"].value == 1


def anomaly(view, draw, *, options=None, threshold=None, n=60, **more):
    inputs = draw.normal(0, 1, (n, 4))
    labels = np.arange(n) % 3 == 0
    ours = (inputs + draw.normal(0, 1, inputs.shape) * np.where(labels, 0.9, 0.5)[:, None]).astype(np.float32)
    truth = {"inputs": inputs, "groups": np.array(["fan", "pump"])[np.arange(n) // 3 % 2]}
    made = of(
        view,
        "anomaly",
        ours,
        labels=labels.astype(int),
        truth=truth,
        classes=("normal", "odd"),
        options=options,
        **more,
    )
    if threshold is not None:
        object.__setattr__(made.truth, "threshold", threshold)
    return made, labels, ((ours - inputs) ** 2).mean(axis=1), truth["groups"]


def test_anomaly_is_sklearn_s_of_all_and_of_each_group(view, draw):
    made, labels, errors, groups = anomaly(view, draw)
    found = figures(made)
    assert found["auc"].value == pytest.approx(roc_auc_score(labels, errors))
    assert found["auc_partial"].value == pytest.approx(roc_auc_score(labels, errors, max_fpr=0.1))
    for name in ("fan", "pump"):
        rows = groups == name
        assert found[f"auc.{name}"].value == pytest.approx(roc_auc_score(labels[rows], errors[rows]))
    assert found["auc"].low < found["auc"].value < found["auc"].high
    assert "threshold" not in found
    assert np.allclose(assess(made, ()).samples.scores, errors)


def test_rates_are_at_the_threshold_of_other_data_or_of_the_plan(view, draw):
    made, labels, errors, _ = anomaly(view, draw, threshold=0.6)
    found = figures(made)
    assert found["threshold"].value == 0.6
    assert found["detection_rate"].value == pytest.approx((errors > 0.6)[labels].mean())
    assert found["false_alarm_rate"].value == pytest.approx((errors > 0.6)[~labels].mean())


def test_a_lost_sample_is_ranked_on_the_wrong_side(view, draw):
    made, labels, errors, _ = anomaly(view, draw)
    far = np.argsort(np.where(labels, errors, -1))[-1]
    answered = np.ones(60, bool)
    answered[far] = False
    less, *_ = anomaly(view, np.random.default_rng(8), answered=answered)
    assert figures(less)["auc"].value < figures(made)["auc"].value


def test_windows_in_a_row_are_one_sample(view):
    inputs, labels = np.zeros((8, 1)), np.repeat([0, 1], 4)
    ours = np.array([[1], [3], [1], [1], [2], [2], [0], [4]], dtype=np.float32)
    made = of(
        view,
        "anomaly",
        ours,
        labels=labels,
        truth={"inputs": inputs},
        classes=("normal", "odd"),
        options={"windows": 2},
    )
    found = figures(made)
    # Mean squared errors of the four rows: 5 and 1 are normal, 4 and 8 are not.
    assert (found["auc"].value, found["auc"].n) == (0.75, 4)


def test_the_interval_of_an_auc_holds_the_true_one_about_as_often_as_it_says(draw):
    for shift, true in ((0.0, 0.5), (1.0, 0.7602499), (2.5, 0.9614501)):  # Phi(shift / sqrt 2)
        held = 0
        for _ in range(400):
            positive, negative = draw.normal(shift, 1, 30), draw.normal(0, 1, 40)
            low, high = auc_interval(float((positive[:, None] > negative).mean()), 30, 40)
            held += low <= true <= high
        assert held >= 364, (shift, held)  # 380 of 400 are due; the standard deviation is 4.4
    low, high = auc_interval(1.0, 20, 20)
    assert high == 1
    assert 0.8 < low < 0.97


def test_sequence_is_the_ratio_of_energies(view, draw):
    wanted, noise = draw.normal(0, 1, (20, 16)), draw.normal(0, 1, (20, 16))
    ours = (wanted + 0.1 * noise).astype(np.float32)
    made = of(view, "sequence", ours, truth={"targets": wanted, "inputs": wanted + noise})
    found = figures(made)
    energy = (wanted**2).sum() / ((ours - wanted) ** 2).sum()
    assert found["snr_db"].value == pytest.approx(10 * np.log10(energy))
    assert found["snr_gain_db"].value == pytest.approx(20, abs=1e-3)
    assert found["relative_error"].value == pytest.approx(energy**-0.5)
    assert found["snr_db"].low < found["snr_db"].value < found["snr_db"].high


def test_a_signal_without_noise_has_no_finite_ratio_and_breaks_no_gate(view):
    made = of(view, "sequence", [[1.0, 2.0]], truth={"targets": [[1.0, 2.0]]})
    assert figures(made)["snr_db"].value == np.inf
    assessed = assess(made, [Gate.model_validate("snr_db >= 20")])
    assert assessed.gates[0].passed is True
    assert assessed.confusion == ()
    assert assessed.samples.decisions is None


def test_a_gate_may_be_below_zero_where_the_figure_may():
    check_gates([Gate.model_validate("snr_gain_db >= -1")], task="sequence")
    check_gates([Gate.model_validate("r2 >= -0.5")], task="regression")
    with pytest.raises(PlanError, match="never above 1"):
        check_gates([Gate.model_validate("r2 >= 1.5")], task="regression")


@pytest.mark.parametrize(
    ("task", "gate", "says"),
    [
        ("regression", "accuracy >= 0.9", "'regression' has no metric 'accuracy'"),
        ("classification", "auc >= 0.9", "'classification' has no metric 'auc'"),
        ("raw", "target_mae <= 1", "'raw' has no metric 'target_mae'"),
        ("anomaly", "auc.fun >= 0.9", "no class, label or group 'fun'"),
        ("regression", "target_mea <= 1", "unknown metric"),
    ],
)
def test_a_metric_that_the_task_does_not_have_is_refused_with_those_that_it_has(task, gate, says):
    with pytest.raises(PlanError) as caught:
        check_gates([Gate.model_validate(gate)], classes=["fan", "pump"], task=task)
    assert says in str(caught.value)
    assert "expected" in str(caught.value)


def dataset(**more):
    parts = {
        "name": "d",
        "split": "test",
        "classes": (),
        "ids": np.array(["a", "b"]),
        "labels": np.array([-1, -1]),
        "inputs": np.ones((2, 4), np.float32),
    }
    return Dataset(**(parts | more))


OUT = Tensor("out", (1, 4), "float32")
ODD = {"classes": ("normal", "odd"), "labels": np.array([0, 1])}


@pytest.mark.parametrize(
    ("task", "options", "data", "says"),
    [
        ("regression", {}, {"targets": np.ones((2, 3), np.float32)}, "not of the size"),
        ("sequence", {}, {"targets": np.zeros((2, 4), np.float32)}, "every target is 0"),
        ("multi_label", {}, {"targets": np.full((2, 4), 0.5, np.float32)}, "neither 0 nor 1"),
        ("multi_label", {}, {"targets": np.ones((2, 4), np.float32), "classes": ("a", "b")}, "one per output value"),
        ("anomaly", {"score": "output"}, ODD, "none that this score can be made of"),
        ("anomaly", {"normal": "good"}, ODD, "cannot be told apart"),
        ("anomaly", {}, ODD | {"labels": np.array([0, 0])}, "cannot be told apart"),
        ("anomaly", {"threshold": 1.0, "threshold_split": "train"}, ODD, "said twice"),
        ("anomaly", {"threshold_split": "test"}, ODD, "that it is judged on"),
        ("anomaly", {"windows": 2}, ODD, "no whole rows"),
        ("anomaly", {"treshold": 1}, ODD, "no option 'treshold'"),
        ("anomaly", {"max_fpr": 2}, ODD, "is wrong"),
        ("raw", {"threshold": 1}, {}, "no option"),
    ],
)
def test_data_and_options_that_a_task_cannot_use_are_refused(task, options, data, says):
    def checked(spec):
        tasks.options(spec)
        tasks.load(task).check(spec, OUT, OUT, dataset(**data))

    with pytest.raises(PlanError) as caught:
        checked(TaskSpec(name=task, options=options))
    assert says in str(caught.value)


def test_a_family_is_found_by_its_task():
    assert family_of("auc", "anomaly") is family_of("auc")
    assert family_of("auc", "raw") is None
    assert family_of("agreement.boxes", "raw").of_output("agreement.boxes") == "boxes"
    assert family_of("auc.fan", "anomaly").of_output("auc.fan") == ""


def two(view, second, reference, **more):
    """A raw view of output ``out`` that agrees, and ``boxes`` as given."""
    made = view([[1.0, 2.0]] * 3, [-1] * 3, task=TaskSpec(name="raw"), classes=())
    beside = {"boxes": Beside(np.array(second, np.float32), np.array(reference, np.float32))}
    samples = dataclasses.replace(made.samples, beside=beside, **more)
    return dataclasses.replace(made, samples=samples, beside=(Tensor("boxes", (1, 1), "float32"),))


def test_a_difference_at_one_output_is_in_that_one_s_figures_and_in_those_of_all(view):
    found = figures(two(view, [[1], [2], [5]], [[1], [2], [3]]))
    assert [found[name].value for name in ("agreement", "agreement.out", "agreement.boxes")] == pytest.approx(
        [2 / 3, 1, 2 / 3]
    )
    assert [found[name].value for name in ("max_abs_diff", "max_abs_diff.out", "max_abs_diff.boxes")] == [2, 0, 2]
    assert found["mae.boxes"].value == pytest.approx(2 / 3)
    assert found["mae"].value == pytest.approx(2 / 9)


def test_a_nan_at_any_output_breaks_the_gate_that_nobody_need_write(view):
    made = two(view, [[1], [np.nan], [3]], [[1], [np.nan], [3]])
    assessed = assess(made, [Gate.model_validate("agreement == 1")])
    assert [gate.passed for gate in assessed.gates] == [True, False]
    assert figures(made)["nonfinite_outputs.out"].value == 0


def test_outputs_that_never_change_are_remarked_on_only_when_all_of_them_do(view):
    assert assess(two(view, [[1], [1], [1]], [[1], [1], [1]]), ()).warnings
    assert not assess(two(view, [[1], [2], [1]], [[1], [2], [1]]), ()).warnings


def test_arrays_of_other_outputs_than_the_model_s_are_refused(view):
    made = two(view, [[1], [2], [3]], [[1], [2], [3]])
    with pytest.raises(MisuseError, match="of other outputs"):
        dataclasses.replace(made, beside=())
    with pytest.raises(MisuseError, match="not those of the model's output 'boxes'"):
        two(view, [[1, 1], [2, 2], [3, 3]], [[1], [2], [3]])


def test_a_report_can_make_a_task_s_options_again_of_what_the_record_says_of_them():
    for name in tasks.names():
        spec = TaskSpec(name=name)
        again = TaskSpec(name=name, options=dict(tasks.settings(spec)))
        assert tasks.options(again) == tasks.options(spec), name
    said = TaskSpec(name="anomaly", options={"normal": "ok", "windows": 5, "max_fpr": 0.2, "threshold": -1.5})
    assert tasks.options(TaskSpec(name="anomaly", options=dict(tasks.settings(said)))) == tasks.options(said)


def test_the_error_of_a_sample_is_of_its_own_targets_and_infinite_where_those_are_silent(view):
    targets = [[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [6.0, 8.0]]
    found = figures(of(view, "sequence", [[3.0, 3.0], [0.0, 0.0], [0.0, 1.0], [6.0, 8.0]], truth={"targets": targets}))
    assert found["sample_error.p50"].value == 0.0
    assert found["sample_error.max"].value == np.inf
    loud = figures(of(view, "sequence", [[3.0, 3.0], [6.0, 3.0]], truth={"targets": [[3.0, 4.0], [6.0, 8.0]]}))
    assert (loud["sample_error.p50"].value, loud["sample_error.max"].value) == (0.2, 0.5)


def test_what_the_conversion_changes_and_what_the_board_does_are_told_apart_in_every_task_that_has_scores(view, draw):
    wanted = draw.integers(0, 2, (40, 3)).astype(float)
    origin = np.clip(wanted * 0.6 + 0.2 + draw.normal(0, 0.2, wanted.shape), 0, 1).astype(np.float32)
    converted = (origin + draw.normal(0, 0.3, wanted.shape)).astype(np.float32)
    board = converted.copy()
    board[::4] = 1 - board[::4]

    def with_origin(made):
        return dataclasses.replace(made, samples=dataclasses.replace(made.samples, origin=origin))

    for name in ("multi_label", "regression", "sequence"):
        made = with_origin(of(view, name, board, truth={"targets": wanted}, reference=converted))
        scores = [
            tasks.load(name).scores(of(view, name, values, truth={"targets": wanted}))
            for values in (origin, converted, board)
        ]
        found = figures(made)
        for step, before, after in (("conversion", 0, 1), ("board", 1, 2), ("total", 0, 2)):
            both = np.isfinite(scores[before]) & np.isfinite(scores[after])
            off = (scores[after][both] - scores[before][both]).mean()
            assert found[f"score_change.{step}"].value == pytest.approx(off), (name, step)
        same = figures(with_origin(of(view, name, converted, truth={"targets": wanted}, reference=converted)))
        assert same["score_change.board"].value == same["score_change.board"].high == 0
        assert "score_change.total" not in figures(of(view, name, board, truth={"targets": wanted}))
