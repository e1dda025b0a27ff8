"""Which stage of the front end differs first, on a hop whose features differ: the hops up to it are played once more."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from harness.run.played.answers import split
from harness.run.played.playing import Playing
from harness.session.verbs import Session
from harness.wire.messages import HopAsked

#: Hops that are played again at most: a minute of sound.
_MOST = 3000


def first_stage(session: Session, playing: Playing, index: int, began: int) -> str:
    """In words: the stage of the hop with that index. ``began``: the hop that the board had begun anew with.

    The session is as before; what it plays here is in no stream's result. Errors as ``Session.stream``.
    """
    recording, hop = playing.of(index)
    first = max(began, hop - _MOST + 1)
    hops = playing.payloads()
    at = recording * playing.hops
    asked = [int(HopAsked.STAGES) * (number == hop) for number in range(first, hop + 1)]
    payloads = [hops.again(at + number, what) for number, what in zip(range(first, hop + 1), asked, strict=True)]
    _, reports, there = split(session.stream(payloads))
    if not there.all():
        return "its stages could not be looked at: hops were lost"
    expected = _stages(playing, recording, first, hop)
    return _differs(expected, reports["stages"][-1].tolist(), whole=first == began)


def _stages(playing: Playing, recording: int, first: int, hop: int) -> dict[str, int]:
    """CRC-32 of each stage of that hop's window, by the host from hop ``first`` on."""
    fe = playing.front_end
    samples = playing.samples(recording)[first * fe.hop : (hop + 1) * fe.hop]
    before = fe.count(len(samples)) - 1
    state = fe.start(1)
    if before > 0:
        fe.rows_of(samples[np.newaxis, : fe.length_of(before)], state)
    window = samples[np.newaxis, before * fe.hop : before * fe.hop + fe.window]
    made = fe.stages(window, state)
    return {name: zlib.crc32(np.ascontiguousarray(values).tobytes()) for name, values in made.items()}


def _differs(expected: dict[str, int], found: Sequence[int], *, whole: bool) -> str:
    for (name, crc), other in zip(expected.items(), found, strict=False):
        if crc != other:
            return f"its stage {name!r} is the first that differs"
    return "played again it does not differ" if whole else f"played again from {_MOST} hops before, it does not differ"
