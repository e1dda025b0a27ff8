"""Recordings are played to the board, and its detections are held against what happens in them. For plans with `continuous`.

A detection belongs to an event of its class from the event's start until the plan's tolerance behind its end; see `verdict.events`.
Rates are over the time that was played.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.data.dataset import Dataset
from harness.errors import PlanError
from harness.plans.schema import TaskSpec
from harness.records import Measurement, Tensor
from harness.verdict import tasks
from harness.verdict.events import Matched, match, poisson_rate
from harness.verdict.metrics import Family
from harness.verdict.metrics._common import share
from harness.verdict.played import Played
from harness.verdict.statistics import quantile_ranks
from harness.verdict.view import View

Options = tasks.Options
TRUTH: tasks.Needs = "nothing"
SCORE = ""
BETTER: tasks.Better = ""
HEADLINES = ("hit_rate", "false_alarms_per_hour", "features_agreement", "detections_agreement")
TABLES = (tasks.Table("Each class", "class", ("hit_rate", "false_alarms_per_hour")),)
PICTURE: tasks.Picture = ""
_RATES = ("false_alarms_per_hour", "false_alarms_per_hour.*")
FAMILY = Family(
    (
        "hit_rate",
        "hit_rate.*",
        "misses",
        "repeats",
        *_RATES,
        "delay_ms.p50",
        "delay_ms.p95",
        "detections",
        "features_agreement",
        "detections_agreement",
        "lost_ms",
        "dropped_hops",
    ),
    shares=("hit_rate", "hit_rate.*", "features_agreement", "detections_agreement"),
    interval=(*_RATES, "delay_ms.p50", "delay_ms.p95"),
    whole=("misses", "repeats", "detections", "dropped_hops"),
    tasks=("detection",),
    meanings={
        "hit_rate": "events that were detected, of all",
        "hit_rate.*": "events of a class that were detected, of all of it",
        "misses": "events that were not detected",
        "repeats": "detections of events that had been detected already",
        "false_alarms_per_hour": "detections where nothing of their class was, by the time played; interval: Poisson, exact",
        "false_alarms_per_hour.*": "the same of one class",
        "delay_ms.p50": "from the start of an event to its detection: half of those detected took at most this",
        "delay_ms.p95": "from the start of an event to its detection: 95 % of those detected took at most this",
        "detections": "how often the board told of something",
        "features_agreement": "of the hops that complete a window: its bytes, and its features, are the host's",
        "detections_agreement": "of the hops that run the network: decided, and told of, as the host does",
        "lost_ms": "time of the recordings that the board did not hear or could not decide on",
        "dropped_hops": "hops that the board was too slow for, at the sensor's pace",
    },
    units={
        "misses": "events",
        "repeats": "detections",
        "false_alarms_per_hour": "1/h",
        "false_alarms_per_hour.*": "1/h",
        "delay_ms.p50": "ms",
        "delay_ms.p95": "ms",
        "detections": "detections",
        "lost_ms": "ms",
        "dropped_hops": "hops",
    },
    absent="nothing says what happens in the recording, nothing of it was detected, or the network never ran",
)


def check(spec: TaskSpec, output: Tensor, source: Tensor, data: Dataset) -> None:
    """``PlanError`` for events of classes that the network does not have."""
    known = set(data.classes)
    strange = sorted({event.name for event in data.events or ()} - known)
    if strange:
        raise PlanError(
            "the annotations name what is no class of the network",
            where=f"dataset {data.name}",
            expected=", ".join(data.classes),
            found=", ".join(strange),
            next_step="rename them, or name the network's classes: dataset.options.classes",
        )


def parts(data: Dataset) -> tuple[str, ...]:
    """The classes."""
    return data.classes


def measure(view: View) -> tuple[Measurement, ...]:
    """Parity always; hits and alarms where it is known what happens in the recordings."""
    played = view.truth.played
    return () if played is None else (*_parity(view, played), *_scored(played))


def scores(view: View) -> None:
    """None: a detection is of a stretch of time, not of a hop."""


def _parity(view: View, played: Played) -> Iterator[Measurement]:
    equal = played.equal
    for name, among, same in (
        ("features_agreement", played.heard, equal["ring"] & equal["features"]),
        ("detections_agreement", played.asked, played.decided_alike),
    ):
        if among.any():
            yield share(name, int((view.sound & among & same).sum()), int(among.sum()))
    yield Measurement(name="lost_ms", value=played.lost_ms, unit="ms", n=view.n)
    yield Measurement(name="dropped_hops", value=played.dropped, unit="hops", n=view.n)
    yield Measurement(name="detections", value=len(played.detections), unit="detections", n=view.n)


def _scored(played: Played) -> Iterator[Measurement]:
    if played.events is None or played.played_s <= 0:
        return
    found = match(played.events, played.detections, played.tolerance_s, played.cut)
    names = [name for name in played.classes if name not in played.background]
    if played.events:
        yield share("hit_rate", found.hits, len(played.events))
        yield Measurement(name="misses", value=len(played.events) - found.hits, unit="events", n=len(played.events))
    for name in names:
        mine = [hit is not None for event, hit in zip(played.events, found.of_event, strict=True) if event.name == name]
        if mine:
            yield share(f"hit_rate.{name}", sum(mine), len(mine))
    yield Measurement(name="repeats", value=len(found.repeats), unit="detections", n=len(played.detections))
    alarms = [played.detections[index].name for index in found.false_alarms]
    yield _rate("false_alarms_per_hour", len(alarms), played)
    for name in names:
        yield _rate(f"false_alarms_per_hour.{name}", alarms.count(name), played)
    yield from _delays(played, found)


def _rate(name: str, count: int, played: Played) -> Measurement:
    hours = played.played_s / 3600
    low, high = poisson_rate(count, hours)
    return Measurement(name=name, value=count / hours, unit="1/h", n=count, low=low, high=high)


def _delays(played: Played, found: Matched) -> Iterator[Measurement]:
    assert played.events is not None
    delays = np.sort(
        [
            1000 * (played.detections[index].time_s - event.start_s)
            for event, index in zip(played.events, found.of_event, strict=True)
            if index is not None
        ]
    )
    n = len(delays)
    for name, q in (("delay_ms.p50", 0.5), ("delay_ms.p95", 0.95)):
        if n:
            low, high = quantile_ranks(n, q)
            yield Measurement(
                name=name,
                value=float(delays[int(np.ceil(round(q * n, 9))) - 1]),
                unit="ms",
                n=n,
                low=None if low is None else float(delays[low - 1]),
                high=None if high is None else float(delays[high - 1]),
            )
