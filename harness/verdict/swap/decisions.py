"""What a swap did to the decisions, sample by sample: McNemar's table, the interval of the difference, the margin. Pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from harness.errors import MisuseError
from harness.records import Samples
from harness.verdict.decide import UNKNOWN
from harness.verdict.paired import Paired, compare
from harness.verdict.statistics import mcnemar_exact, mcnemar_midp
from harness.verdict.swap.facts import Decisions, Flip, FlipKind, NonInferior
from harness.verdict.swap.groups import Grouping
from harness.verdict.swap.margin import kept, non_inferior
from harness.verdict.swap.pairing import Pairs, Side
from harness.verdict.swap.power import n_to_decide, visible_drop

Ints = npt.NDArray[np.int64]


class Answers:
    """What both sides decided on the paired samples, int64 [n] each, and the labels. -1: unknown, or no sound answer."""

    def __init__(self, baseline: Side, candidate: Side, pairs: Pairs) -> None:
        self.labels: Ints = baseline.samples.labels[pairs.baseline]
        self.before = _decided(baseline)[pairs.baseline]
        self.after = np.where(pairs.sound, _decided(candidate)[pairs.candidate], UNKNOWN)
        self.right_before = np.asarray(self.before == self.labels)
        self.right_after = np.asarray((self.after == self.labels) & pairs.sound)
        #: A sample without an answer did change, also where unknown was decided before.
        self.changed = np.asarray((self.before != self.after) | ~pairs.sound)

    @property
    def labelled(self) -> bool:
        """Whether anything says what is right: labels are all -1 where the data has none."""
        return bool((self.labels >= 0).any())

    @property
    def paired(self) -> Paired:
        """The four counts."""
        return compare(self.right_before, self.right_after)


def _decided(side: Side) -> Ints:
    if side.samples.decisions is None:
        raise MisuseError(
            "the samples hold no decisions",
            where=side.name,
            expected="the decisions of a classification",
            next_step="run the case again with this version",
        )
    return side.samples.decisions


def decided(answers: Answers, groups: Grouping, *, margin: float, level: float) -> Decisions:
    """The table and what it decides. Samples of one group alone decide nothing."""
    table = answers.paired
    plain = table.interval(level)
    low, high = groups.difference(answers.right_before, answers.right_after, level)
    verdict: NonInferior = (
        kept(table.lost, table.gained, table.n, margin, level)
        if groups.n == 0
        else "undecided"
        if groups.n == 1
        else non_inferior(low, high, margin)
    )
    # As many independent samples would have an interval of that width.
    effective = table.n * min(1.0, ((plain[1] - plain[0]) / (high - low)) ** 2) if high > low else table.n
    found = Decisions(
        both_right=table.both_right,
        lost=table.lost,
        gained=table.gained,
        both_wrong=table.both_wrong,
        before=(table.both_right + table.lost) / table.n,
        after=(table.both_right + table.gained) / table.n,
        difference=table.difference,
        low=low,
        high=high,
        interval="clustered" if groups.n >= 2 else "tango",
        n_groups=groups.n,
        n_effective=effective,
        plain_low=plain[0],
        plain_high=plain[1],
        p_exact=mcnemar_exact(table.lost, table.gained),
        p_midp=mcnemar_midp(table.lost, table.gained),
        margin=margin,
        non_inferior=verdict,
        visible_drop=visible_drop((table.lost + table.gained) * effective / table.n, effective, level),
    )
    if verdict != "undecided" or groups.n == 1:
        return found
    needed = n_to_decide(table.lost, table.gained, table.n, margin, level)
    return found.model_copy(update={"n_to_decide": grown(needed, found)})


def grown(needed: int | None, found: Decisions) -> int | None:
    """So many samples in groups as tell what ``needed`` independent ones would: of more groups, not of more samples each."""
    n = found.both_right + found.lost + found.gained + found.both_wrong
    return None if needed is None else max(needed, round(needed * n / found.n_effective))


def flips(baseline: Samples, answers: Answers, pairs: Pairs, name_of: Callable[[int], str]) -> tuple[Flip, ...]:
    """Every sample whose decision changed, in the baseline's order."""
    found = []
    for at in np.flatnonzero(answers.changed):
        kind: FlipKind = (
            "lost" if answers.right_before[at] else "gained" if answers.right_after[at] else "changed_wrong"
        )
        label, before, after = (int(values[at]) for values in (answers.labels, answers.before, answers.after))
        found.append(
            Flip(
                id=str(baseline.ids[pairs.baseline[at]]),
                baseline_row=int(pairs.baseline[at]),
                candidate_row=int(pairs.candidate[at]),
                kind=kind,
                label=label,
                before=before,
                after=after,
                label_name=name_of(label),
                before_name=name_of(before),
                after_name=name_of(after) if pairs.sound[at] else "no answer",
            )
        )
    return tuple(found)
