"""Typed verbs over one transport: hello, stream, status, ping, fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from harness.bench.transports import Transport
from harness.clock import Clock, Deadline
from harness.errors import BenchError, DeviceError, MisuseError
from harness.records import FaultReport
from harness.session import ends
from harness.session.baud import Speed
from harness.session.climb import Climbed, climb
from harness.session.pump import Pump, Tap
from harness.session.rescue import Rescue
from harness.session.restart import other_chip, restart
from harness.session.stream import (
    BoardFaultError,
    BoardGarbledError,
    BoardRefusedError,
    BoardSilentError,
    OnResult,
    OtherBoardError,
    Pace,
    Streaming,
    StreamResult,
    fault_report,
)
from harness.wire import events as ev
from harness.wire import messages as m
from harness.wire.conversation import HostConversation
from harness.wire.encodings import Encoding, Wish, needed
from harness.wire.states import State

__all__ = [
    "BoardFaultError", "BoardGarbledError", "BoardRefusedError", "BoardSilentError", "OtherBoardError", "Session", "StreamResult"
]  # fmt: skip

_E = TypeVar("_E", bound=ev.Event)
_T = TypeVar("_T")

_LISTEN_S = 0.05  # so often it is looked whether what is listened for has come
#: How often a request is repeated before the board counts as silent: when nothing comes, and when something does, be it damaged.
_TRIES, _TRIES_WHILE_HEARD = 5, 25


class Session:
    """Speaks with one board. Does not own ``transport``: who opened it closes it.

    Every verb raises BoardSilentError when nothing comes back, DeviceError when the board breaks the protocol or
    refuses, and lets BenchError of the transport through. After BoardSilentError a new ``hello`` may be tried (say,
    after a reset); after BenchError only a new Session on a new transport.

    Silence is five times ``answer_timeout_s``; that must exceed the longest inference of a board that does not answer
    while it computes. ``tap`` sees every byte. ``clock`` is the one to wait by, ``wall`` the one that streams are timed by
    (None: the same).
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        *,
        window: int | None = None,
        encoding: Wish = "auto",
        answer_timeout_s: float = 1.0,
        stuck_s: float = 30.0,
        tap: Tap | None = None,
        wall: Clock | None = None,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._wall = wall or clock
        self._answer_timeout_s = answer_timeout_s
        self._encoding = encoding
        self._conversation = HostConversation(
            window=window, answer_timeout_s=answer_timeout_s, stuck_s=stuck_s, encoding=encoding
        )
        self._pump = Pump(transport, self._conversation, clock, tap)
        self.speed = Speed(
            transport,
            self._conversation,
            clock,
            lambda baud: self._ask(lambda: self._conversation.send_baud_request(baud), ev.BaudReceived),
            lambda timeout_s: self._wait_for(ev.PongReceived, timeout_s),
        )
        self._pump.choose_speed = self.speed.choose
        self._pump.answered = self._settle
        self._held: int | None = None  # the speed that a climb has ended at
        self._slowed = False  # the board has gone back from it, and not been reset
        self._stream: Streaming | None = None  # the one under way

    @property
    def counters(self) -> ev.LinkCounters:
        """A copy of everything counted since the session was made."""
        return replace(self._conversation.counters)

    @property
    def baud(self) -> int:
        """The line's speed; 0 where it has none."""
        return self.speed.agreed_baud or 0

    def hello(self, timeout_s: float = 5.0) -> m.Hello:
        """Begin a session on the board. The caller compares identities; nothing was streamed yet.

        After a ``climb`` the board is looked for at its safe speed and at the faster one by turns.
        """
        self._conversation.send_hello(self._clock.monotonic_s(), timeout_s)
        # The conversation gives up by itself at timeout_s; the deadline only guards against a clock that jumps.
        event = self._wait_for(ev.HelloReceived, timeout_s * 2 + 1.0)
        if event is None:
            raise self._silence("HELLO", timeout_s * 2 + 1.0)
        self.speed.settle()
        wish, known = self._encoding, m.Capability(event.hello.capabilities)
        if wish != "auto" and (needs := needed(Encoding[wish.upper()])) not in known:
            raise ends.unreadable(self._where, wish, needs, known)
        return event.hello

    def restart(self, reset: Callable[[], object], timeout_s: float = 5.0) -> m.Hello:
        """Call ``reset``, which resets the board, and begin a session with it; it may be called twice.

        OtherBoardError when what answers is not what was reset, as ``hello`` when it is another chip than before.
        """

        def reset_at_safe_speed() -> None:
            self.speed.choose(safe=True)  # what a board says at its start is said at that one
            reset()

        return restart(self._conversation, self._pump, reset_at_safe_speed, lambda: self.hello(timeout_s), self._where)

    def climb(self, *, fixed: int | None = None, known: int | None = None, avoid: Sequence[int] = ()) -> Climbed:
        """Go to the fastest speed that holds, see ``climb.climb``; after a reset in mid-stream this is done anew.

        Needs a session (``hello``) and nothing under way.
        """
        hello = self._conversation.hello
        if self._conversation.state is not State.READY or hello is None:
            raise MisuseError("say hello before changing the speed", where=self._where, found=self._conversation.state)
        offered = hello.bauds if hello.capabilities & m.Capability.BAUD else ()
        self._conversation.hold = True
        try:
            climbed = climb(self.speed, offered, fixed=fixed, known=known, avoid=avoid)
        finally:
            self._conversation.hold = self._slowed = False
        self._held = climbed.baud if climbed.steps else None
        return climbed

    def ping(self, data: bytes = b"hil") -> float:
        """Round trip in seconds, from handing the bytes over to having the answer."""
        began_s = self._clock.monotonic_s()

        def send() -> None:
            nonlocal began_s
            began_s = self._clock.monotonic_s()
            self._conversation.send_ping(data)

        pong = self._ask(send, ev.PongReceived)
        if pong.data != data:
            raise DeviceError("PONG does not carry what PING did", where=self._where, expected=data, found=pong.data)
        return self._clock.monotonic_s() - began_s

    def status(self) -> m.Status:
        """The board's counters and slots."""
        return self._ask(self._conversation.send_status_request, ev.StatusReceived).status

    def fault(self, *, clear: bool = False) -> FaultReport | None:
        """The crash that the board remembers, None when there is none. ``clear`` makes it forget."""
        event = self._ask(self._conversation.send_fault_request, ev.FaultReceived)
        if clear:
            self._ask(lambda: self._conversation.send_fault_request(clear=True), ev.FaultReceived)
        return fault_report(event.fault)

    def front_end(self) -> m.FrontEnd:
        """What the board computes of a recording. BoardRefusedError from a firmware that takes none."""
        return self._ask(self._conversation.send_front_end_request, ev.FrontEndReceived).front_end

    def layers(self, input_crc: int, first: int) -> m.Layers:
        """Run the sample that ran last, whose input has that CRC-32, again: what its layers did, from ``first`` on.

        BoardRefusedError with ``unknown_sample`` when another input, or none since a reset, ran last.
        """
        received = self._ask(
            lambda: self._conversation.send_layers_request(m.LayersRequest(input_crc, first)), ev.LayersReceived
        )
        return received.layers

    def layer_data(self, input_crc: int, layer: int, offset: int, n_bytes: int) -> list[m.LayerData]:
        """The same for what one layer wrote, from byte ``offset`` on: the pieces that came, at least one, in any order.

        Pieces may be missing: ask for those again.
        """
        request = m.LayerDataRequest(input_crc, layer, offset, n_bytes)
        first = self._ask(lambda: self._conversation.send_layers_request(request), ev.LayerDataReceived)
        parts, left = [first.part], n_bytes - len(first.part.data)
        while left > 0 and (event := self._wait_for(ev.LayerDataReceived, self._answer_timeout_s)) is not None:
            if (event.part.input_crc, event.part.layer) == (input_crc, layer):
                parts.append(event.part)
                left -= len(event.part.data)
        return parts

    def listen(self, heard: Callable[[], _T | None], timeout_s: float) -> _T | None:
        """Take what the board says until ``heard`` gives something; None when it does not for ``timeout_s``.

        Needs no session. Errors as for any verb: what the board says of itself meanwhile is not overheard.
        """
        deadline = Deadline.after(self._clock, timeout_s)
        while (found := heard()) is None:
            event = self._pump.next_event(Deadline.after(self._clock, min(_LISTEN_S, deadline.left_s())))
            if isinstance(event, ev.HelloReceived):
                self._climb_again(None)  # the board was reset
            elif isinstance(event, ev.FaultReceived):
                self._unless_crashed(event.fault)
            elif event is not None:
                self._other(event)
            elif deadline.passed:
                return heard()
        return found

    def stream(
        self,
        samples: Sequence[bytes],
        on_result: OnResult | None = None,
        window: int | None = None,
        timeout_s: float | None = None,
        rescue: Rescue | None = None,
        quiet: int = 0,
        follows: Sequence[bool] | None = None,
        pace: Pace | None = None,
    ) -> StreamResult:
        """Send every sample, collect every answer, each once; ``on_result(index, result)`` as they come, in any order.

        A sample is all input tensors back to back. ``window`` overrides the session's. Resets of the board are survived, but one
        by its fault handler raises BoardFaultError. A sample that the board answers with an error status has a result with that
        status. ``timeout_s`` bounds the whole stream: what is open then is lost. A line that lets none through is a BenchError.
        ``rescue`` says what to do about silence and a lost line, which else end the stream. ``on_result`` may raise; the session
        is then still good for a new ``hello``. The first ``quiet`` go alone: no interrupt is in their cycles. ``follows``: which
        go on from a memory. ``pace``: none is held back, and none goes alone. A ``Supply`` ends it when it has no more.
        """
        if self._conversation.state is not State.READY:
            raise MisuseError("say hello before streaming", where=self._where, found=self._conversation.state)
        if window is not None:
            self._conversation.window = window
        now_s = self._wall.monotonic_s()
        self._stream = stream = Streaming(self._conversation, samples, now_s, on_result, quiet, follows, pace)
        deadline = Deadline.after(self._clock, float("inf") if timeout_s is None else timeout_s)
        try:
            while True:
                if self._slowed and self._conversation.state is State.READY and not stream.complete:
                    self._regain_speed(stream, rescue or Rescue())
                next_s = stream.feed(self._clock.monotonic_s())
                if stream.complete:
                    break
                until = deadline if next_s is None else deadline.sooner(next_s)
                event = self._next_event(until, stream, rescue or Rescue())
                if event is None and deadline.passed:
                    stream.lose_rest(f"no answer within {timeout_s} s")
                    break
                if isinstance(event, ev.Silent):
                    error = self._silence(event.waiting_for, event.quiet_s, event.n_bytes)
                    self._revive(error, stream, rescue or Rescue())
                elif isinstance(event, ev.HelloReceived):
                    self._climb_again(stream)
                elif event is not None:
                    self._other(event)
        except (BoardSilentError, BoardFaultError) as error:
            error.partial = self._outcome(stream)
            raise
        finally:
            self._stream = None
            self._conversation.forget_samples()
        return self._outcome(stream)

    def move_to(self, transport: Transport) -> None:
        """Go on over another transport, after the one before has ended."""
        self._transport = transport
        self._pump.replace_transport(transport)
        self.speed.replace(transport)
        self._conversation.line_replaced(self._clock.monotonic_s())

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"wire over {self._transport.name}"

    def _next_event(self, deadline: Deadline, stream: Streaming, rescue: Rescue) -> ev.Event | None:
        while True:
            try:
                return self._pump.next_event(deadline)
            except BenchError as gone:
                if rescue.reopen is None or len(stream.reopened) >= rescue.most_reopenings:
                    raise
                self.move_to(rescue.reopen(gone))
                stream.reopened.append(self._transport.name)

    def _settle(self) -> None:
        self._slowed = self.speed.settle() or self._slowed

    def _regain_speed(self, stream: Streaming, rescue: Rescue) -> None:
        """The board has gone back to its safe speed in mid-session, say, since this host was late: climb, and lose nothing."""
        self._conversation.hold = True
        try:
            # What it says while the speed changes would be lost, so it finishes first what it has.
            busy = sum(slot.state != m.SlotState.RECEIVING for slot in self.status().slots)
            limit = Deadline.after(self._clock, self._answer_timeout_s)
            while busy > 0 and (event := self._next_event(limit, stream, rescue)) is not None:
                limit = Deadline.after(self._clock, self._answer_timeout_s)
                busy -= isinstance(event, ev.ResultReceived)
                self._other(event)
            self._climb_again(stream)
        except BoardSilentError as error:
            self._revive(error, stream, rescue)
        finally:
            self._conversation.hold = False

    def _revive(self, error: BoardSilentError, stream: Streaming, rescue: Rescue) -> None:
        """Reset the silent board and go on, if that may still help: ``error`` otherwise."""
        over = self._conversation.oldest
        if rescue.revive is None or len(stream.revived) >= rescue.most_revivals or over in stream.revived_over:
            raise error
        stream.revived_over.add(over)
        words: list[str] = []
        revive = rescue.revive
        try:
            self.restart(lambda: words.append(revive()), self._answer_timeout_s * 2)
        except BoardSilentError:
            raise error from None
        stream.revived.append(words[0])
        self._climb_again(stream)

    def _climb_again(self, stream: Streaming | None) -> None:
        """The board has started anew, at its safe speed: go back to the one that had held, and not beyond."""
        self.speed.settle()
        hello, held = self._conversation.hello, self._held
        if hello is not None and held is not None and self.speed.agreed_baud == self.speed.safe_baud:
            climbed = self.climb(known=held, avoid=[baud for baud in hello.bauds if baud > held])
            if stream is not None:
                stream.climbs += climbed.steps

    def _outcome(self, stream: Streaming) -> StreamResult:
        return stream.outcome(self._wall.monotonic_s(), self.speed.agreed_baud)

    def _ask(self, send: Callable[[], None], kind: type[_E]) -> _E:
        """Send a request until it is answered: requests and answers may be lost.

        A board of which anything is heard, be it damaged, is not silent, so it is asked more often. One that does not answer
        at the speed agreed on may have gone back to the safe one: it is asked at both by turns.
        """
        began_s, unheard = self._clock.monotonic_s(), 0
        for n in range(_TRIES_WHILE_HEARD):
            heard = self._conversation.counters.bytes_rx
            self.speed.choose(safe=n % 2 == 1)
            send()
            event = self._wait_for(kind, self._answer_timeout_s)
            if event is not None:
                self._settle()
                return event
            unheard = unheard + 1 if self._conversation.counters.bytes_rx == heard else 0
            if unheard == _TRIES:
                break
        quiet_s = self._clock.monotonic_s() - began_s
        raise self._silence(kind.__name__.removesuffix("Received").upper(), quiet_s, self._conversation.noise.n_bytes)

    def _wait_for(self, kind: type[_E], timeout_s: float) -> _E | None:
        deadline = Deadline.after(self._clock, timeout_s)
        while (event := self._pump.next_event(deadline)) is not None:
            if isinstance(event, kind):
                return event
            self._other(event)
        return None

    def _other(self, event: ev.Event) -> None:
        """Events that no verb waits for: some belong to the stream under way, some are the end."""
        stream = self._stream
        if isinstance(event, ev.Silent):
            raise self._silence(event.waiting_for, event.quiet_s, event.n_bytes)
        if isinstance(event, ev.Violation):
            raise ends.violation(event, self._where)
        if isinstance(event, ev.OtherBoard):
            raise other_chip(event, self._where)
        if isinstance(event, ev.Refused):
            raise ends.refusal(event, self._where)
        if stream is None:
            return
        if isinstance(event, ev.SampleLost) and event.damaged:
            raise ends.worn(event, self._where)
        if isinstance(event, ev.FaultReceived):
            self._unless_crashed(event.fault)
        stream.take(event)

    def _unless_crashed(self, fault: m.Fault) -> None:
        crashed = ends.crash(fault, self._conversation.hello, self._where)
        if crashed is not None:
            raise crashed

    def _silence(self, waiting_for: str, quiet_s: float, noise_bytes: int = 0) -> BoardSilentError:
        counted = self._conversation.counters.describe()
        return ends.silence(self._where, waiting_for, quiet_s, noise_bytes, counted)
