"""What was played to the board, on one axis of time: the signal, its spectrum, the network's scores, events and detections."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from harness.evidence.reports._draw import BAD, GOOD, MUTED, SIZE, Drawing, breadth, ticks
from harness.evidence.reports._signals import edges, envelope, places, spectrum
from harness.evidence.reports._words import figure
from harness.playback import Playback, Span
from harness.records import Record, Samples

Floats = npt.NDArray[np.float64]

_WIDTH, _COLUMNS = 960.0, 800  # of a picture; a longer recording is thinned to so many columns
_PANEL, _GAP = 88.0, 14.0
_MOST_SHOWN = 3  # recordings
_MOST_LISTED = 40
_COLOURS = ("var(--accent)", "var(--bad)", "var(--pass)", "currentColor")
_CURVES = 2 * len(_COLOURS)  # the second time dashed
COLUMNS = (("Time", "number"), ("Class", ""), ("What came of it", ""))
_OUTCOMES = {
    "hit": "detected",
    "miss": "missed",
    "false_alarm": "false alarm",
    "repeat": "detected again",
    "unknown": "detected; nobody says what was there",
}


def pictures(
    record: Record, samples: Samples | None, inputs: npt.NDArray[np.float32] | None, classes: tuple[str, ...]
) -> list[str]:
    """One for each of the first recordings, as SVG; nothing where none was played."""
    playback = record.playback
    if playback is None or samples is None:
        return []
    shown = min(playback.recordings, _MOST_SHOWN)
    return [
        _picture(playback, index, samples, inputs, classes) for index in range(shown) if _hops(playback, index, samples)
    ]


def rows(playback: Playback) -> list[tuple[str, str, str]]:
    """Everything but hits, by time: what a reader wants to listen to."""
    spans = [*playback.truth, *playback.detections]
    odd = [span for span in spans if span.outcome not in ("hit", "unknown")]
    odd.sort(key=lambda span: (span.recording, span.start_s))
    several = playback.recordings > 1
    return [
        (f"{f'{span.recording}: ' if several else ''}{span.start_s:,.2f} s", span.name, _OUTCOMES[span.outcome])
        for span in odd[:_MOST_LISTED]
    ]


def more(playback: Playback) -> int:
    """How many ``rows`` leaves out."""
    odd = sum(span.outcome not in ("hit", "unknown") for span in (*playback.truth, *playback.detections))
    return max(0, odd - _MOST_LISTED)


def said(playback: Playback) -> str:
    """How it was played, in a sentence."""
    pace = "at the sensor's pace" if playback.speed == "realtime" else "as fast as the board took it"
    kept = "kept from hop to hop" if playback.state == "kept" else "kept within a recording, fresh for each"
    what = f"{playback.recordings} recordings" if playback.recordings > 1 else "one recording"
    return (
        f"{what}, {playback.played_s:,.1f} s in hops of {playback.hop_ms:g} ms, {pace}; front end {playback.front_end}, states"
        f" {kept}; rule: {playback.rule}"
    )


def curve(playback: Playback) -> str:
    """Misses against false alarms over thresholds; empty where there are none."""
    points = playback.curve
    if len(points) < 2 or not any(point.false_alarms_per_hour for point in points):
        return ""
    most = max(point.false_alarms_per_hour for point in points)
    worst, best = points[0], min(points, key=lambda point: point.miss_rate)
    told = (
        f"From a threshold of {worst.threshold:g} with {worst.false_alarms_per_hour:,.1f} false alarms an hour to"
        f" {points[-1].threshold:g} with {points[-1].false_alarms_per_hour:,.1f}; the fewest misses are {best.miss_rate:.1%}"
    )
    drawing = Drawing(460, 210, "Misses against false alarms over thresholds", told)
    left, bottom, right, top = 4.5 * SIZE, 170.0, 450.0, 8.0
    for value, words in ticks(0, most, 5):
        x = left + value / most * (right - left)
        drawing.line(x, top, x, bottom)
        drawing.text(x, bottom + SIZE, words, colour=MUTED)
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = bottom - value * (bottom - top)
        drawing.line(left, y, right, y)
        drawing.text(left - 6, y, f"{value:.0%}", anchor="end", colour=MUTED)
    places = [
        (left + p.false_alarms_per_hour / most * (right - left), bottom - p.miss_rate * (bottom - top)) for p in points
    ]
    drawing.curve(places, GOOD)
    for x, y in places:
        drawing.dot(x, y, 2.5, GOOD)
    drawing.text((left + right) / 2, bottom + 2.6 * SIZE, "false alarms an hour")
    drawing.text(SIZE, (top + bottom) / 2, "missed", turn=-90)
    return drawing.svg()


def _hops(playback: Playback, index: int, samples: Samples) -> slice | None:
    first = index * playback.hops
    last = min(first + playback.hops, len(samples.ids))
    return slice(first, last) if last > first else None


def _picture(
    playback: Playback,
    index: int,
    samples: Samples,
    inputs: npt.NDArray[np.float32] | None,
    classes: tuple[str, ...],
) -> str:
    part = _hops(playback, index, samples)
    assert part is not None
    length_s = (part.stop - part.start) * playback.hop_ms / 1000
    truth = [span for span in playback.truth if span.recording == index and span.start_s <= length_s]
    found = [span for span in playback.detections if span.recording == index]
    panels: list[Callable[[Drawing, float, float, float], None]] = []
    if inputs is not None and len(inputs) >= part.stop:
        signal = inputs[part].reshape(-1, playback.channels).astype(np.float64)
        panels.append(lambda d, y, left, right: _signal(d, y, left, right, signal, playback))
        if playback.channels == 1:
            panels.append(lambda d, y, left, right: _spectrum(d, y, left, right, signal[:, 0], playback))
    scores = samples.outputs[part].astype(np.float64)
    panels.append(lambda d, y, left, right: _scores(d, y, left, right, scores, classes))
    left = 10 + max(map(breadth, ("detections", "100 to 8000 Hz", "acceleration", *classes)))
    right = _WIDTH - 8
    height = len(panels) * (_PANEL + _GAP) + 3 * 2.2 * SIZE + 3 * SIZE
    drawing = Drawing(_WIDTH, height, f"Recording {index} over time", _told(truth, found, length_s))
    y = 6.0
    for panel in panels:
        panel(drawing, y, left, right)
        y += _PANEL + _GAP

    def place(time_s: float) -> float:
        return float(left + min(1.0, time_s / length_s) * (right - left))

    drawing.text(left - 6, y + SIZE, "there", anchor="end")
    for span in truth:
        colour = BAD if span.outcome == "miss" else GOOD
        x = place(span.start_s)
        drawing.rectangle(x, y + 2, max(2.0, place(span.end_s) - x), 1.6 * SIZE, colour, 0.5)
        if len(truth) <= 40:
            drawing.text(x, y + SIZE, span.name, anchor="start")
    y += 2.2 * SIZE
    drawing.text(left - 6, y + SIZE, "detections", anchor="end")
    said_until = -1.0  # names that would lie on each other are left out
    for span in found:
        drawing.dot(place(span.start_s), y + SIZE, 4, BAD if span.outcome == "false_alarm" else GOOD)
        if place(span.start_s) > said_until:
            drawing.text(place(span.start_s) + 6, y + SIZE, span.name, anchor="start", colour=MUTED)
            said_until = place(span.start_s) + 10 + breadth(span.name)
    for begun in playback.beginnings:
        if begun.recording == index:
            x = place(begun.at_s)
            drawing.curve([(x, 4), (x, y + 1.6 * SIZE)], BAD, dashed=True)
    y += 2.2 * SIZE
    for value, words in ticks(0, length_s, 10):
        drawing.line(place(value), y - 4, place(value), y)
        drawing.text(min(max(place(value), left), right - breadth(words) / 2), y + SIZE, words, colour=MUTED)
    drawing.text((left + right) / 2, y + 2.4 * SIZE, "seconds")
    return drawing.svg()


def _told(truth: list[Span], found: list[Span], length_s: float) -> str:
    missed = sum(span.outcome == "miss" for span in truth)
    alarms = sum(span.outcome == "false_alarm" for span in found)
    return f"{length_s:,.1f} s, {len(truth)} events of which {missed} were missed, {len(found)} detections, {alarms} of them false"


def _signal(drawing: Drawing, y: float, left: float, right: float, signal: Floats, playback: Playback) -> None:
    """An IMU's two kinds of axes one above the other."""
    kinds = [signal] if playback.channels < 6 else [signal[:, :3], signal[:, 3:]]
    names = ["signal"] if playback.channels < 6 else ["acceleration", "turn rate"]
    tall = _PANEL / len(kinds)
    for at, (kind, name) in enumerate(zip(kinds, names, strict=True)):
        top = y + tall * at
        envelope(drawing, (left, top, right, top + tall), kind, _COLUMNS)
        drawing.text(left - 6, top + tall / 2, name, anchor="end", colour=MUTED)


def _spectrum(drawing: Drawing, y: float, left: float, right: float, sound: Floats, playback: Playback) -> None:
    spectrum(drawing, (left, y, right, y + _PANEL), sound, playback.sample_hz, _COLUMNS)
    drawing.text(
        left - 6,
        y + _PANEL / 2,
        f"{playback.sample_hz / 160:g} to {playback.sample_hz / 2:g} Hz",
        anchor="end",
        colour=MUTED,
    )


def _scores(drawing: Drawing, y: float, left: float, right: float, scores: Floats, classes: tuple[str, ...]) -> None:
    """The greatest of each column for each class, from the least to the greatest raw output; none before the first run."""
    edge, ran = left, scores.any(axis=1)
    before = int(np.argmax(ran)) if ran.any() else len(scores) - 1
    left += before / len(scores) * (right - left)
    scores = scores[before:]
    starts = edges(len(scores), _COLUMNS)[:-1]
    low, high = float(scores.min()), float(scores.max())
    xs = places(len(starts), left, right)
    for at in range(min(scores.shape[1], _CURVES)):
        values = np.maximum.reduceat(scores[:, at], starts)
        ys = y + _PANEL * (1 - (values - low) / max(high - low, 1e-9))
        colour, dashed = _COLOURS[at % len(_COLOURS)], at >= len(_COLOURS)
        drawing.curve([*zip(xs, map(float, ys), strict=True)], colour, dashed=dashed)
        name = classes[at] if at < len(classes) else f"output {at}"
        drawing.text(
            edge - 6, y + SIZE * (0.7 + 1.15 * at), f"{'- - ' if dashed else ''}{name}", anchor="end", colour=colour
        )


def facts(playback: Playback) -> Iterator[tuple[str, str]]:
    """Rows of a small table: what a reader of figures must know."""
    yield "Tables", playback.tables_sha256[:16]
    yield "Hops", f"{playback.hops:,} of {playback.hop_ms:g} ms"
    if playback.beginnings:
        lost_ms = sum(one.lost_ms for one in playback.beginnings)
        places = ", ".join(f"{one.at_s:,.2f} s" for one in playback.beginnings)
        yield "Begun anew", f"{len(playback.beginnings)} time(s), at {places}; {figure(lost_ms, 'ms')} lost"
    if playback.dropped:
        yield "Dropped", f"{playback.dropped:,} hops that the board was too slow for"
    yield "Board and host", playback.divergence or "equal on every hop: windows, features, outputs, decisions"
