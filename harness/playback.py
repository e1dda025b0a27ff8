"""The part of a record that tells of recordings played to the board: what was to be detected, what was, and how it was told."""

from __future__ import annotations

from typing import Literal

from harness.frozen import Frozen


class Span(Frozen):
    """Something in a recording: an event to be detected, or a detection, which is a moment (``end_s`` = ``start_s``)."""

    recording: int  # index of the recording
    start_s: float  # behind its first sample
    end_s: float  # the same
    name: str  # the class
    outcome: Literal["hit", "miss", "false_alarm", "repeat", "unknown"] = "unknown"  # what came of it


class Point(Frozen):
    """A point of the curve of detection errors: what the rule would have given with that threshold."""

    threshold: float  # in the rule's own unit
    miss_rate: float  # events that would have been missed, of all
    false_alarms_per_hour: float  # detections where nothing was


class Beginning(Frozen):
    """The board began anew in the middle of a recording: after a reset, or behind a hop that was lost."""

    recording: int  # index of the recording
    at_s: float  # where in it
    lost_ms: float  # until the network could run again


class Playback(Frozen):
    """Recordings that were played to the board, and what it detected."""

    front_end: str  # what makes features, by its name
    tables_sha256: str  # of its constants: the same on host and board
    rule: str  # how decisions become detections
    state: Literal["kept", "reset per recording"]  # what becomes of the states between recordings
    speed: Literal["fast", "realtime"]  # at which pace it was played
    recordings: int  # how many
    hop_ms: float  # length of a hop
    hops: int  # hops of each recording
    played_s: float  # of all recordings, as far as the board answered
    channels: int  # values of one instant
    sample_hz: int  # instants a second
    network_hz: float  # runs of the network a second, at most
    annotated: bool  # whether it is known what happens in them
    truth: tuple[Span, ...] = ()  # what was to be detected
    detections: tuple[Span, ...] = ()  # what was
    curve: tuple[Point, ...] = ()  # over thresholds
    beginnings: tuple[Beginning, ...] = ()  # where the board began anew
    dropped: int = 0  # hops that the board was too slow for, at the sensor's pace
    divergence: str = ""  # the first hop and stage whose result is not the host's; "": all are equal
