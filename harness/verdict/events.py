"""Detections against what was to be detected. Pure.

Events and detections of one recording and class are taken in the order of time. A detection belongs to the first event that it can
belong to and that has none yet: not before its start, not later than ``tolerance_s`` behind its end. One that can only belong to
events that have one already is a *repeat*; any other is a *false alarm*. An event without a detection is a *miss*. Where the
playing ended before an event could be missed, the event counts neither way, and nor does a detection that can only belong to it:
that one is *undecided*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.data.dataset import Event
from harness.errors import MisuseError
from harness.verdict.statistics import LEVEL


@dataclass(frozen=True)
class Detection:
    """The class ``name`` was told of at ``time_s`` of a recording."""

    recording: int
    time_s: float
    name: str


@dataclass(frozen=True)
class Matched:
    """``of_event[i]``: the index of the detection that event i has, None for a miss; ``of_detection`` the other way round.

    ``repeats``: indices of detections that belong to events which have one already; ``undecided``: of those that can only belong
    to an event that was cut off.
    """

    of_event: tuple[int | None, ...]
    of_detection: tuple[int | None, ...]
    repeats: frozenset[int]
    undecided: frozenset[int] = frozenset()

    @property
    def hits(self) -> int:
        """Events with a detection."""
        return sum(found is not None for found in self.of_event)

    @property
    def false_alarms(self) -> tuple[int, ...]:
        """Indices of the detections where nothing was."""
        told = self.repeats | self.undecided
        return tuple(i for i, event in enumerate(self.of_detection) if event is None and i not in told)


def match(
    events: Sequence[Event], detections: Sequence[Detection], tolerance_s: float, cut: Sequence[Event] = ()
) -> Matched:
    """See the module. Indices are those of the arguments; ``cut``: events that the end of the playing cut off."""
    of_event: list[int | None] = [None] * len(events)
    of_detection: list[int | None] = [None] * len(detections)
    repeats, undecided = set(), set()
    for index in sorted(range(len(detections)), key=lambda i: (detections[i].time_s, i)):
        found = detections[index]
        near = [at for at, event in enumerate(events) if _may_be(found, event, tolerance_s)]
        free = [at for at in near if of_event[at] is None]
        if free:
            first = min(free, key=lambda at: (events[at].start_s, at))
            of_event[first], of_detection[index] = index, first
        elif near:
            repeats.add(index)
        elif any(_may_be(found, event, tolerance_s) for event in cut):
            undecided.add(index)
    return Matched(tuple(of_event), tuple(of_detection), frozenset(repeats), frozenset(undecided))


def _may_be(found: Detection, event: Event, tolerance_s: float) -> bool:
    is_its = (event.recording, event.name) == (found.recording, found.name)
    return is_its and event.start_s <= found.time_s <= event.end_s + tolerance_s


def poisson_rate(count: int, exposure: float, level: float = LEVEL) -> tuple[float, float]:
    """Two-sided exact interval of a rate of which ``count`` events were seen in ``exposure``: never covers less than it says.

    F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936) 437-442, by the gamma distribution's quantiles.
    """
    if count < 0 or not exposure > 0 or not 0 < level < 1:
        raise MisuseError(
            "no rate of such events",
            expected="a count of 0 or more, an exposure above 0, a level within 0..1",
            found=(count, exposure, level),
            next_step="this is hil's own mistake: please report it",
        )
    tail = (1 - level) / 2
    from scipy import special  # here: slow to import, and a plan is read without it

    low = 0.0 if count == 0 else float(special.gammaincinv(count, tail))
    return low / exposure, float(special.gammaincinv(count + 1, 1 - tail)) / exposure
