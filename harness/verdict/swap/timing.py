"""How much longer a sample takes: on hardware in cycles, with an interval; on an emulator in instructions, exactly. Pure.

One run is one boot of one unit. Cortex-M cores repeat a sample to 0.2 % and better, so that a rise of 0.5 % shows in 20 samples;
what changes from one boot to the next (where things lie, what the flash's cache holds) shows in further runs alone, see
``over_boots``. T. Kalibera, R. Jones, "Rigorous benchmarking in reasonable time", ISMM 2013: repeat at the level that varies.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, variance
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.records import Samples
from harness.verdict.metrics._percentiles import percentile
from harness.verdict.statistics import functions, quantile_ranks
from harness.verdict.swap.changes import same_unit
from harness.verdict.swap.facts import Shift, Timing
from harness.verdict.swap.pairing import Pairs, Side, pair

QUANTILES = (0.5, 0.99)

Unit = Literal["cycles", "instructions"]
Floats = npt.NDArray[np.float64]


def timing(baseline: Side, candidate: Side, pairs: Pairs, level: float) -> Timing | None:
    """Over the samples that were timed on both sides; None where neither side counted anything.

    A rise of the median is the median of the samples' own rises, since they are paired; its interval is that of a median, by
    order statistics, and assumes no distribution. That of p99 comes of the two percentiles' own intervals, each of (1 + level) /
    2, so that both hold together (Bonferroni); fewer than a few hundred samples bound no p99.
    """
    one, other = baseline.record, candidate.record
    before, after = _counts(baseline.samples, pairs.baseline), _counts(candidate.samples, pairs.candidate)
    if not before.any() and not after.any():
        return None
    unit: Unit = "instructions" if candidate.record.evidence == "emulated" else "cycles"
    if one.evidence != other.evidence:
        return Timing(
            unit=unit, how="none", n=0, why_not="time on hardware and instructions of an emulator are two things"
        )
    if one.board != other.board or one.backend != other.backend:
        return Timing(unit=unit, how="none", n=0, why_not=_other_place(baseline, candidate))
    both = (before > 0) & (after > 0)
    n = int(both.sum())
    if not n:
        return Timing(unit=unit, how="none", n=0, why_not="no sample was timed undisturbed on both sides")
    before, after = before[both], after[both]
    if unit == "instructions":
        return Timing(unit=unit, how="exact", n=n, shifts=tuple(_exact(q, before, after) for q in QUANTILES))
    if not same_unit(one, other):
        uids = ", ".join(side.record.unit.uid if side.record.unit else "?" for side in (baseline, candidate))
        why = f"the runs are from two units ({uids}): what differs may be the units; time both on one (--device-serial)"
        return Timing(unit=unit, how="none", n=n, shifts=tuple(_bare(q, before, after) for q in QUANTILES), why_not=why)
    return Timing(
        unit=unit, how="paired", n=n, shifts=(_median(before, after, level), _tail(0.99, before, after, level))
    )


def over_boots(baseline: Sequence[Side], candidate: Sequence[Side], level: float) -> Timing | None:
    """Several runs of each of two firmwares, on hardware: the boots of a unit, or units, are what is repeated.

    Of each run the percentile over the samples that all were timed on; its logarithm is what is averaged, so that rises are
    relative. On one unit: Welch's interval of the boots (B. L. Welch, Biometrika 34 (1947) 28-35). On several units: each unit's
    own difference, and Student's interval of those; a unit that has not run both is left out. None where neither is possible:
    two boots each of one unit, or two units, are the least.
    """
    runs = [*baseline, *candidate]
    if any(run.record.evidence != "hardware" or run.record.board != runs[0].record.board for run in runs):
        return None
    ids = _timed_by_all(runs)
    if not ids:
        return None
    shifts = []
    for q in QUANTILES:
        shift = _boot_shift(q, _by_unit(baseline, ids, q), _by_unit(candidate, ids, q), level)
        if shift is None:
            return None
        shifts.append(shift)
    return Timing(unit="cycles", how="boots", n=len(ids), shifts=tuple(shifts))


def _counts(samples: Samples, rows: npt.NDArray[np.intp]) -> Floats:
    """What was counted of those samples; 0 where one was not sound or not undisturbed."""
    chosen = samples.sound if samples.quiet is None else samples.sound & samples.quiet
    return np.where(chosen, samples.cycles.astype(np.float64), 0.0)[rows]


def _other_place(baseline: Side, candidate: Side) -> str:
    one, other = (f"{side.record.board} ({side.record.backend})" for side in (baseline, candidate))
    return f"{one} and {other} do not count alike"


def _bare(q: float, before: Floats, after: Floats) -> Shift:
    one, other = percentile(before, q), percentile(after, q)
    return Shift(quantile=q, before=one, after=other, rise=other / one - 1)


def _exact(q: float, before: Floats, after: Floats) -> Shift:
    shift = _bare(q, before, after)
    return shift.model_copy(update={"low": shift.rise, "high": shift.rise})


def _median(before: Floats, after: Floats, level: float) -> Shift:
    rises = np.sort(after / before - 1)
    low, high = quantile_ranks(len(rises), 0.5, level)
    return Shift(
        quantile=0.5,
        before=percentile(before, 0.5),
        after=percentile(after, 0.5),
        rise=float(np.median(rises)),
        low=None if low is None else float(rises[low - 1]),
        high=None if high is None else float(rises[high - 1]),
    )


def _tail(q: float, before: Floats, after: Floats, level: float) -> Shift:
    (low_b, high_b), (low_a, high_a) = (_bounds(values, q, (1 + level) / 2) for values in (before, after))
    low = None if low_a is None or high_b is None else low_a / high_b - 1
    high = None if high_a is None or low_b is None else high_a / low_b - 1
    return _bare(q, before, after).model_copy(update={"low": low, "high": high})


def _bounds(values: Floats, q: float, level: float) -> tuple[float | None, float | None]:
    ordered = np.sort(values)
    low, high = quantile_ranks(len(values), q, level)
    return (None if low is None else float(ordered[low - 1])), (None if high is None else float(ordered[high - 1]))


def _timed_by_all(runs: Sequence[Side]) -> list[str]:
    """Ids of the samples that every run timed, each the same sample as in the first run."""
    kept = set(runs[0].samples.ids[_counts(runs[0].samples, np.arange(len(runs[0].samples.ids))) > 0].tolist())
    for run in runs[1:]:
        pairs = pair(runs[0], run)
        timed = _counts(run.samples, pairs.candidate) > 0
        kept &= set(runs[0].samples.ids[pairs.baseline[timed]].tolist())
    return sorted(kept)


def _by_unit(runs: Sequence[Side], ids: Sequence[str], q: float) -> dict[str, list[float]]:
    """The logarithm of the percentile of each run, under its unit."""
    found = defaultdict(list)
    for run in runs:
        where = {id_: row for row, id_ in enumerate(run.samples.ids.tolist())}
        values = run.samples.cycles[[where[id_] for id_ in ids]].astype(np.float64)
        found[run.record.unit.uid if run.record.unit else ""].append(math.log(percentile(values, q)))
    return found


def _boot_shift(q: float, before: dict[str, list[float]], after: dict[str, list[float]], level: float) -> Shift | None:
    units = sorted(before.keys() & after.keys())
    if not units:
        return None
    one, other = (fmean(fmean(side[unit]) for unit in units) for side in (before, after))
    if len(units) >= 2:
        off = [fmean(after[unit]) - fmean(before[unit]) for unit in units]
        error, degrees = math.sqrt(variance(off) / len(off)), float(len(off) - 1)
    else:
        a, b = before[units[0]], after[units[0]]
        if min(len(a), len(b)) < 2:
            return None
        parts = [variance(values) / len(values) for values in (a, b)]
        error = math.sqrt(sum(parts))
        spread = sum(part**2 / (len(values) - 1) for part, values in zip(parts, (a, b), strict=True))
        degrees = sum(parts) ** 2 / spread if spread else 1.0
    half = float(functions().stdtrit(degrees, (1 + level) / 2)) * error
    return Shift(
        quantile=q,
        before=math.exp(one),
        after=math.exp(other),
        rise=math.expm1(other - one),
        low=math.expm1(other - one - half),
        high=math.expm1(other - one + half),
    )
