"""What the host makes of the hops that the board has answered: the same features, the reference's network, the same rules.

Where the board began anew (a reset, a hop that was given up) the host begins anew: what is compared is what both could know.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.data import features
from harness.data.features import decisions
from harness.models import reference as references
from harness.models.codegen import has_memory
from harness.models.metadata import Model
from harness.run.played.answers import REPORT, Reports
from harness.run.played.playing import Playing
from harness.verdict.rules import Rule
from harness.wire.messages import HopDone

Array = npt.NDArray[np.generic]
#: Raw inputs [N, ...] of the network to raw outputs [N, values]; a memory goes on from one to the next.
Network = Callable[[Array], Array]

_BATCH = 2048  # inputs that lie in memory at once


@dataclass(frozen=True)
class Simulated:
    """Row i is the i-th hop sent: ``reports`` as the board's (cycles and stages are 0), ``outputs`` raw.

    Outputs are all of the network's in a row.
    """

    reports: Reports
    outputs: Array


@dataclass(frozen=True)
class Segment:
    """``hops`` of a recording that the board computed in one go, since it had begun anew with hop ``began``."""

    recording: int
    began: int
    hops: npt.NDArray[np.int64]


def segments(playing: Playing, reports: Reports, there: npt.NDArray[np.bool_]) -> Iterator[Segment]:
    """Of all recordings, in order, by what the board says of where it began."""
    for recording in range(len(playing.data)):
        rows = slice(recording * playing.hops, (recording + 1) * playing.hops)
        known, began = there[rows], reports["began"][rows].astype(np.int64)
        for first in np.unique(began[known]):
            hops = np.flatnonzero(known & (began == first))
            if hops[0] >= first:  # else it says what cannot be, and no report of the host's is equal to that
                yield Segment(recording, int(first), hops)


def now_ms(playing: Playing, hop: int) -> int:
    """The time in the recording behind a hop, as the board reckons it."""
    return (hop + 1) * playing.front_end.hop * 1000 // playing.front_end.sample_hz


def network_of(model: Model, reference: str) -> Network:
    """The reference on all inputs that the network sees between two beginnings."""
    if has_memory(model.path):
        return lambda inputs: references.load(reference, [at > 0 for at in range(len(inputs))]).run(model.path, inputs)
    oracle = references.load(reference)

    def in_batches(inputs: Array) -> Array:
        starts = range(0, len(inputs), _BATCH)
        return np.concatenate([oracle.run(model.path, inputs[at : at + _BATCH]) for at in starts])

    return in_batches


def simulate(
    playing: Playing, model: Model, network: Network, reports: Reports, there: npt.NDArray[np.bool_]
) -> Simulated:
    """``reports`` and ``there`` say what the board has answered and where it began anew; nothing else of them is used."""
    made = np.zeros(len(reports), dtype=REPORT)
    values = sum(output.elements for output in model.outputs)
    outputs = np.zeros((len(reports), values), dtype=model.outputs[0].dtype)
    for segment in segments(playing, reports, there):
        part, rows = _segment(playing, model, network, segment)
        places = segment.recording * playing.hops + segment.hops
        made[places] = part[segment.hops - segment.began]
        outputs[places] = rows[segment.hops - segment.began]
    return Simulated(made, outputs)


def _segment(playing: Playing, model: Model, network: Network, segment: Segment) -> tuple[Reports, Array]:
    fe, hop = playing.front_end, playing.front_end.hop
    end = int(segment.hops[-1]) + 1
    n = end - segment.began
    made = np.zeros(n, dtype=REPORT)
    made["recording"], made["began"] = segment.recording, segment.began
    made["hop"] = np.arange(segment.began, end)
    made["decided"] = made["detected"] = -1
    samples = playing.samples(segment.recording)[segment.began * hop : end * hop]
    rows = fe.rows_of(samples[np.newaxis])[0]
    lead = -(-fe.window // hop) - 1  # hops before the one that completes the first window
    windows = range(len(rows))
    raw = [np.ascontiguousarray(samples[k * hop : k * hop + fe.window]) for k in windows]
    for k in windows:
        made["window_crc"][lead + k] = zlib.crc32(raw[k].tobytes())
        made["features_crc"][lead + k] = zlib.crc32(np.ascontiguousarray(rows[k]).tobytes())
    made["done"][lead : lead + len(rows)] = HopDone.WINDOW
    ran = _runs(playing, raw)
    outputs = np.zeros((n, sum(output.elements for output in model.outputs)), dtype=model.outputs[0].dtype)
    if ran:
        (tensor,) = model.inputs
        read = features.sliding(fe.encoded(rows, tensor), fe.rows)
        chosen = np.array(ran)
        inputs = np.ascontiguousarray(read[chosen - (fe.rows - 1)]).reshape(len(chosen), *tensor.shape[1:])
        made["input_crc"][lead + chosen] = [zlib.crc32(one.tobytes()) for one in inputs]
        outputs[lead + chosen] = network(inputs)
        made["done"][lead + np.array(ran)] = HopDone.WINDOW | HopDone.NETWORK
    decide(playing, model, made, outputs)
    return made, outputs


def _runs(playing: Playing, windows: list[Array]) -> list[int]:
    """The windows behind which the network runs."""
    c, rows = playing.continuous, playing.front_end.rows
    gate = None if c.sound_gate is None else decisions.Gate(c.sound_gate.above, c.sound_gate.backoff)
    passes = [gate is None or gate.step(window.astype(np.int16)) for window in windows]
    return [k for k in range(rows - 1, len(windows)) if (k - rows + 1) % c.every == 0 and passes[k]]


def decide(playing: Playing, model: Model, reports: Reports, outputs: Array) -> None:
    """The rule's part of the reports of one segment, of the outputs of the hops that ran the network; changed in place."""
    output = model.outputs[0]
    rule = Rule(playing.continuous, playing.decide, playing.classes, output)
    for at in np.flatnonzero(reports["done"] & HopDone.NETWORK):
        found = rule.step(outputs[at, : output.elements], now_ms(playing, int(reports["hop"][at])))
        reports["decided"][at], reports["detected"][at], reports["score"][at] = (
            found.decided,
            found.detected,
            found.score,
        )
