"""Do several units give the same raw outputs? The same model on the same samples must, bit for bit, on every unit and backend.

A unit that differs has a fault that no gate of its own need show: a flash cell, a supply, a compiler, an emulator. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.errors import MisuseError
from harness.records import Record, Samples, Verdict
from harness.verdict.alike import alike, canonical, distances


@dataclass(frozen=True)
class UnitRun:
    """One case on one unit: what was recorded, and its arrays."""

    record: Record
    samples: Samples

    @property
    def name(self) -> str:
        """Board, unit and backend, for messages."""
        uid = self.record.unit.uid if self.record.unit else "unknown unit"
        return f"{self.record.board} {uid} ({self.record.backend})"


@dataclass(frozen=True)
class Difference:
    """How a run differs from the one that it is held against. ``first_id`` is the first sample that does.

    ``outputs`` and ``expected`` are of the first output that differs there, ``output``; "" for a model with one.
    """

    run: UnitRun
    n_samples: int
    first_id: str
    outputs: tuple[float, ...]
    expected: tuple[float, ...]
    max_abs_diff: float
    output: str = ""


@dataclass(frozen=True)
class UnitsCompared:
    """What came of it.

    ``odd`` are the runs that differ from the rest; empty when all are alike, or when nothing tells which side is right
    (then ``split`` is True and ``differences`` hold every run against the first). ``n_compared`` samples were answered
    soundly by all, of ``n_common`` that all were sent.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    runs: tuple[UnitRun, ...]
    n_common: int
    n_compared: int
    odd: tuple[UnitRun, ...] = ()
    differences: tuple[Difference, ...] = ()
    split: bool = False


def subject(record: Record) -> tuple[str, str, str]:
    """What must be equal for outputs to be comparable: model digest, data set digest, split."""
    model = record.firmware.model_sha256 if record.firmware else ""
    data = (record.dataset.sha256, record.dataset.split) if record.dataset else ("", "")
    return model, *data


def compare_units(runs: Sequence[UnitRun]) -> UnitsCompared:
    """Compare two or more runs of one model on one data set, sample by sample, by id.

    The largest group of equal runs is right; where no group is larger than all others, the one that equals the reference
    run on the host is. ``PASS``: all equal on every common sample. ``FAIL``: some differ. ``INCONCLUSIVE``: all equal, but
    not every common sample was answered by all. ``MisuseError`` when there is nothing to compare.
    """
    _check(runs)
    others_ids = [set(run.samples.ids) for run in runs[1:]]
    ids = [id_ for id_ in runs[0].samples.ids if all(id_ in known for known in others_ids)]
    if not ids:
        raise MisuseError("the runs have no sample in common", found=_names(runs))
    rows = [_rows(run, ids) for run in runs]
    sound = np.logical_and.reduce([run.samples.sound[at] for run, at in zip(runs, rows, strict=True)])
    n_compared = int(np.count_nonzero(sound))
    if not n_compared:
        reason = "no sample was answered soundly by all"
        return UnitsCompared(Verdict.INCONCLUSIVE, (reason,), tuple(runs), len(ids), 0)
    outputs = [_each(run, at[sound], "outputs") for run, at in zip(runs, rows, strict=True)]
    contents = [b"".join(array.tobytes() for array in arrays) for arrays in outputs]
    groups: dict[bytes, list[int]] = {}
    for number, content in enumerate(contents):
        groups.setdefault(content, []).append(number)
    if len(groups) == 1:
        return _alike(runs, len(ids), n_compared)
    names = [str(id_) for id_, kept in zip(ids, sound, strict=True) if kept]
    references = b"".join(array.tobytes() for array in _each(runs[0], rows[0][sound], "reference"))
    right = _right(list(groups.values()), groups.get(references))
    against = right[0] if right else 0
    others = [n for n in range(len(runs)) if contents[n] != contents[against]]
    differences = tuple(_difference(runs[n], outputs[n], outputs[against], names) for n in others)
    split = right is None
    why = "nothing tells which side is right" if split else f"{runs[against].name} and its like are right"
    reasons = tuple(
        f"{d.run.name} differs from {runs[against].name} on {d.n_samples} of {n_compared} samples,"
        f" first on {d.first_id}{f' at output {d.output}' if d.output else ''}, by up to {d.max_abs_diff:g}"
        for d in differences
    )
    return UnitsCompared(
        Verdict.FAIL,
        (*reasons, f"{len(groups)} different sets of outputs: {why}"),
        tuple(runs),
        len(ids),
        n_compared,
        odd=() if split else tuple(runs[n] for n in others),
        differences=differences,
        split=split,
    )


def _each(run: UnitRun, rows: npt.NDArray[np.intp], side: str) -> list[npt.NDArray[np.generic]]:
    """What a run's ``outputs`` (or its ``reference``) are on those samples, of every output that the model has."""
    beside = run.samples.beside or {}
    every = [run.samples, *(beside[name] for name in sorted(beside))]
    return [canonical(getattr(one, side)[rows]) for one in every]


def _check(runs: Sequence[UnitRun]) -> None:
    if len(runs) < 2:
        raise MisuseError(
            "one run cannot be compared with itself", expected="two or more", found=_names(runs) or "none"
        )
    for run in runs[1:]:
        for what, one, other in zip(
            ("model", "data set", "split"), subject(runs[0].record), subject(run.record), strict=True
        ):
            if one != other:
                raise MisuseError(
                    f"the runs are not of the same {what}",
                    where=run.name,
                    expected=f"{one} as of {runs[0].name}",
                    found=other,
                )
        if run.samples.outputs.dtype != runs[0].samples.outputs.dtype:
            raise MisuseError(
                "the runs' outputs have different types",
                where=run.name,
                expected=runs[0].samples.outputs.dtype,
                found=run.samples.outputs.dtype,
            )
        if (run.samples.beside or {}).keys() != (runs[0].samples.beside or {}).keys():
            raise MisuseError(
                "the runs' models have other outputs beside",
                where=run.name,
                expected=sorted(runs[0].samples.beside or {}),
                found=sorted(run.samples.beside or {}),
            )
        if run.samples.outputs.shape[1:] != runs[0].samples.outputs.shape[1:]:
            raise MisuseError(
                "the runs have different numbers of outputs",
                where=run.name,
                expected=runs[0].samples.outputs.shape[1:],
                found=run.samples.outputs.shape[1:],
            )


def _names(runs: Sequence[UnitRun]) -> str:
    return ", ".join(run.name for run in runs)


def _rows(run: UnitRun, ids: Sequence[str]) -> npt.NDArray[np.intp]:
    where = {id_: row for row, id_ in enumerate(run.samples.ids)}
    return np.array([where[id_] for id_ in ids], dtype=np.intp)


def _alike(runs: Sequence[UnitRun], n_common: int, n_compared: int) -> UnitsCompared:
    reasons = (f"{len(runs)} runs give identical outputs on {n_compared} samples",)
    if n_compared == n_common:
        return UnitsCompared(Verdict.PASS, reasons, tuple(runs), n_common, n_compared)
    missing = f"{n_common - n_compared} of {n_common} common samples were not answered soundly by all"
    return UnitsCompared(Verdict.INCONCLUSIVE, (*reasons, missing), tuple(runs), n_common, n_compared)


def _right(groups: list[list[int]], like_reference: list[int] | None) -> list[int] | None:
    """The group to believe, None when nothing tells."""
    largest = max(len(group) for group in groups)
    candidates = [group for group in groups if len(group) == largest]
    return candidates[0] if len(candidates) == 1 else like_reference


def _difference(
    run: UnitRun,
    outputs: Sequence[npt.NDArray[np.generic]],
    expected: Sequence[npt.NDArray[np.generic]],
    names: Sequence[str],
) -> Difference:
    """``outputs`` and ``expected`` are arrays [N, values], one for each output of the model; shown is the first that differs."""
    pairs = [(a.reshape(len(a), -1), b.reshape(len(b), -1)) for a, b in zip(outputs, expected, strict=True)]
    unequal = np.array([~alike(ours, theirs) for ours, theirs in pairs])
    first = int(np.argmax(unequal.any(axis=0)))
    at = int(np.argmax(unequal[:, first]))
    ours, theirs = pairs[at]
    return Difference(
        run,
        int(unequal.any(axis=0).sum()),
        names[first],
        tuple(float(value) for value in ours[first].astype(np.float64)),
        tuple(float(value) for value in theirs[first].astype(np.float64)),
        max(float(distances(ours, theirs).max()) for ours, theirs in pairs),
        [run.record.output, *sorted(run.samples.beside or {})][at],
    )
