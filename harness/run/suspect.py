"""What a firmware may do with inputs or outputs that explains its answers: the usual confusions, made on the host.

``explain`` is for a board that computes what its reference does and misses the labels. Here the board computes something else:
a front end or a driver lays the values out otherwise, scales them again, takes int8 for uint8, names the outputs in another
order. Canned vectors that were made for such a firmware pass. Each confusion is tried with the reference; the one whose outputs
are the board's is named. It changes no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from harness.records import Samples
from harness.run import mistakes
from harness.run.explain import BUDGET_S, FEWEST, TIMED, is_clear
from harness.run.origins import runs_tflite
from harness.run.truth import looked_at
from harness.run.workload import Workload

_SAMPLES = 100
_NEAR = 0.02  # of the range of the reference's outputs
_ALIKE = 0.9  # of the samples: a board that is so near its reference has another fault
_EXPLAINED = 0.8
_CHANCE = 0.05  # after all that was tried; that outputs are equal says more than that labels are
_MOST_CLASSES = 64

Reals = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Found:
    kind: str
    words: str
    share: float


def suspect(
    case: Case, model: Model, workload: Workload, samples: Samples, clock: Clock
) -> tuple[Explanation | None, str]:
    """What explains the board's outputs best, and why nothing was tried ("" when it was, or nothing was to be).

    ``samples`` are the board's. None too for a board that is near its reference, or that answers the same whatever is sent.
    """
    if len(model.inputs) > 1:
        return None, ""
    try:
        return _Trials(case, model, workload, samples).best(clock)
    except HilError as error:
        return None, f"the usual confusions could not be tried: {error.what}"


class _Trials:
    """The reference on some of the samples, with the inputs as a confused firmware would have them."""

    def __init__(self, case: Case, model: Model, workload: Workload, samples: Samples) -> None:
        self._model = model
        self._oracle = references.load(runs_tflite(case.plan.reference))
        self._chosen = looked_at(case.plan, model)
        self._output = model.outputs[self._chosen]
        self._classes = workload.data.classes
        sound = np.flatnonzero(samples.answered & (samples.status == 0))
        self._rows = sound[np.unique(np.linspace(0, len(sound) - 1, min(_SAMPLES, len(sound))).astype(int))]
        self._take(samples, workload)

    def _take(self, samples: Samples, workload: Workload) -> None:
        host = samples.reference if samples.converted is None else samples.converted
        self._raw = workload.raw[self._rows]
        self._ours = samples.outputs[self._rows]
        self._theirs = host[self._rows]
        inputs = workload.data.inputs[self._rows].astype(np.float64)
        self._real = inputs.reshape(len(self._rows), *self._model.inputs[0].shape[1:])

    def best(self, clock: Clock) -> tuple[Explanation | None, str]:
        """Try all of them."""
        if len(self._rows) < FEWEST // 2 or (self._ours == self._ours[:1]).all():
            return None, ""
        self._limit = _NEAR * float(np.ptp(self._output.real(self._theirs)) or 1.0)
        before = self._near(self._theirs)
        if before.mean() >= _ALIKE:
            return None, ""
        began_s = clock.monotonic_s()
        self._run(self._raw[:TIMED])
        each_s = (clock.monotonic_s() - began_s) / TIMED
        tensor = self._model.inputs[0]
        changes = sum(1 for _ in mistakes.of_the_inputs(self._real[:1], tensor)) + 1
        if each_s * changes * len(self._rows) > BUDGET_S:
            return None, "the usual confusions of a firmware were not tried: the model takes too long on this host"
        tried = [(found, now) for found, now in self._each()]
        clear = [
            found for found, now in tried if found.share >= _EXPLAINED and is_clear(before, now, len(tried), _CHANCE)
        ]
        best = max(clear, key=lambda found: found.share, default=None)
        told = Explanation(
            of="outputs",
            suspect=best.kind if best else "",
            mistake=best.words if best else "",
            before=float(before.mean()),
            after=best.share if best else float(before.mean()),
            n=len(self._rows),
            tried=len(tried),
        )
        return told, ""

    def _each(self) -> Iterator[tuple[_Found, Bools]]:
        for kind, words, outputs in self._confused():
            now = self._near(outputs)
            yield _Found(kind, words, float(now.mean())), now

    def _confused(self) -> Iterator[tuple[str, str, npt.NDArray[np.generic]]]:
        """(kind, words, raw outputs as the confusion would give them)."""
        tensor = self._model.inputs[0]
        for kind, words, real in mistakes.with_kinds(self._real, tensor):
            with np.errstate(over="ignore"):  # a change may leave float32's range: then it explains nothing
                inputs = np.nan_to_num(real.astype(np.float32))
            yield kind, words, self._run(quantise(inputs, tensor))
        for words, raw in mistakes.of_the_bytes(self._raw):
            yield "signedness", words, self._run(raw)
        for words, raw in mistakes.of_the_bytes(self._theirs):
            yield "signedness", f"of the outputs, {words}", raw
        if 1 < self._output.elements <= _MOST_CLASSES:
            words, order = self._order()
            if words:
                yield "class order", words, self._theirs[:, order]

    def _order(self) -> tuple[str, npt.NDArray[np.int64]]:
        """Which of the reference's outputs stands where in the board's, by their values; "" where each is in its place."""
        from scipy.optimize import linear_sum_assignment  # here: slow to import, and only a bad board asks for it

        ours, theirs = self._output.real(self._ours), self._output.real(self._theirs)
        # NaN and infinity stand nowhere: no order can be told by them.
        finite = np.isfinite(ours).all(axis=1) & np.isfinite(theirs).all(axis=1)
        apart = np.abs(ours[finite][:, :, np.newaxis] - theirs[finite][:, np.newaxis, :]).sum(axis=0)
        _, order = linear_sum_assignment(apart)
        names = self._classes if len(self._classes) == len(order) else [str(i) for i in range(len(order))]
        moved = [f"{names[of]} in the place of {names[at]}" for at, of in enumerate(order) if at != of]
        shown = ", ".join(moved[:4]) + (", ..." if len(moved) > 4 else "")
        return (f"the outputs in another order ({shown})" if moved else ""), order.astype(np.int64)

    def _near(self, outputs: npt.NDArray[np.generic]) -> Bools:
        """[n] whether the board's outputs are these."""
        apart = np.abs(self._output.real(self._ours) - self._output.real(outputs)).max(axis=1)
        return np.asarray(apart <= self._limit)

    def _run(self, raw: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        values = self._oracle.run(self._model.path, raw)
        return references.apart(values, self._model.outputs)[self._chosen]
