"""The samples whose decisions changed, with what both networks gave for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.evidence.comparison import Shown
from harness.evidence.comparison._words import Table
from harness.records import Tensor
from harness.verdict.swap import Side
from harness.verdict.swap.facts import Flip

Floats = npt.NDArray[np.float64]

_MOST_NAMED = 5  # classes in a list of outputs: the label, what was decided, then the largest


def outputs(side: Side, row: int) -> Floats | None:
    """What a side gave for the sample in its row, real values; None where there is no sound answer."""
    samples, record = side.samples, side.record
    if not samples.sound[row]:
        return None
    if record.outputs is None:
        return np.asarray(samples.outputs[row], dtype=np.float64)
    tensor = Tensor("", (), record.outputs, record.outputs_scale, record.outputs_zero_point)
    return tensor.real(samples.outputs[row])


def both(shown: Shown, flip: Flip) -> list[tuple[str, str, str]]:
    """Class, the baseline's output, the candidate's: of the classes that the flip is about."""
    before, after = outputs(shown.baseline, flip.baseline_row), outputs(shown.candidate, flip.candidate_row)
    names = _names(shown)
    about = [flip.label, flip.before, flip.after]
    about += [int(np.argmax(each)) for each in (before, after) if each is not None]
    known = [index for index in dict.fromkeys(about) if 0 <= index < len(names)]
    return [(names[index], _at(before, index), _at(after, index)) for index in known]


def listed(shown: Shown, flips: Sequence[Flip]) -> Table:
    """All that is known of each, a row each."""
    rows = tuple(
        (
            flip.id,
            flip.label_name,
            flip.before_name,
            flip.after_name,
            _told(shown, flip, outputs(shown.baseline, flip.baseline_row)),
            _told(shown, flip, outputs(shown.candidate, flip.candidate_row)),
        )
        for flip in flips
    )
    columns = (
        ("Sample", False), ("Label", False), ("Before", False), ("After", False),
        ("Baseline's outputs", False), ("Candidate's outputs", False),
    )  # fmt: skip
    return Table("Decisions that changed", columns, rows)


def _told(shown: Shown, flip: Flip, values: Floats | None) -> str:
    """``8: 0.71, 3: 0.22``: the largest, the label's and what either decided among them."""
    if values is None:
        return "no answer"
    names = _names(shown)
    about = {flip.label, flip.before, flip.after, int(np.argmax(values))}
    order = [int(index) for index in np.argsort(-values, kind="stable")]
    chosen = [index for index in order if index in about][:_MOST_NAMED]
    return ", ".join(f"{names[index] if index < len(names) else index}: {_figure(values[index])}" for index in chosen)


def _names(shown: Shown) -> tuple[str, ...]:
    """Of the outputs: the classes, or their numbers where the data names none."""
    data = shown.baseline.record.dataset
    given = data.classes if data else ()
    n = int(shown.baseline.samples.outputs.shape[1]) if shown.baseline.samples.outputs.ndim > 1 else 1
    return given or tuple(map(str, range(n)))


def _at(values: Floats | None, index: int) -> str:
    return "-" if values is None or index >= len(values) else _figure(values[index])


def _figure(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
