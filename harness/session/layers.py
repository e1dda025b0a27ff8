"""What the layers of one sample did on the board, whatever the line loses and the board forgets on the way."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from harness.errors import DeviceError
from harness.session.verbs import BoardRefusedError, Session
from harness.wire import messages as m

#: How often the sample is put into the engine anew: more resets than that in one look are a fault of their own.
_LOADS = 3
#: How often a gap in a layer's data is asked for without anything new coming.
_FRUITLESS = 5

_T = TypeVar("_T")


class LayerReader:
    """Looks into one sample, ``payload``: all input tensors back to back, raw.

    Nothing is sent before the first question; then the sample runs once as any other and, for each question, once more.
    Every method raises what ``Session.stream`` does, and DeviceError when the board's answers contradict each other.
    Afterwards the session is as before; the sample it ran is in no stream's result.
    """

    def __init__(self, session: Session, payload: bytes) -> None:
        self._session = session
        self._payload = payload
        self._crc = zlib.crc32(payload)
        self._rows: tuple[m.LayerRun, ...] | None = None

    def rows(self) -> tuple[m.LayerRun, ...]:
        """Operator, size, cycles and CRC-32 of every layer, in the order in which they ran."""
        if self._rows is None:
            self._rows = tuple(self._all_rows())
        return self._rows

    def data(self, layer: int) -> bytes:
        """All bytes that a layer wrote; their CRC-32 is that of ``rows()``."""
        row = self.rows()[layer]
        whole, missing = bytearray(row.bytes), [(0, row.bytes)] if row.bytes else []
        fruitless = 0
        while missing:
            offset, end = missing[0]
            parts = self._asked(partial(self._session.layer_data, self._crc, layer, offset, end - offset))
            before = sum(end - at for at, end in missing)
            for part in parts:
                if (part.input_crc, part.layer) != (self._crc, layer):
                    continue  # late, and about something else
                end = part.offset + len(part.data)
                if part.total != row.bytes or end > part.total:
                    raise self._contradiction(f"layer {layer} of {row.bytes} B", f"{end} of {part.total} B")
                whole[part.offset : end] = part.data
                missing = [gap for old in missing for gap in _without(old, part.offset, end)]
            fruitless = fruitless + 1 if sum(end - at for at, end in missing) == before else 0
            if fruitless >= _FRUITLESS:
                raise DeviceError("the board does not give a layer's data", where=f"layer {layer}", expected=missing[0])
        if zlib.crc32(whole) != row.crc:
            raise self._contradiction(f"layer {layer} with CRC-32 {row.crc:08x}", f"{zlib.crc32(whole):08x}")
        return bytes(whole)

    def _all_rows(self) -> list[m.LayerRun]:
        rows: list[m.LayerRun] = []
        total, fruitless = 1, 0
        while len(rows) < total:
            at = len(rows)
            told = self._asked(partial(self._session.layers, self._crc, at))
            if (told.input_crc, told.first) != (self._crc, at) or not told.layers:
                fruitless += 1  # late, and about something else
                if fruitless >= _FRUITLESS:
                    raise self._contradiction(f"layers from {at} on", f"from {told.first} on: {len(told.layers)}")
                continue
            total = told.n_layers
            rows += told.layers
        return rows

    def _asked(self, question: Callable[[], _T]) -> _T:
        """Ask; when the engine holds another sample, or none after a reset, give it ours and ask again."""
        for _ in range(_LOADS):
            try:
                return question()
            except BoardRefusedError as refused:
                if refused.code != m.ErrorCode.UNKNOWN_SAMPLE:
                    raise
                self._load()
        return question()

    def _load(self) -> None:
        (result,) = self._session.stream([self._payload]).results
        if result is None:
            raise DeviceError("the sample to look into was lost", where="per-layer mode")
        if result.input_crc != self._crc:
            raise self._contradiction(f"an input with CRC-32 {self._crc:08x}", f"{result.input_crc:08x}")

    @staticmethod
    def _contradiction(expected: str, found: str) -> DeviceError:
        return DeviceError(
            "the board contradicts itself in per-layer mode",
            expected=expected,
            found=found,
            next_step="run it again: a board that computes the same input differently has a fault in memory or power",
        )


def _without(gap: tuple[int, int], start: int, end: int) -> list[tuple[int, int]]:
    """What is left of ``gap`` (from, to) without [start, end)."""
    left = [(gap[0], min(gap[1], start)), (max(gap[0], end), gap[1])]
    return [(a, b) for a, b in left if a < b]
