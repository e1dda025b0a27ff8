"""The output is a signal, and the data's targets are what it should be: denoising, filtering, prediction of a sequence.

- ``snr_db``: 10 log10 of the targets' energy / the errors' energy, over all sound samples.
- ``snr_gain_db``: that less the same of the input in the output's place; only where the input has the output's size.
- ``relative_error``: length of all errors / length of all targets.
- ``sample_error.p50`` ...: quantiles over the samples of the same of a single one; infinite where its targets are all 0.

All are of sound samples alone; ``n`` counts them. Intervals: bootstrap over the samples, and over their
groups where the data has them; of the quantiles by their ranks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Dataset
from harness.errors import PlanError
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
SCORE = "signal-to-noise ratio of a sample in dB"
BETTER: tasks.Better = "higher"
HEADLINES = ("snr_db", "snr_gain_db", "relative_error")
TABLES = (tasks.Table("Error of a sample", "quantile", ("sample_error",)),)
PICTURE: tasks.Picture = "signals"
FAMILY = Family(
    ("snr_db", "snr_gain_db", "relative_error", *(f"sample_error.{suffix}" for suffix in SUFFIXES)),
    interval=("snr_db", "snr_gain_db", "relative_error", *with_interval("sample_error")),
    grouped=("snr_db", "snr_gain_db", "relative_error"),
    unbounded=("snr_db", "snr_gain_db"),
    tasks=("sequence",),
    meanings={
        "snr_db": "energy of the targets by that of the errors",
        "snr_gain_db": "how much larger that is than with the input in the output's place",
        "relative_error": "length of all errors / of all targets",
    }
    | meanings("sample_error", "length of a sample's errors / of its targets"),
    units={"snr_db": "dB", "snr_gain_db": "dB", "relative_error": "1"}
    | {f"sample_error.{suffix}": "1" for suffix in SUFFIXES},
)


def check(spec: TaskSpec, output: Tensor, source: Tensor, data: Dataset) -> None:
    """Targets of the output's size, some of which are not 0."""
    _truth.same_size(spec.name, output, data)
    if not np.any(data.targets):
        raise PlanError(
            "every target is 0: there is no signal to compare with",
            where=f"dataset {data.name}",
            expected="targets with some energy",
            next_step="name the array of the clean signals: dataset.options.targets",
        )


def parts(data: Dataset) -> tuple[str, ...]:
    """None of its metrics is of a part."""
    return ()


def measure(view: View) -> tuple[Measurement, ...]:
    """All of them; the gain where input and output are of one size."""
    ours, wanted = _truth.answers(view)
    n = len(ours)
    if n == 0:
        return ()
    groups = groups_of(view, view.sound)
    signal, noise = np.square(wanted).sum(axis=1), np.square(ours - wanted).sum(axis=1)
    found = [
        _truth.resampled("snr_db", "dB", n, lambda rows: _db(signal[rows].sum(), noise[rows].sum()), groups),
        _truth.resampled(
            "relative_error", "1", n, lambda rows: np.sqrt(noise[rows].sum() / signal[rows].sum()), groups
        ),
    ]
    inputs = view.truth.inputs
    if inputs is not None and inputs.shape[1] == wanted.shape[1]:
        before = np.square(inputs[view.sound] - wanted).sum(axis=1)
        found.append(
            _truth.resampled("snr_gain_db", "dB", n, lambda rows: _db(before[rows].sum(), noise[rows].sum()), groups)
        )
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # a silent sample: 0 / 0 is no error, any other an infinite one
        of_sample = np.where(noise > 0, np.sqrt(np.divide(noise, signal)), 0.0)
    return (*found, *percentiles("sample_error", of_sample, "1"))


def scores(view: View) -> npt.NDArray[np.float64]:
    """The signal-to-noise ratio of each sample in dB."""
    ours, wanted = _truth.answers(view)
    return _truth.per_sample(view, _db(np.square(wanted).sum(axis=1), np.square(ours - wanted).sum(axis=1)))


def _db(signal: _truth.Floats, noise: _truth.Floats) -> _truth.Floats:
    with np.errstate(divide="ignore", invalid="ignore"):  # no noise: infinitely good; no signal either: no number
        return np.asarray(10 * np.log10(np.divide(signal, noise)))
