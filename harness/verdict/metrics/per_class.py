"""``precision.<class>``, ``recall.<class>`` and ``f1.macro``.

Recall is over all samples of the class that were sent: an unsound one is missed, as an unknown is. Precision is over
the samples decided for the class. Either is left out where its denominator is 0 (0/0 is neither 0 nor 1).
``f1.macro`` is the mean F1, 2 hits / (sent + decided), of the classes that occur as a label or as a decision. Intervals:
Wilson, 95 %, by groups too where the data has them; none for F1.
"""

from __future__ import annotations

import numpy as np

from harness.records import Measurement
from harness.verdict.decide import UNKNOWN
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share_of
from harness.verdict.view import View

FAMILY = Family(
    ("f1.macro", "precision.*", "recall.*"),
    shares=("precision.*", "recall.*"),
    grouped=("precision.*", "recall.*"),
    ratios=("f1.macro",),
    tasks=("classification",),
    meanings={
        "f1.macro": "mean F1 of the classes that occur",
        "precision.*": "right ones of the samples decided as that class: precision.<class>",
        "recall.*": "found ones of the samples that are of that class: recall.<class>",
    },
)


def measure(view: View) -> tuple[Measurement, ...]:
    """Per class in the dataset's order, then the macro F1."""
    labels = view.samples.labels
    size = len(view.classes)
    # An unknown is one more column that no class is compared with; so is an unsound sample.
    decided = np.where(view.sound & (view.decisions != UNKNOWN), view.decisions, size)
    counts = np.zeros((size, size + 1), dtype=np.int64)
    np.add.at(counts, (labels, decided), 1)
    found: list[Measurement] = []
    for index, name in enumerate(view.classes):
        sent, claimed = (int(x) for x in (counts[index].sum(), counts[:, index].sum()))
        if claimed:
            found.append(share_of(view, f"precision.{name}", labels == index, decided == index))
        if sent:
            found.append(share_of(view, f"recall.{name}", decided == index, labels == index))
    both = counts.sum(axis=1) + counts.sum(axis=0)[:size]
    f1 = 2 * np.diagonal(counts)[both > 0] / both[both > 0]
    found.append(Measurement(name="f1.macro", value=float(f1.mean()), unit="ratio", n=view.n))
    return tuple(found)
