"""From what came back of the hops to what the metrics look at and the record keeps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Event
from harness.models.metadata import Model
from harness.plans.continuous import SCORED
from harness.plans.expand import Case
from harness.plans.schema import ThresholdRule
from harness.playback import Beginning, Playback, Point, Span
from harness.run.played import answers, parity, simulate
from harness.run.played.answers import Reports
from harness.run.played.playing import Playing
from harness.run.played.workload import PlayedWorkload
from harness.session.stream import TOO_SLOW
from harness.session.verbs import StreamResult
from harness.verdict.alike import alike, distances
from harness.verdict.events import Detection, match
from harness.verdict.played import Played
from harness.wire.messages import HopDone

Array = npt.NDArray[np.generic]
Flags = npt.NDArray[np.bool_]

_FLOATS_DIFFER = 1e-5  # of float networks, where the plan says nothing: kernels sum in other orders


@dataclass(frozen=True)
class Scored:
    """``streamed`` has the network's outputs alone; ``workload`` what the host expects of these hops."""

    streamed: StreamResult
    workload: PlayedWorkload
    played: Played
    playback: Playback
    #: The first hop that differs from the host's, its stage, and the hop that the board had begun anew with.
    first: tuple[int, str, int] | None = None


def scored(case: Case, model: Model, workload: PlayedWorkload, streamed: StreamResult, clock_hz: int | None) -> Scored:
    """The host makes the same hops, and both are compared."""
    playing = workload.playing
    assert playing is not None
    streamed, reports, there = answers.split(streamed)
    outputs = _outputs(streamed, model)
    missing = playing.hops * len(playing.data) - len(reports)
    whole, answered = np.pad(reports, (0, missing)), np.pad(there, (0, missing))
    network = simulate.network_of(model, workload.reference_name)
    made = simulate.simulate(playing, model, network, whole, answered)
    made = simulate.Simulated(made.reports[: len(reports)], made.outputs[: len(reports)])
    limit = min((g.limit for g in case.gates if g.metric == "max_abs_diff" and g.op != "=="), default=_FLOATS_DIFFER)

    def same(ours: Array, theirs: Array) -> Flags:
        if ours.dtype != np.float32:
            return alike(ours, theirs)
        return np.asarray(distances(ours, theirs).max(axis=1) <= limit)

    found = parity.compare(reports, outputs, there, made, _smoothed(playing, model, reports, outputs, there), same)
    heard = _detections(playing, reports)
    events, cut = _events(playing, len(reports))
    beginnings = tuple(_beginnings(playing, reports, there))
    dropped = sum(why == TOO_SLOW for why in streamed.lost.values())
    played = Played(
        classes=playing.classes,
        background=playing.continuous.background,
        events=events,
        detections=heard,
        tolerance_s=playing.continuous.tolerance_ms / 1000,
        played_s=float(there.sum()) * playing.hop_s,
        hop_s=playing.hop_s,
        equal=found.equal,
        decided_alike=there
        & (reports["decided"] == made.reports["decided"])
        & (reports["detected"] == made.reports["detected"]),
        heard=_either(reports, made.reports, there, HopDone.WINDOW),
        asked=_either(reports, made.reports, there, HopDone.NETWORK),
        ran=(reports["done"] & HopDone.NETWORK) != 0,
        front_end=reports["front_end_cycles"].astype(np.uint32),
        network=reports["network_cycles"].astype(np.uint32),
        lost_ms=sum(b.lost_ms for b in beginnings) + 1000 * playing.hop_s * float((~there).sum()),
        dropped=dropped,
        clock_hz=clock_hz,
        cut=cut,
    )
    playback = _playback(playing, model, played, reports, outputs, there, beginnings, found)
    work = replace(workload, expected=made.outputs, data=workload.data)
    first = None if found.first is None else (*found.first, int(reports["began"][found.first[0]]))
    return Scored(streamed, work, played, playback, first)


def _either(ours: Reports, theirs: Reports, there: Flags, done: HopDone) -> Flags:
    """Where board or host did it, and where nobody knows what the board did."""
    return np.asarray(~there | ((ours["done"] | theirs["done"]) & done != 0))


def _outputs(streamed: StreamResult, model: Model) -> Array:
    values = sum(output.elements for output in model.outputs)
    dtype = np.dtype(model.outputs[0].dtype)
    found = np.zeros((len(streamed.results), values), dtype=dtype)
    for index, result in enumerate(streamed.results):
        if result is not None and len(result.outputs) == values * dtype.itemsize:
            found[index] = np.frombuffer(result.outputs, dtype.newbyteorder("<"))
    return found


def _smoothed(playing: Playing, model: Model, reports: Reports, outputs: Array, there: Flags) -> Reports:
    """The host's rule on the board's own outputs."""
    found = reports.copy()
    found["decided"] = found["detected"] = -1
    found["score"] = 0
    missing = playing.hops * len(playing.data) - len(reports)
    whole, answered = np.pad(reports, (0, missing)), np.pad(there, (0, missing))
    for segment in simulate.segments(playing, whole, answered):
        places = segment.recording * playing.hops + segment.hops
        part = found[places]
        simulate.decide(playing, model, part, outputs[places])
        found[places] = part
    return found


def _detections(playing: Playing, reports: Reports) -> tuple[Detection, ...]:
    found = []
    for index in np.flatnonzero((reports["done"] & HopDone.NETWORK != 0) & (reports["detected"] >= 0)):
        recording, hop = playing.of(int(index))
        place = int(reports["detected"][index])
        name = playing.classes[place] if place < len(playing.classes) else f"class {place}"
        found.append(Detection(recording, (hop + 1) * playing.hop_s, name))
    return tuple(found)


def _events(playing: Playing, n_hops: int) -> tuple[tuple[Event, ...] | None, tuple[Event, ...]]:
    """What is to be detected in what was played, nothing of the background; and what the end of the playing left no time for."""
    if playing.data.events is None:
        return None, ()
    # What is behind the last whole hop is no reason to take away an event that was labelled up to the recording's end.
    hops = [min(playing.hops, max(0, n_hops - r * playing.hops)) for r in range(len(playing.data))]
    ends = [math.inf if n == playing.hops else n * playing.hop_s for n in hops]
    told = [event for event in playing.data.events if event.name not in playing.continuous.background]
    late_s = playing.continuous.tolerance_ms / 1000
    whole = [event.end_s + late_s <= ends[event.recording] for event in told]
    return (
        tuple(event for event, is_whole in zip(told, whole, strict=True) if is_whole),
        tuple(event for event, is_whole in zip(told, whole, strict=True) if not is_whole),
    )


def _beginnings(playing: Playing, reports: Reports, there: Flags) -> Iterator[Beginning]:
    """Where the board began anew although the recording went on, and how long it was until its network could run again."""
    for recording in range(len(playing.data)):
        rows = slice(recording * playing.hops, min((recording + 1) * playing.hops, len(reports)))
        known, part = there[rows], reports[rows]
        for first in np.unique(part["began"][known]):
            if not 0 < first < len(known):
                continue
            lost_ms = 1000 * playing.hop_s * min(playing.lead, len(known) - int(first))
            yield Beginning(recording=recording, at_s=float(first) * playing.hop_s, lost_ms=lost_ms)


def _playback(
    playing: Playing,
    model: Model,
    played: Played,
    reports: Reports,
    outputs: Array,
    there: Flags,
    beginnings: tuple[Beginning, ...],
    found: parity.Parity,
) -> Playback:
    fe = playing.front_end
    matched = match(played.events or (), played.detections, played.tolerance_s, played.cut)
    truth = tuple(
        Span(
            recording=event.recording,
            start_s=event.start_s,
            end_s=event.end_s,
            name=event.name,
            outcome="miss" if hit is None else "hit",
        )
        for event, hit in zip(played.events or (), matched.of_event, strict=True)
    )
    alarms = set(matched.false_alarms)
    detections = tuple(
        Span(
            recording=one.recording,
            start_s=one.time_s,
            end_s=one.time_s,
            name=one.name,
            outcome="unknown"
            if played.events is None or index in matched.undecided
            else "false_alarm"
            if index in alarms
            else "repeat"
            if index in matched.repeats
            else "hit",
        )
        for index, one in enumerate(played.detections)
    )
    return Playback(
        front_end=fe.name,
        tables_sha256=fe.tables_sha256,
        rule=playing.rule_text,
        state="kept" if len(playing.data) == 1 else "reset per recording",
        speed=playing.continuous.speed,
        recordings=len(playing.data),
        hop_ms=1000 * playing.hop_s,
        hops=playing.hops,
        played_s=played.played_s,
        channels=fe.channels,
        sample_hz=fe.sample_hz,
        network_hz=1 / (playing.hop_s * playing.continuous.every),
        annotated=played.events is not None,
        truth=truth,
        detections=detections,
        curve=tuple(_curve(playing, model, played, reports, outputs, there)),
        beginnings=beginnings,
        dropped=played.dropped,
        divergence=_words(playing, found),
    )


def _curve(
    playing: Playing, model: Model, played: Played, reports: Reports, outputs: Array, there: Flags
) -> Iterator[Point]:
    """The plan's rule with other thresholds, on the board's own outputs."""
    if not played.events or played.played_s <= 0:
        return
    rule = playing.continuous.rule
    for step in range(1, 20):
        if isinstance(rule, SCORED):
            level = 13 * step
            other_rule = rule.model_copy(update={"above": level})
            other = replace(playing, continuous=playing.continuous.model_copy(update={"rule": other_rule}))
            threshold = float(level)
        else:
            threshold = round(0.05 * step, 2)
            other = replace(playing, decide=ThresholdRule(rule="threshold", above=threshold))
        told = _smoothed(other, model, reports, outputs, there)
        heard = _detections(playing, told)
        matched = match(played.events, heard, played.tolerance_s, played.cut)
        yield Point(
            threshold=threshold,
            miss_rate=1 - matched.hits / len(played.events),
            false_alarms_per_hour=len(matched.false_alarms) / (played.played_s / 3600),
        )


def _words(playing: Playing, found: parity.Parity) -> str:
    if found.first is None:
        return ""
    index, stage = found.first
    recording, hop = playing.of(index)
    differ = {name: int((~equal).sum()) for name, equal in found.equal.items() if not equal.all()}
    counts = ", ".join(f"{name} {count}" for name, count in differ.items())
    return (
        f"first at {hop * playing.hop_s:.3f} s of recording {recording} (hop {hop}): {stage}"
        f"; hops that differ of {len(next(iter(found.equal.values())))}: {counts}"
    )
