"""What is known of recordings that were played: the detections, what was to be detected, and where host and board are equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Event
from harness.verdict.events import Detection

if TYPE_CHECKING:
    from harness.verdict.view import View


@dataclass(frozen=True)
class Played:
    """Arrays are [N], of each hop sent. ``events``: what is to be detected, None where nobody says;
    ``cut``: what the end of the playing left no time to detect.

    ``equal``: stage by stage whether the board's result is the host's; ``decided_alike``: the same of the decision when the host
    does all of it by itself. ``heard``, ``asked``: the hops that complete a window, and those that run the network, by either
    side's word; one that was not answered is both, so that it counts against the board.
    ``front_end``, ``network``: the board's counter over each (instructions on an emulator).
    ``lost_ms``: of the recordings, what the board did not hear or could not decide on. ``hop_s``: its length in the recording.
    """

    classes: tuple[str, ...]
    background: tuple[str, ...]
    events: tuple[Event, ...] | None
    detections: tuple[Detection, ...]
    tolerance_s: float
    played_s: float
    hop_s: float
    equal: Mapping[str, npt.NDArray[np.bool_]]
    decided_alike: npt.NDArray[np.bool_]
    heard: npt.NDArray[np.bool_]
    asked: npt.NDArray[np.bool_]
    ran: npt.NDArray[np.bool_]
    front_end: npt.NDArray[np.uint32]
    network: npt.NDArray[np.uint32]
    lost_ms: float
    dropped: int
    clock_hz: int | None
    cut: tuple[Event, ...] = ()


def timed(view: View, played: Played) -> npt.NDArray[np.bool_]:
    """[N] the hops whose counts are a run of the network and no interrupts of the line; at the sensor's pace those are in all."""
    quiet = view.samples.quiet
    ran = np.asarray(view.sound & played.ran)
    alone = ran if quiet is None else np.asarray(ran & quiet)
    return alone if alone.any() else ran  # behind a sound gate none of the first may run
