"""``vote_accuracy.1`` .. ``.10`` and their sisters: what a vote among the last decisions would make of the same run.

Only where the data's samples are steps of sequences: one window after another of a recording. Then firmware, or whoever listens
to it, may let the last ``k`` decisions of a sequence vote, fewer at its start, as the smart lock's tutorial does with 1 to 10. The
class that more than half of them name wins (UNK among them: what a threshold left unknown); where none does, the vote is
uncertain, UNC. A single vote is the decision itself, and never uncertain. A sample that is not sound votes unknown, and is wrong
however the others voted. A continuous plan's ``majority`` differs in one thing: without a majority it takes the class that most
name, of equals the newest.

Shares of all samples sent. Interval: Wilson, 95 %; by groups, or by sequences, too: windows of one recording are no witnesses of
their own.
"""

from __future__ import annotations

from collections import Counter, deque
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from harness.records import Measurement
from harness.verdict.decide import UNKNOWN
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share_of
from harness.verdict.view import View

UNCERTAIN = -2
MOST = 10
_NAMES = ("vote_accuracy.*", "vote_unknown_rate.*", "vote_uncertain_rate.*")
FAMILY = Family(
    _NAMES,
    shares=_NAMES,
    grouped=_NAMES,
    stars=tuple(str(over) for over in range(1, MOST + 1)),
    tasks=("classification",),
    meanings={
        "vote_accuracy.*": "decided as labelled by most of a sequence's last decisions: vote_accuracy.<1 to 10>",
        "vote_unknown_rate.*": "samples of which most of the last decisions were unknown (UNK)",
        "vote_uncertain_rate.*": "samples of which no more than half of the last decisions agree (UNC)",
    },
    absent="the data names no sequences: its samples are no steps of a recording",
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Thirty of them, where the data has sequences."""
    sequences = view.truth.sequences
    if sequences is None:
        return ()
    single = np.where(view.sound, view.decisions, UNKNOWN)
    found: list[Measurement] = []
    for over in range(1, MOST + 1):
        votes = voted(single, sequences, over)
        right = view.sound & (votes == view.samples.labels)
        found += [
            share_of(view, f"vote_accuracy.{over}", right),
            share_of(view, f"vote_unknown_rate.{over}", view.sound & (votes == UNKNOWN)),
            share_of(view, f"vote_uncertain_rate.{over}", view.sound & (votes == UNCERTAIN)),
        ]
    return tuple(found)


def voted(decisions: npt.NDArray[np.int64], sequences: npt.NDArray[np.str_], over: int) -> npt.NDArray[np.int64]:
    """int64 [N]: what more than half of the last ``over`` decisions [N] of each sequence name, else ``UNCERTAIN``."""
    names = [str(name) for name in sequences]
    begins = [True, *(one != other for one, other in pairwise(names))]
    latest: deque[int] = deque(maxlen=over)
    votes = np.empty_like(decisions)
    for index, (decision, begin) in enumerate(zip(decisions.tolist(), begins, strict=True)):
        if begin:
            latest.clear()
        latest.append(decision)
        ((most, count),) = Counter(latest).most_common(1)
        votes[index] = most if 2 * count > len(latest) else UNCERTAIN
    return votes
