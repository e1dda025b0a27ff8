"""``report.html``: the record for reading, one file with everything in it; nothing is loaded from anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
import numpy as np

from harness.evidence.reports import Inputs, _layers, _plots, _words
from harness.records import Record, Samples
from harness.text import printable
from harness.verdict.alike import alike

FILENAME = "report.html"
# More would make the page heavy without telling more; the rest is in samples.npz.
_MAX_WORST = 24


@dataclass(frozen=True)
class _Worst:
    """A sample worth looking at, ready to show."""

    id: str
    truth: str
    decided: str
    why: str
    picture: str


@cache
def _template() -> jinja2.Template:
    folder = Path(__file__).parent / "_templates"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def render(record: Record, samples: Samples | None, inputs: Inputs | None) -> bytes:
    """The page. Parts without evidence are left out; ``inputs`` add pictures of the samples."""
    classes = record.dataset.classes if record.dataset else ()
    unit, counts = _counts(record, samples)
    worst, more = _worst(samples, inputs, classes)
    answered = samples.answered if samples is not None else np.zeros(0, dtype=np.bool_)
    page = _template().render(
        record=record,
        words=_words,
        confusion=_plots.confusion(record.confusion, classes) if record.confusion and classes else "",
        differences=_plots.differences(samples.outputs[answered], samples.reference[answered])
        if samples is not None and answered.any()
        else "",
        distribution=_plots.distribution(counts, unit) if unit else "",
        unit=unit,
        constant=float(counts[0]) if unit and counts.size and counts.min() == counts.max() else None,
        per_class=_per_class(record, classes),
        unknowns=any(row[-1] for row in record.confusion),
        scored=sum(map(sum, record.confusion)),
        worst=worst,
        more=more,
        layers=_layers,
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


def _per_class(record: Record, classes: tuple[str, ...]) -> list[dict[str, str]]:
    rows = []
    for index, name in enumerate(classes):
        precision, recall = record.measurement(f"precision.{name}"), record.measurement(f"recall.{name}")
        if precision is None and recall is None:
            continue
        row = {"name": name, "sent": f"{recall.n:,}" if recall else "0"}
        row["unknown"] = str(record.confusion[index][len(classes)]) if record.confusion else ""
        for key, m in (("recall", recall), ("precision", precision)):
            row[key] = _words.figure(m.value, m.unit) if m else "-"
            row[f"{key}_interval"] = _words.interval(m) if m else ""
        rows.append(row)
    return rows


def _worst(samples: Samples | None, inputs: Inputs | None, classes: tuple[str, ...]) -> tuple[list[_Worst], int]:
    """Samples lost, failed, damaged, unlike the reference or decided wrongly: the first few, and how many more."""
    if samples is None:
        return [], 0

    def name(index: int) -> str:
        return "unknown" if index < 0 else classes[index] if index < len(classes) else str(index)

    apart = ~alike(samples.outputs, samples.reference)
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
        decided = "-" if samples.decisions is None or not samples.answered[i] else name(int(samples.decisions[i]))
        why = ", ".join(text for mask, text in reasons if mask[i])
        picture = _plots.thumbnail(inputs[i]) if inputs is not None else ""
        chosen.append(_Worst(printable(str(samples.ids[i])), name(int(samples.labels[i])), decided, why, picture))
    return chosen, max(0, len(order) - _MAX_WORST)
