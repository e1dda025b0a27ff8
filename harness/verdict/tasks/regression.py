"""Each value of the output is a number that the data's targets say.

- ``target_mae``, ``target_rmse``: mean absolute and root mean square error over all values of the sound samples.
- ``r2``: coefficient of determination, 1 - squared errors / squares about the targets' mean, of each value of the output, mean
  over those (as sklearn's ``r2_score``); a value whose targets never change has none and is left out.
- ``abs_error.p50`` ...: quantiles over the samples of a sample's mean absolute error.

``mae`` and ``rmse`` are other figures: of the difference to the reference. All are of sound samples alone; ``n`` counts them.
Intervals: bootstrap over the samples, and over their groups where the data has them; of the quantiles by their ranks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Dataset
from harness.plans.schema import TaskSpec
from harness.records import Measurement, Tensor
from harness.verdict import tasks
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import groups_of
from harness.verdict.metrics._percentiles import SUFFIXES, meanings, percentiles, with_interval
from harness.verdict.tasks import _truth
from harness.verdict.view import View

Options = tasks.Options
TRUTH: tasks.Needs = "targets"
SCORE = "mean absolute error of a sample"
BETTER: tasks.Better = "lower"
HEADLINES = ("target_mae", "target_rmse", "r2", "abs_error.p90")
TABLES = (tasks.Table("Error of a sample", "quantile", ("abs_error",)),)
PICTURE: tasks.Picture = "dots"
FAMILY = Family(
    ("target_mae", "target_rmse", "r2", *(f"abs_error.{suffix}" for suffix in SUFFIXES)),
    interval=("target_mae", "target_rmse", "r2", *with_interval("abs_error")),
    grouped=("target_mae", "target_rmse", "r2"),
    ratios=("r2",),
    unbounded=("r2",),
    tasks=("regression",),
    meanings={
        "target_mae": "mean absolute error against the data's targets, dequantised",
        "target_rmse": "root mean square error against the data's targets, dequantised",
        "r2": "share of the targets' variance that the outputs explain; below 0: worse than their mean",
    }
    | meanings("abs_error", "mean absolute error of a sample"),
    units={"target_mae": "1", "target_rmse": "1", "r2": "1"} | {f"abs_error.{suffix}": "1" for suffix in SUFFIXES},
)


def check(spec: TaskSpec, output: Tensor, source: Tensor, data: Dataset) -> None:
    """Targets of the output's size."""
    _truth.same_size(spec.name, output, data)


def parts(data: Dataset) -> tuple[str, ...]:
    """None of its metrics is of a part."""
    return ()


def measure(view: View) -> tuple[Measurement, ...]:
    """All of them; ``r2`` where some target varies."""
    ours, wanted = _truth.answers(view)
    n = len(ours)
    if n == 0:
        return ()
    groups = groups_of(view, view.sound)
    off = np.abs(ours - wanted)
    of_sample, squares = off.mean(axis=1), np.square(off).mean(axis=1)
    found = [
        _truth.resampled("target_mae", "1", n, lambda rows: of_sample[rows].mean(axis=-1), groups),
        _truth.resampled("target_rmse", "1", n, lambda rows: np.sqrt(squares[rows].mean(axis=-1)), groups),
    ]
    varies = np.ptp(wanted, axis=0) > 0
    if varies.any():
        found.append(
            _truth.resampled("r2", "1", n, lambda rows: _r2(off[rows][:, varies], wanted[rows][:, varies]), groups)
        )
    return (*found, *percentiles("abs_error", of_sample, "1"))


def scores(view: View) -> npt.NDArray[np.float64]:
    """The mean absolute error of each sample."""
    ours, wanted = _truth.answers(view)
    return _truth.per_sample(view, np.abs(ours - wanted).mean(axis=1))


def _r2(off: _truth.Floats, wanted: _truth.Floats) -> _truth.Floats:
    spread = np.square(wanted - wanted.mean(axis=0)).sum(axis=0)
    varies = spread > 0
    if not varies.any():
        return np.asarray(np.nan)
    return np.asarray((1 - np.square(off).sum(axis=0)[varies] / spread[varies]).mean())
