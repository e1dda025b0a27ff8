"""What a swap did to each class. Pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from harness.verdict.paired import compare
from harness.verdict.statistics import holm
from harness.verdict.swap.decisions import Answers
from harness.verdict.swap.facts import ClassFacts
from harness.verdict.swap.groups import Grouping


def by_class(answers: Answers, groups: Grouping, name_of: Callable[[int], str], level: float) -> tuple[ClassFacts, ...]:
    """Each class that a sample is labelled as, in their order; p values raised by Holm, since one of many is always the worst."""
    found = []
    for label in np.unique(answers.labels[answers.labels >= 0]):
        rows = answers.labels == label
        table = compare(answers.right_before[rows], answers.right_after[rows])
        of_class = groups.among(rows)
        low, high = of_class.difference(answers.right_before[rows], answers.right_after[rows], level)
        found.append(
            ClassFacts(
                index=int(label),
                name=name_of(int(label)),
                n=table.n,
                lost=table.lost,
                gained=table.gained,
                before=(table.both_right + table.lost) / table.n,
                after=(table.both_right + table.gained) / table.n,
                difference=table.difference,
                low=low,
                high=high,
                n_groups=of_class.n,
                p=table.p,
                p_holm=table.p,
            )
        )
    raised = holm([one.p for one in found])
    return tuple(one.model_copy(update={"p_holm": p}) for one, p in zip(found, raised, strict=True))
