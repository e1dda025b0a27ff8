"""A board without a board: the wire in the board's role around a function of your own, and the faults that boards have.

    device = FakeDevice(hello_for([784], [10]), lambda data: network(data), compute_s=0.010)
    transport = MemoryTransport(device, clock)

It speaks through ``harness.wire.board``, which the same vectors and tests hold as the firmware.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.wire import messages as m
from harness.wire.board import BoardConversation
from harness.wire.layer_show import ShowLayers


class Fault(StrEnum):
    """What can be wrong. n counts from 0: RESULT frames where not said otherwise."""

    SILENT = "silent"  # says nothing more from RESULT n on
    LATE = "late"  # RESULT n comes ``late_s`` later
    BAD_CRC = "bad_crc"  # RESULT n is damaged on the board, after its CRC was taken
    HALF_FRAME = "half_frame"  # RESULT n ends in the middle, without delimiter
    DROP_BYTE = "drop_byte"  # one byte of RESULT n never comes
    INSERT_BYTE = "insert_byte"  # one byte too many comes in RESULT n
    DUPLICATE_FRAME = "duplicate_frame"  # RESULT n comes twice
    REORDER = "reorder"  # RESULT n comes behind the frame after it
    NOISE = "noise"  # a line of text comes before RESULT n
    RESET = "reset"  # the board is reset (watchdog) when n bytes have come in
    CRASH = "crash"  # run n ends in a hard fault: reset with a fault report
    WRONG_PROTOCOL = "wrong_protocol"  # speaks another version
    WRONG_MODEL = "wrong_model"  # HELLO has another model hash
    WRONG_SIZE = "wrong_size"  # RESULT n has one byte too few, with a good CRC
    WRONG_INPUT = "wrong_input"  # the engine reads run n's input with one bit changed, and says so by its CRC
    ENGINE_ERROR = "engine_error"  # run n has the status of an engine error


#: What the board can read beside raw data.
ENCODINGS = m.Capability.ZERO_RUNS | m.Capability.FILL_RUNS | m.Capability.DIFFERENCES


@dataclass(frozen=True)
class Injection:
    """One fault at one moment."""

    fault: Fault
    at: int = 0


def hello_for(
    input_shape: Sequence[int],
    output_shape: Sequence[int],
    *,
    dtype: m.DType = m.DType.INT8,
    slots: int = 2,
    chunk_bytes: int = 1024,
    capabilities: m.Capability = ENCODINGS | m.Capability.CHUNKS | m.Capability.FAULT | m.Capability.CYCLES,
    model_sha256: bytes = bytes(32),
    board: str = "fake",
    build_id: str = "fake-build",
    chip_id: bytes = b"",
) -> m.Hello:
    """A HELLO with one input and one output of that shape. Change the rest with ``dataclasses.replace``."""
    tensor = m.TensorSpec(dtype, tuple(input_shape), 0.0 if dtype is m.DType.FLOAT32 else 1.0, 0, "input")
    return m.Hello(
        protocol=m.PROTOCOL,
        session=0,
        boot=1,
        reset_cause=m.ResetCause.POWER,
        flags=0,
        slots=slots,
        max_frame=chunk_bytes + 16,
        chunk_bytes=chunk_bytes,
        clock_hz=180_000_000,
        clock_source=m.ClockSource.INTERNAL,
        capabilities=capabilities,
        model_sha256=model_sha256,
        chip_id=chip_id,
        board=board,
        build_id=build_id,
        engine="fake",
        engine_version="1",
        bauds=(115_200, 921_600),
        inputs=(tensor,),
        outputs=(replace(tensor, dims=tuple(output_shape), name="output"),),
    )


class FakeDevice:
    """A ``Peer`` for ``MemoryTransport``. ``compute`` makes all outputs from all inputs, raw and back to back.

    A run takes ``compute_s`` (the board receives meanwhile) and ``cycles`` are that time at the clock of ``hello``.
    A reset leaves the board deaf for ``boot_s``.
    ``show_layers`` is per-layer mode. ``forget`` resets what ``compute`` remembers, where ``hello`` says that it does;
    it is called before each sample that does not go on from another. ``seen`` holds every
    input that the engine read, in order.
    """

    def __init__(
        self,
        hello: m.Hello,
        compute: Callable[[bytes], bytes],
        *,
        forget: Callable[[], None] | None = None,
        compute_s: float = 0.0,
        boot_s: float = 0.001,
        late_s: float = 1.0,
        inject: Sequence[Injection] = (),
        show_layers: ShowLayers | None = None,
    ) -> None:
        self._hello = self._wrong(hello, inject)
        self._show_layers = show_layers
        self._compute = compute
        self._forget = forget
        self._compute_s = compute_s
        self._boot_s = boot_s
        self._late_s = late_s
        self._inject = list(inject)
        self._report: m.Fault | None = None
        self._out: list[tuple[float, bytes]] = []  # when, one frame
        self._held = b""  # a frame that waits for the next one to overtake it
        self._silent = False
        self._deaf_until_s: float | None = None
        self._n_bytes = 0
        self._n_results = 0
        self._n_runs = 0
        self._done: tuple[float, Callable[[], None]] | None = None
        self.seen: list[bytes] = []
        self.resets = 0
        self.board = BoardConversation(self._hello, None, show_layers)

    @staticmethod
    def _wrong(hello: m.Hello, inject: Sequence[Injection]) -> m.Hello:
        faults = {injection.fault for injection in inject}
        if Fault.WRONG_PROTOCOL in faults:
            hello = replace(hello, protocol=hello.protocol + 1)
        if Fault.WRONG_MODEL in faults:
            hello = replace(hello, model_sha256=bytes(byte ^ 0xFF for byte in hello.model_sha256))
        return hello

    # -- Peer ----------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """See Peer."""
        self._wake(now_s)
        cut = next((i for i in self._inject if i.fault is Fault.RESET and i.at < self._n_bytes + len(data)), None)
        if cut is not None:
            self._inject.remove(cut)
            first = data[: max(0, cut.at - self._n_bytes)]
            self._take(first, now_s)
            self.reset(now_s)
            data = data[len(first) :]
        self._take(data, now_s)

    def send(self, now_s: float) -> bytes:
        """See Peer."""
        self._wake(now_s)
        self._collect(now_s)
        due = [frame for at_s, frame in self._out if at_s <= now_s]
        self._out = [(at_s, frame) for at_s, frame in self._out if at_s > now_s]
        return b"".join(due)

    def next_due_s(self) -> float | None:
        """See Peer."""
        moments = [at_s for at_s, _ in self._out]
        if self._done is not None:
            moments.append(self._done[0])
        if self._deaf_until_s is not None:
            moments.append(self._deaf_until_s)
        return min(moments, default=None)

    # -- the board's life ----------------------------------------------------------------------------------------------

    def reset(self, now_s: float, cause: m.ResetCause = m.ResetCause.WATCHDOG) -> None:
        """Start anew: everything but the fault report is forgotten."""
        self.resets += 1
        lost = m.Flag.SAMPLE_LOST if self._done is not None else m.Flag(0)
        kept = m.Flag.FAULT_KEPT if self._report is not None else m.Flag(0)
        boot = (self.board.hello.boot + 0x9E3779B1) & 0xFFFFFFFF
        self._hello = replace(self._hello, boot=boot, reset_cause=cause, flags=lost | kept)
        self._out.clear()
        self._held = b""
        self._done = None
        self._deaf_until_s = now_s + self._boot_s

    def _take(self, data: bytes, now_s: float) -> None:
        self._n_bytes += len(data)
        if self._deaf_until_s is None:
            self.board.receive_data(data)
            self._start(now_s)

    def _wake(self, now_s: float) -> None:
        if self._deaf_until_s is not None and now_s >= self._deaf_until_s:
            self._deaf_until_s = None
            self.board = BoardConversation(self._hello, self._report, self._show_layers)
            self.board.boot()
        while self._done is not None and now_s >= self._done[0]:
            finish, self._done = self._done[1], None
            finish()
            self._collect(now_s)
            self._start(now_s)

    def _start(self, now_s: float) -> None:
        if self._done is not None or self._deaf_until_s is not None:
            return
        run = self.board.next_run()
        if run is None:
            return
        n, self._n_runs = self._n_runs, self._n_runs + 1
        if self._take_injection(Fault.CRASH, n):
            self._done = (now_s + self._compute_s, lambda: self._crash(run.sample, now_s + self._compute_s))
            return
        data = run.data
        if self._take_injection(Fault.WRONG_INPUT, n):
            data = bytes([data[0] ^ 1]) + data[1:]
        status = m.ResultStatus.ENGINE if self._take_injection(Fault.ENGINE_ERROR, n) else m.ResultStatus.OK

        def finish() -> None:
            self.seen.append(data)
            if self._forget is not None and not run.follows:
                self._forget()
            outputs = self._compute(data)
            if self._take_injection(Fault.WRONG_SIZE, n):
                outputs = outputs[:-1]
            cycles = round(self._compute_s * self._hello.clock_hz)
            self.board.finish(run.sample, status, cycles, zlib.crc32(data), outputs)

        self._done = (now_s + self._compute_s, finish)
        self._wake(now_s)

    def _crash(self, sample: int, now_s: float) -> None:
        pc, lr, sp = 0x0800_1234, 0x0800_0FF1, 0x2001_FF00
        self._report = m.Fault(
            1, pc, lr, 0x6100_0003, sp, 0x8200, 0x4000_0000, 0xE000_0000, 0, 3, m.Chunk.TYPE, sample, (pc, lr), bytes(8)
        )
        self.reset(now_s, m.ResetCause.FAULT)

    # -- what leaves ---------------------------------------------------------------------------------------------------

    def _take_injection(self, fault: Fault, n: int) -> bool:
        wanted = Injection(fault, n)
        if wanted in self._inject:
            self._inject.remove(wanted)
            return True
        return False

    def _collect(self, now_s: float) -> None:
        """Move what the board has to say to the line, with the faults that lie on the way."""
        if self._deaf_until_s is not None:
            return
        for piece in self.board.data_to_send().split(b"\0"):
            if not piece:
                continue
            frame, at_s = piece + b"\0", now_s
            # The first COBS group holds the type: no type of a board's message is 00.
            if piece[1] == m.Result.TYPE:
                frame, at_s = self._spoil(frame, now_s)
            if frame and not self._silent:
                self._out.append((at_s, frame + self._held))
                self._held = b""

    def _spoil(self, frame: bytes, now_s: float) -> tuple[bytes, float]:
        n, self._n_results = self._n_results, self._n_results + 1
        middle = len(frame) // 2
        self._silent = self._silent or self._take_injection(Fault.SILENT, n)
        at_s = now_s + self._late_s if self._take_injection(Fault.LATE, n) else now_s
        if self._take_injection(Fault.BAD_CRC, n):
            frame = frame[:middle] + bytes([frame[middle] ^ 0x10 or 0x11]) + frame[middle + 1 :]
        if self._take_injection(Fault.HALF_FRAME, n):
            frame = frame[:middle]
        if self._take_injection(Fault.DROP_BYTE, n):
            frame = frame[:middle] + frame[middle + 1 :]
        if self._take_injection(Fault.INSERT_BYTE, n):
            frame = frame[:middle] + b"\x55" + frame[middle:]
        if self._take_injection(Fault.DUPLICATE_FRAME, n):
            frame += frame
        if self._take_injection(Fault.NOISE, n):
            frame = b"assertion failed\r\n\0" + frame
        if self._take_injection(Fault.REORDER, n):
            self._held, frame = frame, b""
        return frame, at_s
