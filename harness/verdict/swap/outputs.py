"""How far the raw outputs of two runs are apart. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from harness.records import Beside, Record, Samples, Tensor
from harness.verdict.alike import alike, distances
from harness.verdict.swap.facts import Outputs
from harness.verdict.swap.pairing import Pairs, Side

Array = npt.NDArray[Any]


def equal_rows(baseline: Samples, candidate: Samples, pairs: Pairs) -> npt.NDArray[np.bool_] | None:
    """[n] whether the raw outputs are the same, byte for byte, of every output of the model; None where their forms differ."""
    same = pairs.sound.copy()
    for ours, theirs in _each(baseline, candidate):
        before, after = ours.outputs[pairs.baseline], theirs.outputs[pairs.candidate]
        if before.shape != after.shape or before.dtype != after.dtype:
            return None
        same &= alike(before, after)
    return same if (baseline.beside or {}).keys() == (candidate.beside or {}).keys() else None


def apart(baseline: Side, candidate: Side, pairs: Pairs, k: int) -> Outputs | None:
    """Over the samples that both answered; None without any, or where the outputs have different numbers of values.

    Of a model with several outputs ``identical`` is of all, the differences are of the one that the task looks at.
    """
    before = baseline.samples.outputs[pairs.baseline[pairs.sound]]
    after = candidate.samples.outputs[pairs.candidate[pairs.sound]]
    if before.shape != after.shape or not len(before):
        return None
    tensor, other = _tensor(baseline.record, before), _tensor(candidate.record, after)
    same_form = (tensor.dtype, tensor.scale, tensor.zero_point) == (other.dtype, other.scale, other.zero_point)
    off = distances(tensor.real(before), other.real(after))
    equal = equal_rows(baseline.samples, candidate.samples, pairs) if same_form else None
    max_lsb = beyond = None
    if same_form and np.issubdtype(before.dtype, np.integer):
        steps = np.abs(before.astype(np.int64) - after.astype(np.int64))
        max_lsb, beyond = int(steps.max(initial=0)), float(np.mean(steps > k))
    return Outputs(
        n=len(before),
        identical=int((off == 0).all(axis=1).sum()) if equal is None else int(equal.sum()),
        max_abs_diff=float(off.max(initial=0.0)),
        max_lsb=max_lsb,
        k=k,
        beyond=beyond,
        same_form=same_form,
    )


def _each(baseline: Samples, candidate: Samples) -> list[tuple[Samples | Beside, Samples | Beside]]:
    """The output that the task looks at, and those beside it that both have."""
    one, other = baseline.beside or {}, candidate.beside or {}
    return [(baseline, candidate), *((one[name], other[name]) for name in sorted(one.keys() & other.keys()))]


def _tensor(record: Record, outputs: Array) -> Tensor:
    dtype: Any = outputs.dtype.name
    return Tensor("", (1, outputs.shape[1]), dtype, record.outputs_scale, record.outputs_zero_point)
