"""The board's side of the wire, without input or output of its own: what the firmware does, in Python.

It exists for ``harness.testing.FakeDevice`` and as the readable twin of ``firmware/src/server.c``. Bytes go in by
``receive_data`` and come out of ``data_to_send``; ``next_run`` gives a sample whose chunks are all there, ``finish``
answers it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from typing import Final, Literal

from harness.errors import MisuseError
from harness.wire import messages as m
from harness.wire.encodings import decode_chunk
from harness.wire.endpoint import Endpoint
from harness.wire.events import LinkCounters
from harness.wire.framing import BadFrame, Frame
from harness.wire.layer_show import LayerShow, ShowLayers
from harness.wire.repair import tensor_bytes
from harness.wire.states import Move, Role, State, step


@dataclass(frozen=True)
class Run:
    """A sample for the engine. ``follows``: it goes on from the memory that the last run has left; else that is reset before."""

    sample: int
    data: bytes
    follows: bool = False


class _Slot:
    """One sample being assembled."""

    def __init__(self, n_bytes: int, chunk_bytes: int) -> None:
        self.data = bytearray(n_bytes)
        self.missing = dict.fromkeys(range(0, n_bytes, chunk_bytes))
        self.highest = -1  # largest offset received
        self.running = False
        self.follows = False

    @property
    def state(self) -> m.SlotState:
        """As STATUS tells it."""
        if self.missing:
            return m.SlotState.RECEIVING
        return m.SlotState.RUNNING if self.running else m.SlotState.WAITING


#: Of text in one LOG: with type, seq and CRC it stays within the 512 bytes that every host takes.
MAX_LOG: Final = 480


class BoardConversation:
    """The wire in the board's role, from one start of the board to the next.

    ``hello`` is the HELLO to give; its session is filled in. ``fault`` is the report kept from an earlier start.
    ``show_layers`` runs the network layer by layer; without it per-layer requests are refused.
    """

    def __init__(
        self,
        hello: m.Hello,
        fault: m.Fault | None = None,
        show_layers: ShowLayers | None = None,
        front_end: m.FrontEnd | None = None,
    ) -> None:
        n_bytes = tensor_bytes(hello.inputs)
        if not n_bytes or hello.slots < 1 or hello.chunk_bytes < 1:
            raise MisuseError("a board needs inputs, at least one slot and a chunk size", found=hello)
        self.hello = hello
        self.state = State.BOOTED
        self.counters = LinkCounters()
        #: Set by BAUD_REQUEST: the speed to change to once BAUD has left. The owner clears it.
        self.wanted_baud: int | None = None
        self._fault = fault
        self._input_bytes = n_bytes
        self._endpoint = Endpoint(self.counters, hello.max_frame)
        self._endpoint.accept_frames_of(hello.max_frame)
        self._outbox: deque[m.Message] = deque()
        self._session = 0
        self._slots: dict[int, _Slot] = {}
        self._kept: OrderedDict[int, m.Result] = OrderedDict()
        self._highest = -1  # largest sample number seen in this session
        self._layers = LayerShow(show_layers, hello.max_frame)
        self._has_memory = bool(hello.capabilities & m.Capability.STATE)
        self._ran: int | None = None  # the sample that has left the memory as it is
        self._due: int | None = None  # whose turn it is; None until one of the session has run
        self._front_end = front_end
        self._next_hop: int | None = None  # the number that runs next, of a board that takes recordings

    def boot(self) -> None:
        """Say BOOT."""
        self._outbox.append(m.Boot(self.hello.boot, self.hello.reset_cause, self.hello.flags))

    def log(self, text: str) -> None:
        """Print: LOG frames, as ``hil_log`` of the firmware."""
        data = text.encode()
        self._outbox.extend(m.Log(data[at : at + MAX_LOG]) for at in range(0, len(data), MAX_LOG))

    def data_to_send(self) -> bytes:
        """All bytes to write now."""
        out = bytearray()
        while self._outbox:
            out += self._endpoint.encode(self._outbox.popleft())[1]
        return bytes(out)

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the host. Never raises because of them."""
        for event in self._endpoint.push(data):
            if isinstance(event, BadFrame):
                self._tell_of_damage()
                continue
            frame, message = event
            if isinstance(message, m.Malformed):
                self._error(m.ErrorCode.MALFORMED, frame, message.reason)
            elif isinstance(message, m.Unknown) or frame.type & 0x80:
                self._error(m.ErrorCode.UNKNOWN_TYPE, frame)
            else:
                self._take(frame, message)
            if self._endpoint.loss_seen:
                self._ask_for_lost()

    def next_run(self) -> Run | None:
        """The complete sample with the lowest number, if the engine is free; it then counts as running."""
        if any(slot.running for slot in self._slots.values()):
            return None
        complete = [number for number, slot in self._slots.items() if not slot.missing]
        if not complete:
            return None
        number = min(complete)
        slot = self._slots[number]
        if self._next_hop is not None:
            self._next_hop = max(self._next_hop, self._highest - self.hello.slots + 1)
            if number != self._next_hop:
                return None  # hops run in their order, none left out
        if m.Capability.STREAM in m.Capability(self.hello.capabilities):
            self._next_hop = number + 1
        elif self._has_memory:
            if self._due is not None and number > self._due and number - 1 > self._highest - self.hello.slots:
                return None  # one that may still come goes before it
            self._due = max(self._due or 0, number + 1)
            if slot.follows and self._ran != number - 1:
                slot.running = True
                self.finish(number, m.ResultStatus.NO_STATE, 0, 0, b"")
                return self.next_run()
            self._ran = number
        slot.running = True
        self._layers.inputs = bytes(slot.data)
        return Run(number, self._layers.inputs, slot.follows)

    def finish(self, sample: int, status: int, cycles: int, input_crc: int, outputs: bytes) -> None:
        """Answer a run. One that a new session has made void is forgotten."""
        self.state = step(Role.BOARD, self.state, Move.SEND_RESULT)
        slot = self._slots.get(sample)
        if slot is None or not slot.running:
            return
        del self._slots[sample]
        free = self.hello.slots - len(self._slots)
        self._kept[sample] = m.Result(sample, status, free, cycles, input_crc, len(outputs), 0, outputs)
        while len(self._kept) > self.hello.slots:
            self._kept.popitem(last=False)
        self._say_result(sample)

    def _tell_of_damage(self) -> None:
        """DAMAGED, so that what was lost is sent again before anybody waits for it. Noise without end is not answered."""
        seq = self._endpoint.next_rx_seq
        if self.state is State.SERVING and seq is not None and self._endpoint.bad_in_a_row <= m.MAX_NOTICES:
            self._outbox.append(m.Damaged(seq))

    def _say_result(self, sample: int) -> None:
        result = self._kept[sample]
        room = max(self.hello.max_frame, 512) - 64
        for at in range(0, max(1, result.total), room):
            self._outbox.append(replace(result, offset=at, data=result.data[at : at + room]))

    def _error(self, code: m.ErrorCode, frame: Frame, text: str = "") -> Literal[False]:
        self._outbox.append(m.Error(code, frame.type, frame.seq, text or code.name.lower()))
        return False

    def _take(self, frame: Frame, message: m.Message) -> None:
        if isinstance(message, m.HelloRequest):
            self._take_hello_request(frame, message)
        elif isinstance(message, m.StatusRequest):
            self._outbox.append(self._status())
        elif isinstance(message, m.FaultRequest):
            none = m.Fault(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, m.NO_SAMPLE, (), b"")
            self._outbox.append(self._fault or none)
            if message.clear:
                self._fault = None
        elif isinstance(message, m.BaudRequest):
            known = message.baud in self.hello.bauds
            self._outbox.append(m.Baud(message.baud, m.BaudStatus.OK if known else m.BaudStatus.UNSUPPORTED))
            if known:
                self.wanted_baud = message.baud
        elif isinstance(message, m.Ping):
            self._outbox.append(m.Pong(message.data))
        elif isinstance(message, m.FrontEndRequest) and self._front_end is not None:
            self._outbox.append(self._front_end)
        elif isinstance(message, m.FrontEndRequest):
            self._error(m.ErrorCode.UNKNOWN_TYPE, frame)
        elif self.state is not State.SERVING:
            self._error(m.ErrorCode.NO_SESSION, frame)
        elif isinstance(message, m.ResultRequest):
            if message.sample in self._kept:
                self._say_result(message.sample)
            elif message.sample not in self._slots:
                self._error(m.ErrorCode.UNKNOWN_SAMPLE, frame)
        elif isinstance(message, m.Chunk):
            self._take_chunk(frame, message.sample, message.offset, message.encoding, message.data)
        elif isinstance(message, m.Chunks):
            self._take_chunks(frame, message)
        elif isinstance(message, m.LayersRequest | m.LayerDataRequest):
            self._ran = None  # it runs the network, from the beginning
            answer = self._layers.answer(message)
            if isinstance(answer, m.ErrorCode):
                self._error(answer, frame)
            else:
                self._outbox.extend(answer)

    def _take_hello_request(self, frame: Frame, request: m.HelloRequest) -> None:
        if request.protocol != self.hello.protocol:
            self._error(m.ErrorCode.PROTOCOL, frame, f"this board speaks version {self.hello.protocol}")
            return
        self.state = step(Role.BOARD, self.state, Move.HELLO_REQUEST)
        self._session = request.session
        self._slots.clear()
        self._kept.clear()
        self._highest = -1
        self._ran = self._due = None
        self._next_hop = None
        self._endpoint.loss_seen = False
        self._outbox.append(replace(self.hello, session=request.session))

    def _take_chunks(self, frame: Frame, chunks: m.Chunks) -> None:
        """Each follows the one before. The first that is refused ends it: what came before that stays."""
        sample, offset = chunks.sample, chunks.chunk * self.hello.chunk_bytes
        for encoding, data in chunks.items:
            if not self._take_chunk(frame, sample, offset, encoding, data):
                return
            offset += self.hello.chunk_bytes
            if offset >= self._input_bytes:
                sample, offset = (sample + 1) & 0xFFFFFFFF, 0

    def _take_chunk(self, frame: Frame, sample: int, offset: int, encoding: int, encoded: bytes) -> bool:
        """False when it was refused."""
        size = min(self.hello.chunk_bytes, self._input_bytes - offset)
        if size <= 0 or offset % self.hello.chunk_bytes:
            return self._error(m.ErrorCode.BAD_CHUNK, frame, f"offset {offset}")
        follows = bool(encoding & m.FOLLOWS)
        data = decode_chunk(encoding & ~m.FOLLOWS, encoded, size)
        if data is None or (follows and not self._has_memory):
            return self._error(m.ErrorCode.BAD_CHUNK, frame, f"encoding {encoding} of {size} B")
        if sample in self._kept:
            self._say_result(sample)
            return True
        slot = self._slots.get(sample) or self._open_slot(frame, sample)
        if slot is None:
            return False
        slot.follows = follows
        if offset in slot.missing:
            slot.data[offset : offset + size] = data
            del slot.missing[offset]
            slot.highest = max(slot.highest, offset)
        return True

    def _open_slot(self, frame: Frame, sample: int) -> _Slot | None:
        if sample <= self._highest - self.hello.slots:
            self._error(m.ErrorCode.UNKNOWN_SAMPLE, frame)
            return None
        # The host sends this one only when those are over: a stray chunk may have opened a slot for one.
        over = [n for n, slot in self._slots.items() if n <= sample - self.hello.slots and not slot.running]
        for number in over:
            del self._slots[number]
        if len(self._slots) >= self.hello.slots:
            self._error(m.ErrorCode.NO_SLOT, frame)
            return None
        self._highest = max(self._highest, sample)
        slot = self._slots[sample] = _Slot(self._input_bytes, self.hello.chunk_bytes)
        return slot

    def _ask_for_lost(self) -> None:
        """NEED for every slot that lacks what must have been sent; once for each loss."""
        asked = False
        for number, slot in sorted(self._slots.items()):
            lost = [at for at in slot.missing if number < self._highest or at < slot.highest]
            if lost:
                self._outbox.append(m.Need(number, tuple(lost[:255])))
                asked = True
        if asked:
            self._endpoint.loss_seen = False

    def _status(self) -> m.Status:
        slots = tuple(
            m.SlotStatus(number, slot.state, tuple(slot.missing)[: m.MAX_MISSING])
            for number, slot in sorted(self._slots.items())
        )
        c = self.counters
        return m.Status(self._session, self.hello.boot, c.frames_rx, c.bad_rx, 0, 0, 0, c.bytes_rx, 0, slots)
