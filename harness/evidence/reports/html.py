"""``report.html``: the record for reading, one file with everything in it; nothing is loaded from anywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from harness.evidence.reports import (
    Inputs,
    _conversion,
    _layers,
    _pages,
    _plots,
    _recording,
    _taskplots,
    _tasks,
    _units,
    _words,
)
from harness.records import Measurement, Record, Samples
from harness.text import printable
from harness.verdict.alike import alike, distances
from harness.verdict.tasks import classification

FILENAME = "report.html"
# More would make the page heavy without telling more; the rest is in samples.npz.
_MAX_WORST = 24
# More than that are folded up, and those found least often are shown first.
_MANY_CLASSES, _SHOWN_WEAKEST = 20, 10
_CLASS_COLUMNS = (
    ("Class", ""),
    ("Sent", "number"),
    ("Recall", "number"),
    ("Precision", "number"),
    ("Unknown (UNK)", "number"),
    ("No answer (UNC)", "number"),
)


@dataclass(frozen=True)
class _Worst:
    """A sample worth looking at, ready to show."""

    id: str
    truth: str
    decided: str
    why: str
    picture: str


_EACH_CLASS = classification.TABLES[0].title


def render(record: Record, samples: Samples | None, inputs: Inputs | None) -> bytes:
    """The page. Parts without evidence are left out; ``inputs`` add pictures of the samples."""
    classes = record.dataset.classes if record.dataset else ()
    unit, counts = _counts(record, samples)
    worst, more = _worst(samples, inputs, classes, _tolerance(record))
    answered = samples.answered if samples is not None else np.zeros(0, dtype=np.bool_)
    unknowns = any(row[-1] for row in record.confusion)
    per_class = _per_class(record, classes, unknowns)
    # A class has its table beside the confusion: its other one is left out.
    plain = record.task == "classification" and not record.output
    tables = [shown for shown in _tasks.tables(record) if not (plain and shown.title == _EACH_CLASS)]
    in_tables = frozenset[str]().union(*(shown.names for shown in tables))
    page = _pages.template("report.html.j2").render(
        record=record,
        words=_words,
        confusion=_plots.confusion(record.confusion, classes) if record.confusion and classes else "",
        differences=_plots.differences(samples.outputs[answered], samples.reference[answered], _tolerance(record))
        if samples is not None and answered.any()
        else "",
        distribution=_plots.distribution(counts, unit) if unit else "",
        score=_words.score(record),
        scores=_scores(record, samples),
        unit=unit,
        constant=float(counts[0]) if unit and counts.size and counts.min() == counts.max() else None,
        per_class=per_class,
        many=len(per_class) > _MANY_CLASSES,
        weakest=[per_class[i] for i in _weakest(record, classes)[:_SHOWN_WEAKEST]],
        tables=[
            (shown.title, [(t, "number" if number else "") for t, number in shown.columns], shown.rows)
            for shown in tables
        ],
        picture=_taskplots.picture(record, samples),
        measured=[m for m in _words.ordered(record) if not _of_a_class(m, classes) and m.name not in in_tables],
        class_columns=_CLASS_COLUMNS if unknowns else _CLASS_COLUMNS[:-2],
        scored=sum(map(sum, record.confusion)),
        worst=worst,
        judged="Decided" if samples is not None and samples.decisions is not None else "Score",
        worst_rows=[(sample.id, sample.truth, sample.decided, sample.why) for sample in worst],
        more=more,
        recording=_recording,
        recordings=_recording.pictures(record, samples, inputs, classes),
        conversion=_conversion,
        conversion_columns=[
            _kinds(columns) for columns in (_conversion.row_columns(record), _conversion.step_columns(record))
        ],
        unit_title=_units.title(record),
        unit_columns=_kinds(_units.columns(record)),
        unit_rows=_units.rows(record),
        layers=_layers,
        layer_columns=_layer_columns(record),
        layer_rows=[(f"{number} {name}", *rest) for number, name, *rest in _layers.profile(record)],
        layer_bars=_plots.layer_bars(
            [layer.name for layer in record.layers], [*map(_layers.cost, record.layers)], _layers.layer_unit(record)
        )
        if any(map(_layers.cost, record.layers))
        else "",
    )
    return page.encode("utf-8", "replace")


def _counts(record: Record, samples: Samples | None) -> tuple[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """What one run of the network took, per answered sample, and its unit; no unit when nothing was counted."""
    nothing = np.zeros(0, dtype=np.float64)
    if samples is None:
        return "", nothing
    timed = samples.answered if samples.quiet is None else samples.answered & samples.quiet
    if not samples.cycles[timed].any():
        return "", nothing
    counts = samples.cycles[timed].astype(np.float64)
    if record.evidence == "emulated":
        return "instructions", counts
    # Both percentiles are of the same samples: their quotient is the clock, which the record does not hold by itself.
    cycles, latency = record.measurement("cycles.p50"), record.measurement("latency_us.p50")
    if cycles is not None and latency is not None and cycles.value > 0:
        return "latency in us", counts * (latency.value / cycles.value)
    return "cycles", counts


def _scores(record: Record, samples: Samples | None) -> str:
    """How the task's own number is spread over the samples; empty where it has none, or all are the same."""
    if samples is None or samples.scores is None:
        return ""
    finite = samples.scores[np.isfinite(samples.scores)]
    return _plots.distribution(finite, _words.score(record))


def _tolerance(record: Record) -> float:
    """How far an output may be from the reference's. Integers are promised to be equal, floats what the plan's gates say."""
    if record.outputs != "float32":
        return 0.0
    limits = [gate.limit for gate in record.gates if gate.metric == "max_abs_diff" and gate.op in ("<=", "<", "==")]
    return min(limits, default=math.inf)


def _kinds(columns: tuple[tuple[str, bool], ...]) -> list[tuple[str, str]]:
    return [(_titled(title), "number" if number else "") for title, number in columns]


def _titled(words: str) -> str:
    """As a title, unless it is the name of a measurement."""
    return words if "_" in words or words == "n" else words[0].upper() + words[1:]


def _layer_columns(record: Record) -> list[tuple[str, str]]:
    """Without the number's own: it stands before the name, which a narrow screen takes as the row's."""
    unit = _layers.layer_unit(record)
    titles = [(title.format(unit=unit), "number" if number else "word") for title, number in _layers.LAYER_COLUMNS[2:]]
    return [("Layer", ""), *((title[0].upper() + title[1:], kind) for title, kind in titles)]


def _class_rows(record: Record, classes: tuple[str, ...]) -> list[tuple[int, Measurement | None, Measurement | None]]:
    """Index, recall and precision of each class that has either."""
    known = {m.name: m for m in record.measurements}
    rows = ((i, known.get(f"recall.{name}"), known.get(f"precision.{name}")) for i, name in enumerate(classes))
    return [row for row in rows if row[1] or row[2]]


def _per_class(record: Record, classes: tuple[str, ...], unknowns: bool) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for index, recall, precision in _class_rows(record, classes):
        sent = f"{recall.n:,}" if recall else "0"
        row: tuple[str, ...] = (classes[index], sent, _with_interval(recall), _with_interval(precision))
        if unknowns:
            # What was sent of it and came to no answer at all: lost, failed, or computed from another input.
            unanswered = (recall.n if recall else 0) - sum(record.confusion[index])
            row = (*row, f"{record.confusion[index][len(classes)]:,}", f"{unanswered:,}")
        rows.append(row)
    return rows


def _weakest(record: Record, classes: tuple[str, ...]) -> list[int]:
    """Rows of ``_per_class``, the lowest recall first; a class that was never sent has none and is last."""
    recalls = [recall.value if recall else math.inf for _, recall, _ in _class_rows(record, classes)]
    return sorted(range(len(recalls)), key=recalls.__getitem__)


def _of_a_class(m: Measurement, classes: tuple[str, ...]) -> bool:
    stem, _, name = m.name.partition(".")
    return stem in ("recall", "precision") and name in classes


def _with_interval(m: Measurement | None) -> str:
    if m is None:
        return "-"
    by_group = _words.interval_by_group(m)
    range_ = Markup('<span class="range">{}</span>').format(
        f"{_words.interval(m)}, by group {by_group}" if by_group else _words.interval(m)
    )
    return Markup("{} {}").format(_words.figure(m.value, m.unit), range_)


def _worst(
    samples: Samples | None, inputs: Inputs | None, classes: tuple[str, ...], tolerance: float
) -> tuple[list[_Worst], int]:
    """Samples lost, failed, damaged, unlike the reference or decided wrongly: the first few, and how many more."""
    if samples is None:
        return [], 0

    def name(index: int) -> str:
        if samples is not None and samples.decisions is None:
            return "-" if index < 0 else classes[index] if index < len(classes) else str(index)
        return "unknown" if index < 0 else classes[index] if index < len(classes) else str(index)

    pairs = [(samples.outputs, samples.reference)]
    pairs += [(other.outputs, other.reference) for other in (samples.beside or {}).values()]
    if tolerance:
        apart = np.logical_or.reduce([distances(ours, theirs).max(axis=1) > tolerance for ours, theirs in pairs])
    else:
        apart = ~np.logical_and.reduce([alike(ours, theirs) for ours, theirs in pairs])
    reasons = [
        (~samples.answered, "lost"),
        (samples.answered & (samples.status != 0), "engine error"),
        (samples.answered & (samples.input_crc != samples.sent_crc), "input damaged"),
        (samples.answered & apart, "differs from the reference"),
    ]
    if samples.decisions is not None:
        reasons.append((samples.answered & (samples.decisions != samples.labels), "wrong class"))
    severity = np.array([np.where(mask, len(reasons) - place, 0) for place, (mask, _) in enumerate(reasons)]).max(
        axis=0
    )
    order = [int(i) for i in np.argsort(-severity, kind="stable") if severity[i]]
    chosen = []
    for i in order[:_MAX_WORST]:
        decided = "-"
        if samples.decisions is not None and samples.answered[i]:
            decided = name(int(samples.decisions[i]))
        elif samples.scores is not None and samples.answered[i]:
            decided = _words.figure(float(samples.scores[i]), "1")
        why = ", ".join(text for mask, text in reasons if mask[i])
        picture = _plots.thumbnail(inputs[i]) if inputs is not None else ""
        chosen.append(_Worst(printable(str(samples.ids[i])), name(int(samples.labels[i])), decided, why, picture))
    return chosen, max(0, len(order) - _MAX_WORST)
