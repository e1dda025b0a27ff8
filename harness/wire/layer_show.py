"""The board's side of per-layer mode ("Layers" in SPEC.md): a part of ``harness.wire.board``."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.wire import messages as m

#: Behind each frame of LAYER_DATA: type, seq, crc and the fixed part of the body, with room to spare.
_DATA_OVERHEAD = 32


@dataclass(frozen=True)
class ShownLayer:
    """What a layer did: its operator number, the raw bytes that it wrote and how many cycles it took."""

    op: int
    data: bytes
    cycles: int


#: Runs the network on a sample and tells of each layer, in order.
ShowLayers = Callable[[bytes], Sequence[ShownLayer]]


class LayerShow:
    """Answers LAYERS_REQUEST and LAYER_DATA_REQUEST about the sample that ran last."""

    def __init__(self, show: ShowLayers | None, max_frame: int) -> None:
        self._show = show
        self._room = max_frame - _DATA_OVERHEAD
        #: What lies in the engine's input tensors, None before the first run.
        self.inputs: bytes | None = None

    def answer(self, request: m.LayersRequest | m.LayerDataRequest) -> Iterator[m.Message] | m.ErrorCode:
        """The frames to send, or why there are none."""
        if self._show is None:
            return m.ErrorCode.NO_LAYER
        if self.inputs is None or zlib.crc32(self.inputs) != request.input_crc:
            return m.ErrorCode.UNKNOWN_SAMPLE
        layers = self._show(self.inputs)
        if (request.first if isinstance(request, m.LayersRequest) else request.layer) >= len(layers):
            return m.ErrorCode.NO_LAYER
        if isinstance(request, m.LayersRequest):
            return iter((self._table(request, layers),))
        return self._data(request, layers[request.layer].data)

    @staticmethod
    def _table(request: m.LayersRequest, layers: Sequence[ShownLayer]) -> m.Layers:
        part = layers[request.first : request.first + m.MAX_LAYERS]
        rows = tuple(m.LayerRun(s.op, len(s.data), s.cycles, zlib.crc32(s.data)) for s in part)
        return m.Layers(request.input_crc, len(layers), request.first, rows)

    def _data(self, request: m.LayerDataRequest, data: bytes) -> Iterator[m.Message]:
        end = min(len(data), request.offset + request.bytes)
        for at in range(request.offset, end, self._room):
            piece = data[at : min(at + self._room, end)]
            yield m.LayerData(request.input_crc, request.layer, len(data), at, piece)
