"""What several tasks need: errors against targets, and intervals by resampling the samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Dataset
from harness.errors import PlanError
from harness.records import Measurement, Tensor
from harness.verdict.clustered import Groups
from harness.verdict.metrics._common import statistic_by_group
from harness.verdict.statistics import LEVEL
from harness.verdict.view import View

Floats = npt.NDArray[np.float64]
#: Of samples, by their indices [..., n], a figure [...].
Statistic = Callable[[npt.NDArray[np.intp]], Floats]
_RESAMPLES = 2000
_SEED = 20260314  # the same record from the same samples


def answers(view: View) -> tuple[Floats, Floats]:
    """What the sound samples gave and should have given, [sound, values] each. A NaN was given infinitely wrong."""
    assert view.truth.targets is not None
    ours = view.output.real(view.samples.outputs[view.sound])
    return np.where(np.isnan(ours), np.inf, ours), view.truth.targets[view.sound]


def per_sample(view: View, values: Floats) -> Floats:
    """``values`` [sound] as one of each sample, NaN where it is not sound."""
    found = np.full(view.n, np.nan)
    found[view.sound] = values
    return found


def resampled(name: str, unit: str, n: int, statistic: Statistic, groups: Groups | None = None) -> Measurement:
    """The statistic of all ``n`` samples with its percentile interval of ``LEVEL``; none of fewer than two samples.

    ``groups`` [n], where samples share some: the interval by groups too.

    The bootstrap of B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979) 1-26: whole
    samples are drawn with replacement, since the values of one sample are not independent.
    """
    value = float(statistic(np.arange(n)))
    if n < 2 or not np.isfinite(value):
        return Measurement(name=name, value=value, unit=unit, n=n)
    draw = np.random.default_rng(_SEED)
    tail = 100 * (1 - LEVEL) / 2
    with np.errstate(divide="ignore", invalid="ignore"):  # a draw of equal samples has no spread
        found = np.array([statistic(draw.integers(0, n, n)) for _ in range(_RESAMPLES)])
    # Between two draws that are infinite nothing can be interpolated.
    low, high = np.nanpercentile(found, tail, method="lower"), np.nanpercentile(found, 100 - tail, method="higher")
    by_group = None if groups is None else statistic_by_group(groups, lambda rows: float(statistic(rows)))
    return Measurement(name=name, value=value, unit=unit, n=n, low=float(low), high=float(high), by_group=by_group)


def same_size(name: str, output: Tensor, data: Dataset) -> None:
    """``PlanError`` unless there are targets of the output's size."""
    assert data.targets is not None
    if data.targets[0].size != output.elements:
        raise PlanError(
            "the data's targets are not of the size of the model's output",
            where=f"dataset {data.name}, output {output.name!r}",
            expected=f"{output.elements} values: {output.describe()}",
            found=f"{data.targets[0].size} values a sample: {list(data.targets.shape[1:])}",
            next_step=f"name another array of targets, or another output: task: {{name: {name}, output: NAME}}",
        )
