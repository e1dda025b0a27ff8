"""``precision.<class>``, ``recall.<class>`` and ``f1.macro``, counted by scikit-learn.

Recall is over all samples of the class that were sent: an unsound one is missed, as an unknown is. Precision is over
the samples decided for the class. Either is left out where its denominator is 0 (0/0 is neither 0 nor 1).
``f1.macro`` is the mean F1 of the classes that occur as a label or as a decision. Intervals: Wilson, 95 %; none for F1.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score

from harness.records import Measurement
from harness.verdict.decide import UNKNOWN
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share
from harness.verdict.view import View

FAMILY = Family(("f1.macro", "precision.*", "recall.*"), shares=("precision.*", "recall.*"), ratios=("f1.macro",))


def measure(view: View) -> tuple[Measurement, ...]:
    """Per class in the dataset's order, then the macro F1."""
    labels = view.samples.labels
    # For scikit-learn an unknown is one more label that no class is compared with; so is an unsound sample.
    decided = np.where(view.sound, view.decisions, UNKNOWN)
    size = len(view.classes)
    counts = confusion_matrix(labels, decided, labels=[*range(size), UNKNOWN])
    found: list[Measurement] = []
    for index, name in enumerate(view.classes):
        hits, sent, claimed = (int(x) for x in (counts[index, index], counts[index].sum(), counts[:, index].sum()))
        if claimed:
            found.append(share(f"precision.{name}", hits, claimed))
        if sent:
            found.append(share(f"recall.{name}", hits, sent))
    seen = [index for index in range(size) if counts[index].sum() or counts[:, index].sum()]
    f1 = float(f1_score(labels, decided, labels=seen, average="macro", zero_division=0))
    found.append(Measurement(name="f1.macro", value=f1, unit="ratio", n=view.n))
    return tuple(found)
