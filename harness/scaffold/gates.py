"""The gates that a first run of the reference on the host promises, each with its reason. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.models import reference as references
from harness.plans.schema import number
from harness.scaffold.belong import Pair
from harness.verdict.statistics import LEVEL, wilson

_FEW = 100
#: Room for a compiler or a library of another release; a wrong kernel is further off by orders of magnitude.
_ROOM = 10


@dataclass(frozen=True)
class Proposed:
    """A gate as a plan writes it, and why it is this one. ``text`` "" = no gate, and why not."""

    text: str
    why: str


def proposed(pair: Pair) -> tuple[Proposed, ...]:
    """The gates of a plan, the one on the labels first."""
    return (*((_accuracy(pair),) if pair.decides else ()), *_outputs(pair), *_LINK)


_LINK = (
    Proposed("input_integrity == 1.0", "the board has read each sample as it was sent (CRC-32)"),
    Proposed("lost_samples == 0", "each sample was answered"),
)


def limit(right: npt.NDArray[np.bool_], labels: npt.NDArray[np.int64]) -> float | None:
    """The lower end of the interval of the share that is ``right``, in thousandths; None when it does not beat guessing."""
    low, _ = wilson(int(right.sum()), len(right))
    found = math.floor(low * 1000) / 1000
    return found if found > _chance(labels) else None


def _chance(labels: npt.NDArray[np.int64]) -> float:
    return float(np.bincount(labels).max()) / len(labels)


def _accuracy(pair: Pair) -> Proposed:
    low, high = wilson(pair.hits, pair.n)
    scored = f"the reference on this host: {pair.hits} of {pair.n} right, {pair.hits / pair.n:.4f}"
    least = limit(pair.right, pair.dataset.labels)
    if least is None:
        chance = _chance(pair.dataset.labels)
        return Proposed("", f"no gate on accuracy: {scored}, and always saying the commonest class gives {chance:.4f}")
    few = "; few samples make the interval wide" if pair.n < _FEW else ""
    why = f"{scored} ({LEVEL:.0%}: {low:.3f} to {high:.3f}{few}). The limit is the lower end: a model trained anew may be no worse"
    return Proposed(f"accuracy >= {number(least)}", why)


def _outputs(pair: Pair) -> tuple[Proposed, ...]:
    floats = [at for at, output in enumerate(pair.model.outputs) if output.dtype == "float32"]
    if not floats:
        return (Proposed("agreement == 1.0", "whole numbers: each raw output equals the reference's, bit for bit"),)
    same = (Proposed("decision_agreement == 1.0", "the board decides as the reference does"),) if pair.decides else ()
    if pair.difference is None:
        return same
    expected = references.apart(pair.workload.expected, pair.model.outputs)
    largest = max(float(np.abs(expected[at].astype(np.float64)).max()) for at in floats)
    step = float(np.spacing(np.float32(largest)))
    most = 10.0 ** math.ceil(math.log10(_ROOM * max(pair.difference, step)))
    why = (
        f"floats: sums are rounded in another order; the board's C, built for this host, is off by {pair.difference:.1e} at"
        f" most, and the next power of ten above {_ROOM} times that is allowed"
    )
    return (Proposed(f"max_abs_diff <= {most:.0e}", why), *same)
