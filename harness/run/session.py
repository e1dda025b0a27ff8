"""Typed verbs over one transport: hello, stream, status, ping, fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from harness.bench.transports import Transport
from harness.clock import Clock, Deadline
from harness.errors import DeviceError, MisuseError
from harness.records import FaultReport
from harness.run.pump import Pump, Tap
from harness.wire import messages as m
from harness.wire.conversation import HostConversation
from harness.wire.events import (
    BoardReset,
    Event,
    FaultReceived,
    HelloReceived,
    LayerDataReceived,
    LayersReceived,
    LinkCounters,
    PongReceived,
    Refused,
    ResultReceived,
    SampleLost,
    Silent,
    StatusReceived,
    Violation,
)
from harness.wire.states import State

OnResult = Callable[[int, ResultReceived], None]
_E = TypeVar("_E", bound=Event)

#: How often a request of the caller (ping, status, fault) is repeated before the board counts as silent.
_TRIES = 5


@dataclass(frozen=True)
class StreamResult:
    """What came of a stream. ``results[i]`` answers ``samples[i]``, None where there is no answer.

    ``lost`` says why for each sample without one. ``counters`` are of this stream alone. ``baud`` is None on a line
    without a speed.
    """

    results: tuple[ResultReceived | None, ...]
    lost: dict[int, str]
    counters: LinkCounters
    wall_s: float
    resets: tuple[BoardReset, ...]
    baud: int | None

    @property
    def line_use(self) -> float:
        """Share of the line towards the board that useful data took (``LinkCounters.line_use``); 0 without a speed."""
        return self.counters.line_use(self.baud or 0, self.wall_s)

    @property
    def misread(self) -> tuple[int, ...]:
        """Indices of samples that the engine read differently from what was meant, by their CRC-32."""
        return tuple(i for i, r in enumerate(self.results) if r is not None and r.input_crc != r.sent_crc)


class BoardSilentError(DeviceError):
    """The board no longer answers. Whose fault that is, the probe can tell. ``partial``: what a stream had."""

    partial: StreamResult | None = None


class BoardRefusedError(DeviceError):
    """The board answered ERROR: ``code`` is one of ``messages.ErrorCode``."""

    code: int = 0


class BoardFaultError(DeviceError):
    """The board's fault handler has reset it. ``report`` is what it kept, ``partial`` what a stream had by then."""

    report: FaultReport | None = None
    partial: StreamResult | None = None


class Session:
    """Speaks with one board. Does not own ``transport``: who opened it closes it.

    Every verb raises BoardSilentError when nothing comes back, DeviceError when the board breaks the protocol or
    refuses, and lets BenchError of the transport through. After BoardSilentError a new ``hello`` may be tried (say,
    after a reset); after BenchError only a new Session on a new transport.

    Silence is five times ``answer_timeout_s``; that must exceed the longest inference of a board that does not answer
    while it computes. ``tap`` sees every byte.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        *,
        window: int | None = 1,
        answer_timeout_s: float = 1.0,
        stuck_s: float = 30.0,
        tap: Tap | None = None,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._answer_timeout_s = answer_timeout_s
        bytes_per_s = transport.baud / 10 if transport.baud else None
        self._conversation = HostConversation(
            window=window, answer_timeout_s=answer_timeout_s, stuck_s=stuck_s, bytes_per_s=bytes_per_s
        )
        self._pump = Pump(transport, self._conversation, clock, tap)

    @property
    def counters(self) -> LinkCounters:
        """A copy of everything counted since the session was made."""
        return replace(self._conversation.counters)

    def hello(self, timeout_s: float = 5.0) -> m.Hello:
        """Begin a session on the board. The caller compares identities; nothing was streamed yet."""
        self._conversation.send_hello(self._clock.monotonic_s(), timeout_s)
        # The conversation gives up by itself at timeout_s; the deadline only guards against a clock that jumps.
        return self._await(HelloReceived, timeout_s * 2 + 1.0).hello

    def ping(self, data: bytes = b"hil") -> float:
        """Round trip in seconds, from handing the bytes over to having the answer."""
        began_s = self._clock.monotonic_s()

        def send() -> None:
            nonlocal began_s
            began_s = self._clock.monotonic_s()
            self._conversation.send_ping(data)

        pong = self._ask(send, PongReceived)
        if pong.data != data:
            raise DeviceError("PONG does not carry what PING did", where=self._where, expected=data, found=pong.data)
        return self._clock.monotonic_s() - began_s

    def status(self) -> m.Status:
        """The board's counters and slots."""
        return self._ask(self._conversation.send_status_request, StatusReceived).status

    def fault(self, *, clear: bool = False) -> FaultReport | None:
        """The crash that the board remembers, None when there is none. ``clear`` makes it forget."""
        event = self._ask(self._conversation.send_fault_request, FaultReceived)
        if clear:
            self._ask(lambda: self._conversation.send_fault_request(clear=True), FaultReceived)
        return fault_report(event.fault)

    def layers(self, input_crc: int, first: int) -> m.Layers:
        """Run the sample that ran last, whose input has that CRC-32, again: what its layers did, from ``first`` on.

        BoardRefusedError with ``unknown_sample`` when another input, or none since a reset, ran last.
        """
        received = self._ask(lambda: self._conversation.send_layers_request(input_crc, first), LayersReceived)
        return received.layers

    def layer_data(self, input_crc: int, layer: int, offset: int, n_bytes: int) -> list[m.LayerData]:
        """The same for what one layer wrote, from byte ``offset`` on: the pieces that came, at least one, in any order.

        Pieces may be missing: ask for those again.
        """
        wanted = {"input_crc": input_crc, "layer": layer}
        first = self._ask(
            lambda: self._conversation.send_layer_data_request(input_crc, layer, offset, n_bytes), LayerDataReceived
        )
        parts, left = [first.part], n_bytes - len(first.part.data)
        while left > 0:
            event = self._wait_for(LayerDataReceived, self._answer_timeout_s)
            if event is None:
                break
            if all(getattr(event.part, name) == value for name, value in wanted.items()):
                parts.append(event.part)
                left -= len(event.part.data)
        return parts

    def stream(
        self,
        samples: Sequence[bytes],
        on_result: OnResult | None = None,
        window: int | None = None,
        timeout_s: float | None = None,
    ) -> StreamResult:
        """Send every sample, collect every answer, each once; ``on_result(index, result)`` as they come, in any order.

        A sample is all input tensors back to back. ``window`` overrides the session's. Resets of the board are survived
        (``resets``), but one by its fault handler raises BoardFaultError with the report. A sample that the board
        answers with an error status has a result with that status. ``timeout_s`` bounds the whole stream: what is open
        then is lost. ``on_result`` may raise; the session is then still good for a new ``hello``. A crash report stays
        on the board until ``fault(clear=True)``.
        """
        if self._conversation.state is not State.READY:
            raise MisuseError("say hello before streaming", where=self._where, found=self._conversation.state)
        if window is not None:
            self._conversation.window = window
        stream = _Stream(self._conversation, samples, self._clock.monotonic_s(), self._transport.baud)
        deadline = Deadline.after(self._clock, float("inf") if timeout_s is None else timeout_s)
        try:
            while not stream.complete:
                stream.feed()
                event = self._pump.next_event(deadline)
                if event is None:
                    stream.lose_rest(f"no answer within {timeout_s} s")
                    break
                if isinstance(event, ResultReceived):
                    stream.results[event.key] = event
                    if on_result is not None:
                        on_result(event.key, event)
                else:
                    self._other(event, stream)
        finally:
            self._conversation.forget_samples()
        return stream.outcome(self._clock.monotonic_s())

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"wire over {self._transport.name}"

    def _ask(self, send: Callable[[], None], kind: type[_E]) -> _E:
        """Send a request until it is answered: requests and answers may be lost."""
        for _ in range(_TRIES):
            send()
            event = self._wait_for(kind, self._answer_timeout_s)
            if event is not None:
                return event
        raise self._silence(kind.__name__.removesuffix("Received").upper(), _TRIES * self._answer_timeout_s)

    def _await(self, kind: type[_E], timeout_s: float) -> _E:
        event = self._wait_for(kind, timeout_s)
        if event is None:
            raise self._silence(kind.__name__.removesuffix("Received").upper(), timeout_s)
        return event

    def _wait_for(self, kind: type[_E], timeout_s: float) -> _E | None:
        deadline = Deadline.after(self._clock, timeout_s)
        while (event := self._pump.next_event(deadline)) is not None:
            if isinstance(event, kind):
                return event
            self._other(event, None)
        return None

    def _other(self, event: Event, stream: _Stream | None) -> None:
        """Events that no verb waits for: some are remembered, some are the end."""
        if isinstance(event, Silent):
            error = self._silence(event.waiting_for, event.quiet_s)
            error.partial = stream.outcome(self._clock.monotonic_s()) if stream else None
            raise error
        if isinstance(event, Violation):
            raise DeviceError(
                event.what,
                where=self._where,
                expected=event.expected,
                found=event.found,
                next_step="flash the firmware that belongs to this version of the harness",
            )
        if isinstance(event, Refused):
            code = next((c.name.lower() for c in m.ErrorCode if c == event.code), str(event.code))
            entry = m.TABLE.get(event.type)
            refused = BoardRefusedError(
                "the board refused a message",
                where=f"{self._where}, {entry.name if entry else hex(event.type)}",
                found=f"{code}: {event.text}",
            )
            refused.code = event.code
            raise refused
        if stream is None:
            return
        if isinstance(event, SampleLost):
            stream.lost[event.key] = event.reason
        elif isinstance(event, BoardReset):
            stream.resets.append(event)
        elif isinstance(event, FaultReceived):
            self._faulted(event.fault, stream)

    def _faulted(self, fault: m.Fault, stream: _Stream) -> None:
        report = fault_report(fault)
        hello = self._conversation.hello
        if report is None or hello is None or hello.reset_cause != m.ResetCause.FAULT:
            return  # an old report: this reset had another cause
        error = BoardFaultError(
            "the board crashed while streaming",
            where=f"{self._where}, pc 0x{report.pc:08x}, lr 0x{report.lr:08x}",
            found=f"CFSR 0x{report.cfsr:08x}, HFSR 0x{report.hfsr:08x}, BFAR 0x{report.bfar:08x},"
            f" last message {report.last_message or 'none'}",
            next_step="look the pc up in the ELF: addr2line -e fw.elf <pc>",
        )
        error.report = report
        error.partial = stream.outcome(self._clock.monotonic_s())
        raise error

    def _silence(self, waiting_for: str, quiet_s: float) -> BoardSilentError:
        return BoardSilentError(
            "the board is silent",
            where=self._where,
            expected=waiting_for,
            found=f"nothing good for {quiet_s:.1f} s; {self._conversation.counters.describe()}",
            next_step="ask the probe: is the core running, halted or locked up?",
        )


class _Stream:
    """Bookkeeping of one ``stream``."""

    def __init__(
        self, conversation: HostConversation, samples: Sequence[bytes], began_s: float, baud: int | None
    ) -> None:
        self._conversation = conversation
        self._samples = samples
        self._began_s = began_s
        self._baud = baud
        self._before = replace(conversation.counters)
        self._fed = 0
        self.results: dict[int, ResultReceived] = {}
        self.lost: dict[int, str] = {}
        self.resets: list[BoardReset] = []

    @property
    def complete(self) -> bool:
        """Whether every sample is over."""
        return len(self.results) + len(self.lost) >= len(self._samples)

    def feed(self) -> None:
        """Hand over the next samples, a few ahead of the window: a data set need not lie in memory twice."""
        ahead = 256 if self._conversation.window is None else self._conversation.window + 1
        while self._fed < len(self._samples) and self._conversation.unanswered < ahead:
            self._conversation.send_sample(self._fed, self._samples[self._fed])
            self._fed += 1

    def lose_rest(self, reason: str) -> None:
        """Everything that is not over is lost."""
        for index in range(len(self._samples)):
            if index not in self.results:
                self.lost.setdefault(index, reason)

    def outcome(self, now_s: float) -> StreamResult:
        """What has come of it by now."""
        counters = self._conversation.counters
        spent = LinkCounters(
            **{part.name: getattr(counters, part.name) - getattr(self._before, part.name) for part in fields(counters)}
        )
        return StreamResult(
            results=tuple(self.results.get(index) for index in range(len(self._samples))),
            lost=dict(self.lost),
            counters=spent,
            wall_s=now_s - self._began_s,
            resets=tuple(self.resets),
            baud=self._baud,
        )


def fault_report(fault: m.Fault) -> FaultReport | None:
    """FAULT as the record keeps it; symbols are added by who has the ELF. None when the board keeps no crash."""
    if not fault.valid:
        return None
    last = m.TABLE.get(fault.last_type)
    return FaultReport(
        pc=fault.pc,
        lr=fault.lr,
        sp=fault.sp,
        psr=fault.psr,
        cfsr=fault.cfsr,
        hfsr=fault.hfsr,
        bfar=fault.bfar,
        mmfar=fault.mmfar,
        backtrace=fault.backtrace,
        last_message=last.name if last else "",
        sample=None if fault.sample == m.NO_SAMPLE else fault.sample,
    )
