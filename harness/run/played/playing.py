"""What is played: recordings cut into hops as they travel, with the front end and the rule that the board has too."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from harness.data.dataset import Dataset
from harness.data.features import FrontEnd
from harness.errors import DeviceError
from harness.plans.continuous import AverageRule, Continuous, SlidingRule
from harness.plans.schema import ArgmaxRule, Stream, ThresholdRule, number
from harness.records import DType, Tensor
from harness.session.stream import Pace
from harness.wire import messages as m

#: What the wire calls the dtypes of rows that no tensor has.
_ROW_DTYPES = {"float32": m.DType.FLOAT32, "int32": m.DType.INT32, "uint16": 16, "uint32": 17}
_HEAD, _REPORT = struct.Struct("<III"), m.HOP_REPORT.size
assert _REPORT is not None
_AGAIN = 1 << 31  # in the number of a recording that is played for a second time


@dataclass(frozen=True)
class Playing:
    """Recordings ``data`` (one a sample, [N, instants(, channels)]), and how they are played."""

    data: Dataset
    front_end: FrontEnd
    continuous: Continuous
    decide: ArgmaxRule | ThresholdRule
    classes: tuple[str, ...]

    @property
    def hop_bytes(self) -> int:
        """The samples of a hop, in bytes."""
        fe = self.front_end
        return fe.hop * fe.channels * np.dtype(fe.sample_dtype).itemsize

    @property
    def hop_s(self) -> float:
        """How long a hop is in the recording."""
        return self.front_end.hop / self.front_end.sample_hz

    @property
    def bytes_per_s(self) -> float:
        """What a second of it takes as it travels, frames and stuffing included (``SPEC.md``: 16 bytes a chunk, one in 254)."""
        sample = _HEAD.size + self.hop_bytes
        chunks = -(-sample // 1024)
        return (sample + chunks * 18) * (1 + 1 / 254) / self.hop_s

    @property
    def hops(self) -> int:
        """Whole hops of a recording."""
        return int(self.data.inputs.shape[1]) // self.front_end.hop

    def samples(self, recording: int) -> npt.NDArray[np.generic]:
        """The raw values of a recording's whole hops, [instants(, channels)], in the dtype in which they travel."""
        values = self.data.inputs[recording, : self.hops * self.front_end.hop]
        return values.astype(np.dtype(self.front_end.sample_dtype).newbyteorder("<"))

    def of(self, index: int) -> tuple[int, int]:
        """Recording and hop of the sample with that index on the wire."""
        return divmod(index, self.hops)

    def payloads(self) -> Hops:
        """All hops as they travel."""
        return Hops(self)

    def describe(self) -> str:
        """What is played, and what happens in it, in a line for people."""
        told = f"{self.hops * len(self.data):,} hops of {1000 * self.hop_s:g} ms through the front end {self.front_end.name}"
        if self.data.events is None:
            return f"{told}; nothing says what happens in it"
        counts = Counter(event.name for event in self.data.events)
        return f"{told}; {len(self.data.events)} events" + "".join(
            f", {name} {n}" for name, n in sorted(counts.items())
        )

    def pace(self, slots: int) -> Pace | None:
        """The sensor's, where the plan wants that. The board's slots are what a product would have of buffers."""
        return Pace(self.hop_s, slots) if self.continuous.speed == "realtime" else None

    def timed(self, stream: Stream) -> Stream:
        """As many runs of the network as the plan wants are alone under way; before the first of them there is nothing to time."""
        return stream.model_copy(update={"quiet": self.lead + stream.quiet * self.continuous.every})

    @property
    def lead(self) -> int:
        """Hops before the one that the network can run with first: a window must be whole, and all its rows there."""
        fe = self.front_end
        return -(-fe.window // fe.hop) - 1 + fe.rows - 1

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What HELLO tells of a hop."""
        fe = self.front_end
        dtype: DType = "int16" if fe.sample_dtype == "int16" else "float32"
        return Tensor("hop", (1, _HEAD.size // 4), "int32"), Tensor("samples", (fe.hop, fe.channels), dtype)

    def outputs(self, network: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """What HELLO tells of its result."""
        return Tensor("report", (1, REPORT_BYTES // 4), "int32"), *network

    @property
    def rule_text(self) -> str:
        """The rule in words, as FRONT_END has it: another one is another firmware."""
        c, decide = self.continuous, self.decide
        text = (
            "" if c.sound_gate is None else f"sound above {c.sound_gate.above}, {c.sound_gate.backoff} windows more; "
        )
        text += "" if c.every == 1 else f"every {c.every} hops; "
        if isinstance(c.rule, AverageRule):
            r = c.rule
            return (
                text
                + f"mean of {r.average_ms} ms above {r.above}, {r.at_least} at least, again after {r.suppress_ms} ms"
            )
        if isinstance(c.rule, SlidingRule):
            return text + f"mean of the last {c.rule.over} above {c.rule.above}, behind {c.rule.rest} below it"
        if isinstance(decide, ThresholdRule):
            text += f"{'from' if decide.inclusive else 'above'} {number(decide.above)}, "
        return text + f"most of {c.rule.over}, again after {c.rule.suppress_ms} ms"

    def check(self, told: m.FrontEnd, where: str) -> None:
        """``DeviceError`` naming both sides when the board makes other features, or decides by another rule."""
        fe = self.front_end
        sides = {
            "makes features by another front end": (fe.name, told.name),
            "has other tables for its features": (fe.tables_sha256, told.tables_sha256.hex()),
            "cuts the recording in another way": (
                f"{fe.sample_hz} Hz, windows of {fe.window} every {fe.hop}, {fe.rows} rows of {fe.values}",
                f"{told.sample_hz} Hz, windows of {told.window} every {told.hop}, {told.rows} rows of {told.values}",
            ),
            "has rows of another type": (_ROW_DTYPES.get(fe.row_dtype), told.row_dtype),
            "decides by another rule": (self.rule_text, told.rule),
        }
        for what, (expected, found) in sides.items():
            if expected != found:
                raise DeviceError(
                    f"the firmware {what}",
                    where=where,
                    expected=expected,
                    found=found,
                    next_step="flash the firmware of this plan (leave out --skip-flash and --firmware)",
                )


REPORT_BYTES: int = _REPORT


class Hops(Sequence[bytes]):
    """Every hop of every recording as it travels: made when it is asked for."""

    def __init__(self, playing: Playing) -> None:
        self._playing = playing
        self._samples = [playing.samples(index).tobytes() for index in range(len(playing.data))]

    def __len__(self) -> int:
        """Hops of all recordings."""
        return len(self._samples) * self._playing.hops

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...

    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        """A hop, head first."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._hop(index, 0, 0)

    def again(self, index: int, asked: int) -> bytes:
        """The hop for playing it once more: as of another recording, so that the board begins anew with the first of them."""
        return self._hop(index, _AGAIN, asked)

    def _hop(self, index: int, other: int, asked: int) -> bytes:
        recording, hop = self._playing.of(index)
        size = self._playing.hop_bytes
        return _HEAD.pack(recording | other, hop, asked) + self._samples[recording][hop * size : (hop + 1) * size]
