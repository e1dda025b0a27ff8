"""The picture that a task's page draws of its samples, by ``PICTURE`` of the task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from harness.errors import PlanError
from harness.evidence.reports._draw import BAD, GOOD, INK, MUTED, SIZE, Drawing, breadth, ticks
from harness.evidence.reports._words import figure
from harness.plans.schema import Option, TaskSpec
from harness.records import Record, Samples, Tensor
from harness.verdict import tasks
from harness.verdict.tasks import anomaly

_WIDTH, _HEIGHT = 460.0, 300.0
_MOST = 1500  # values drawn as dots, or points of a line: more are one blot
Floats = npt.NDArray[np.float64]


def picture(record: Record, samples: Samples | None) -> tuple[str, str]:
    """Title and drawing; empty where the task has none, or the samples cannot be drawn."""
    kind = tasks.load(record.task).PICTURE if record.task in tasks.names() else ""
    if not kind or samples is None or not samples.sound.any():
        return "", ""
    title, draw = _KINDS[kind]
    drawn = draw(record, samples)
    return (title, drawn) if drawn else ("", "")


def _real(record: Record, samples: Samples) -> tuple[Floats, Floats] | None:
    """Outputs and targets of the sound samples, [sound, values] each; None without targets."""
    if samples.targets is None or record.outputs is None:
        return None
    output = Tensor("", (), record.outputs, record.outputs_scale, record.outputs_zero_point)
    return output.real(samples.outputs[samples.sound]), samples.targets[samples.sound].astype(np.float64)


def _dots(record: Record, samples: Samples) -> str:
    pair = _real(record, samples)
    if pair is None:
        return ""
    ours, wanted = (values.ravel() for values in pair)
    finite = np.isfinite(ours)
    ours, wanted = ours[finite], wanted[finite]
    if not ours.size:
        return ""
    every = -(-ours.size // _MOST)
    ends = min(ours.min(), wanted.min()), max(ours.max(), wanted.max())
    left_out = f", every {every}th is drawn" if every > 1 else ""
    told = f"{ours.size:,} values{left_out}. On the line an output is its target"
    frame = _Frame("Outputs by their targets", told, ("target", "output"), ends, ends)
    frame.line([frame.x[0], frame.x[1]], [frame.y[0], frame.y[1]], MUTED)
    for x, y in zip(wanted[::every], ours[::every], strict=True):
        frame.dot(x, y, GOOD)
    return frame.svg()


def _roc(record: Record, samples: Samples) -> str:
    given: dict[str, Option] = {setting.name: setting.value for setting in record.task_options}
    classes = record.dataset.classes if record.dataset else ()
    if samples.scores is None:
        return ""
    try:
        options = cast(anomaly.Options, tasks.options(TaskSpec(name=record.task, options=given)))
    except PlanError:  # of another version
        return ""
    if options.normal not in classes or len(samples.scores) % options.windows:
        return ""
    anomalous, ranks = anomaly.ranked(samples.labels, samples.scores, classes, options)
    if anomalous.all() or not anomalous.any():
        return ""
    false, hits = roc(anomalous, ranks)
    area = record.measurement("auc")
    told = f"{'' if area is None else f'Area {figure(area.value, area.unit)}. '}The dashed part is chance"
    frame = _Frame("ROC curve", told, ("false alarms", "detections"), (0.0, 1.0), (0.0, 1.0))
    frame.line([0.0, 1.0], [0.0, 1.0], MUTED, dashed=True)
    frame.line([options.max_fpr] * 2, [0.0, 1.0], MUTED, dashed=True)
    frame.line(false, hits, GOOD)
    at = record.measurement("false_alarm_rate"), record.measurement("detection_rate")
    if at[0] is not None and at[1] is not None:
        frame.dot(at[0].value, at[1].value, BAD, 4.0)
        frame.words(at[0].value, at[1].value, "the threshold")
    return frame.svg()


def roc(anomalous: npt.NDArray[np.bool_], ranks: Floats) -> tuple[Floats, Floats]:
    """Shares of false alarms and of detections at every threshold, from (0, 0) to (1, 1), thinned where they are many."""
    order = np.argsort(-ranks, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(ranks[order]) != 0, True))  # equal scores fall together
    hits, false = (np.append(0.0, np.cumsum(one[order])[ends] / one.sum()) for one in (anomalous, ~anomalous))
    chosen = np.unique(np.linspace(0, len(hits) - 1, min(len(hits), _MOST)).astype(int))
    return false[chosen], hits[chosen]


def _signals(record: Record, samples: Samples) -> str:
    """The worst sample and the middle one, by their scores: what the output should be, and what it is."""
    pair = _real(record, samples)
    if pair is None or samples.scores is None or pair[0].shape[1] < 2:
        return ""
    scores = samples.scores[samples.sound]
    order = [int(i) for i in np.argsort(scores, kind="stable") if not np.isnan(scores[i])]
    if not order:
        return ""
    drawn = []
    ids = samples.ids[samples.sound]
    for which, index in (("worst", order[0]), ("middle", order[len(order) // 2])):
        ours, wanted = pair[0][index], pair[1][index]
        if not np.isfinite(ours).all():
            continue
        ends = float(min(ours.min(), wanted.min())), float(max(ours.max(), wanted.max()))
        told = f"The {which} sample, {ids[index]}: {figure(float(scores[index]), 'dB')}. Grey: the target"
        frame = _Frame("Output and target", told, (f"{which}: {ids[index]}", "value"), (0.0, len(ours) - 1.0), ends)
        at = np.unique(np.linspace(0, len(ours) - 1, min(len(ours), _MOST)).astype(int))
        frame.line(at, wanted[at], MUTED)
        frame.line(at, ours[at], GOOD)
        drawn.append(frame.svg())
    return "".join(drawn)


_KINDS: Final[dict[str, tuple[str, Callable[[Record, Samples], str]]]] = {
    "dots": ("Outputs and targets", _dots),
    "roc": ("Detections and false alarms", _roc),
    "signals": ("Output (blue) and target (grey)", _signals),
}


class _Frame:
    """A drawing with two named axes. ``x``, ``y``: the ends of what they show."""

    def __init__(
        self, label: str, told: str, names: tuple[str, str], x: tuple[float, float], y: tuple[float, float]
    ) -> None:
        self.x, self.y = _opened(x), _opened(y)
        marks = ticks(*self.y, 5)
        self._left = 2 * SIZE + max((breadth(words) for _, words in marks), default=0.0)
        self._bottom, self._top, self._right = _HEIGHT - 3 * SIZE, 0.6 * SIZE, _WIDTH - SIZE
        self._drawing = Drawing(_WIDTH, _HEIGHT, label, told)
        for value, words in marks:
            self._drawing.line(self._left, self._at(0, value)[1], self._right, self._at(0, value)[1])
            self._drawing.text(self._left - 4, self._at(0, value)[1], words, anchor="end", colour=MUTED)
        for value, words in ticks(*self.x, 5):
            self._drawing.text(self._at(value, 0)[0], self._bottom + 0.9 * SIZE, words, colour=MUTED)
        self._drawing.text((self._left + self._right) / 2, _HEIGHT - 0.7 * SIZE, names[0])
        self._drawing.text(0.7 * SIZE, self._bottom / 2, names[1], turn=-90)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self._left + across * (self._right - self._left), self._bottom - up * (self._bottom - self._top)

    def dot(self, x: float, y: float, colour: str, radius: float = 2.0) -> None:
        """One at these values."""
        self._drawing.dot(*self._at(x, y), radius, colour)

    def words(self, x: float, y: float, words: str) -> None:
        """Beside these values, to the side where there is room."""
        at, height = self._at(x, y)
        right = at + breadth(words) + SIZE < self._right
        height = min(height + SIZE, self._bottom - 0.6 * SIZE)
        self._drawing.text(at + (8 if right else -8), height, words, anchor="start" if right else "end", colour=INK)

    def line(self, xs: Floats | list[float], ys: Floats | list[float], colour: str, *, dashed: bool = False) -> None:
        """Through these values."""
        points = [self._at(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
        self._drawing.curve(points, colour, dashed=dashed)

    def svg(self) -> str:
        """The whole."""
        return self._drawing.svg()


def _opened(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = float(ends[0]), float(ends[1])
    return (low, high) if high > low else (low - 0.5, high + 0.5)
