"""Why a board that computes rightly gives wrong answers: the usual mistakes, tried on the host with the reference alone.

Data in another layout, order or scale than the model was trained on gives outputs that equal the reference's and labels
that they miss. What is found here is told; it changes no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.clock import Clock
from harness.data.encode import quantise
from harness.errors import HilError
from harness.findings import Explanation
from harness.models import reference as references
from harness.models.metadata import Model
from harness.plans.expand import Case
from harness.run import mistakes
from harness.run.origins import runs_tflite
from harness.run.truth import arrays, looked_at
from harness.run.workload import Workload
from harness.verdict import Assessment
from harness.verdict.decide import decide
from harness.verdict.statistics import mcnemar_midp

_SAMPLES = 300  # enough to tell a mistake from chance
FEWEST = 40
TIMED = 5  # samples that tell how long one takes
BUDGET_S = 30.0  # of the host's time; a slow model is tried on fewer samples
_AGREE = 0.99
# What counts as an explanation: as good as certain after all that was tried, and large. The likeliest of 30 chances is none.
_CHANCE = 1e-3
_GAIN = 0.05
_ALIKE = 0.02  # of changes that are as good as each other the first, which is the more usual one
_OF_LABELS = ("accuracy", "binary_accuracy", "f1.macro", "mean_abs_error", "precision.", "recall.", "unknown_rate")
_OF_CONVERSION = "accuracy_drop."

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Found:
    kind: str
    words: str
    accuracy: float


def is_wanted(assessed: Assessment) -> bool:
    """Whether a gate on the labels is broken although the board decides as its reference does."""
    agreement = next((m.value for m in assessed.measurements if m.name == "decision_agreement"), 0.0)
    return missed(assessed) and agreement >= _AGREE


def missed(assessed: Assessment) -> bool:
    """Whether a gate on the labels is broken."""
    return any(
        gate.breaks
        and gate.baseline is None
        and gate.metric.startswith(_OF_LABELS)
        and not gate.metric.startswith(_OF_CONVERSION)
        for gate in assessed.gates
    )


def explain(case: Case, model: Model, workload: Workload, clock: Clock) -> tuple[Explanation | None, str]:
    """What explains the labels best, and why nothing was tried ("" when it was). Takes up to about ``BUDGET_S``."""
    if workload.memory.follows is not None:
        return None, "the usual mistakes were not tried: the network's memory goes on from sample to sample"
    try:
        return _Trials(case, model, workload, clock).best()
    except HilError as error:
        return None, f"the usual mistakes could not be tried: {error.what}"


class _Trials:
    """The reference on some of the samples, again and again."""

    def __init__(self, case: Case, model: Model, workload: Workload, clock: Clock) -> None:
        self._rule = case.plan.decide
        self._model = model
        self._oracle = references.load(runs_tflite(case.plan.reference))
        self._clock = clock
        data = workload.data
        self._classes = data.classes
        rows = np.unique(np.linspace(0, len(data) - 1, min(_SAMPLES, len(data))).astype(int))
        self._real = [
            one[rows].astype(np.float64).reshape(len(rows), *tensor.shape[1:])
            for one, tensor in zip(arrays(data, model), model.inputs, strict=True)
        ]
        self._labels = data.labels[rows]
        self._chosen = looked_at(case.plan, model)
        self._decided = self._decide((workload.expected if workload.converted is None else workload.converted)[rows])

    def best(self) -> tuple[Explanation | None, str]:
        """Try all of them."""
        began_s = self._clock.monotonic_s()
        timed = slice(TIMED)
        self._decisions([one[timed] for one in self._real])
        each_s = (self._clock.monotonic_s() - began_s) / len(self._labels[timed])
        tensors = self._model.inputs
        # Each change is a copy of the inputs: they are counted on one sample, and made one after the other.
        changes = sum(1 for _ in mistakes.of_all_inputs([one[:1] for one in self._real], tensors))
        orders = list(mistakes.of_the_classes(self._labels, self._classes))
        n = len(self._labels)
        if each_s > 0:
            n = min(n, int(BUDGET_S / (each_s * changes)))
        if n < FEWEST:
            return None, f"the usual mistakes were not tried: {n} samples are too few to tell one from chance"
        step = len(self._labels) // n
        few = slice(0, n * step, step)
        labels, decisions = self._labels[few], self._decided[few]
        before = decisions == labels
        tried = changes + len(orders) + 1
        found: list[_Found] = []

        def judge(kind: str, words: str, was: Bools, now: Bools) -> None:
            if is_clear(was, now, tried):
                found.append(_Found(kind, words, float(now.mean())))

        for kind, words, real in mistakes.of_all_inputs([one[few] for one in self._real], tensors):
            judge(kind, words, before, self._decisions(real) == labels)
        for words, meant in orders:
            judge("class order", words, before, decisions == meant[few])
        # Made to suit one half, judged on the other.
        words, order = mistakes.another_order(decisions[::2], labels[::2], self._classes)
        judge("class order", words, before[1::2], decisions[1::2] == order[labels[1::2]])
        highest = max((one.accuracy for one in found), default=0.0)
        nothing = _Found("", "", float(before.mean()))
        best = next((one for one in found if one.accuracy >= highest - _ALIKE), nothing)
        told = Explanation(
            suspect=best.kind,
            mistake=best.words,
            before=float(before.mean()),
            after=best.accuracy,
            n=n,
            tried=tried,
        )
        return told, ""

    def _decisions(self, real: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.int64]:
        with np.errstate(over="ignore"):  # a change may leave float32's range: then it explains nothing
            inputs = [np.nan_to_num(one.astype(np.float32)) for one in real]
        raw = [quantise(one, tensor) for one, tensor in zip(inputs, self._model.inputs, strict=True)]
        return self._decide(self._oracle.run(self._model.path, raw))

    def _decide(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        outputs = self._model.outputs
        return decide(references.apart(values, outputs)[self._chosen], self._rule, outputs[self._chosen])


def is_clear(was: Bools, now: Bools, tried: int, chance: float = _CHANCE) -> bool:
    """[N] each. Whether ``now`` is better than ``was``, sample by sample, beyond chance: at least half of the errors are gone."""
    lost, gained = int((was & ~now).sum()), int((now & ~was).sum())
    if (now.mean() - was.mean()) < _GAIN or (~now).sum() * 2 > (~was).sum():
        return False
    return mcnemar_midp(lost, gained) * tried < chance
