"""The host's side of the wire, without any input or output of its own (after h11).

    conversation.send_hello(now_s)                 # verbs queue what is to be said
    line.write(conversation.data_to_send(now_s))   # the caller moves bytes ...
    conversation.receive_data(line.read(), now_s)  # ... in both directions
    while (event := conversation.next_event()) is not None: ...

Time is passed in. ``tick`` must be called no later than ``next_timeout_s`` says. One method gives *all* bytes to write,
because repairs come up on receiving and on time-outs too, and because it lets a repeat overtake samples that have not
left yet. The board's side is ``harness.wire.board``; ``harness.session.pump`` joins this to a transport.

What the board sends never raises. A board that breaks the protocol in a frame with a good CRC yields ``Violation``.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from harness.wire import events as ev
from harness.wire import messages as m
from harness.wire.encodings import Wish
from harness.wire.endpoint import Endpoint
from harness.wire.framing import BadFrame
from harness.wire.patience import Noise, Patience
from harness.wire.repair import Repair
from harness.wire.requests import Requests
from harness.wire.settings import Settings
from harness.wire.states import HOST_TAKES, Move, Role, State, step


def _random_session() -> int:
    return random.getrandbits(32)


class HostConversation(Requests, Settings):
    """Says hello, streams samples, repairs what the line loses and survives resets of the board.

    ``window`` is how many samples may be under way at once: a number (the board's ``slots`` are the limit) or None for
    all of them. For the times see ``Patience``; ``stuck_s`` is how long a board that does answer may get no further.
    ``encoding``: "auto" takes the shortest form of each chunk, any other the one named where it fits.
    ``max_resets`` is how often the board may be reset over one sample before that sample is given up.
    """

    def __init__(
        self,
        *,
        window: int | None = None,
        answer_timeout_s: float = 1.0,
        rounds: int = 5,
        stuck_s: float = 30.0,
        max_resets: int = 3,
        bytes_per_s: float | None = None,
        encoding: Wish = "auto",
        draw_session: Callable[[], int] = _random_session,
    ) -> None:
        self.counters = ev.LinkCounters()
        self.state = State.IDLE
        #: The last HELLO, None before the first.
        self.hello: m.Hello | None = None
        #: The number of the last BOOT, None before the first. The caller may set it back.
        self.announced: int | None = None
        self._events: deque[ev.Event] = deque()
        self._control: deque[m.Message] = deque()
        self._endpoint = Endpoint(self.counters)
        self._patience = Patience(answer_timeout_s, rounds, bytes_per_s)
        self._repair = Repair(
            self.counters, self._patience, self._emit, self._control.append, window, stuck_s, max_resets, encoding
        )
        self.window = window
        self._draw_session = draw_session
        self._session = 0
        #: Bytes that have come since the last good frame.
        self.noise = Noise()
        self._last_sent = (0, 0)  # frame and seq
        self._attempt = 0  # questions, or greetings, since the last good frame
        self.hold = False  # while set no chunks leave, and none are asked about: the speed is being changed
        self._greet_at_s = self._greet_every_s = 0.0
        self._greet_from_s = self._greet_until_s = 0.0
        self._rejoining = False  # the greeting follows a reset of the board, not the caller's wish
        self._fault_wanted = False  # the caller, or a rejoin, waits for a fault report
        self._fault_first = False  # samples wait for it

    # -- verbs ---------------------------------------------------------------------------------------------------------

    def send_hello(self, now_s: float, timeout_s: float | None = None) -> None:
        """Begin a new session, in which unanswered samples are sent anew. ``timeout_s`` None: as for silence."""
        self._move(Move.SEND_HELLO)
        self._rejoining = False
        self._repair.begin_again(now_s)
        self._greet(now_s, timeout_s)

    def send_sample(self, key: int, data: bytes, *, follows: bool = False) -> None:
        """Queue a sample: all input tensors back to back. ``key`` comes back with its result; use each once.

        ``follows``: a network with a memory goes on from the sample before it (``ordered``); else it begins anew with this one.
        """
        self._move(Move.SEND_SAMPLE)
        self._repair.add(key, data, follows=follows)

    def send_fault_request(self, *, clear: bool = False) -> None:
        """Queue a FAULT_REQUEST; ``FaultReceived`` comes back. ``clear`` makes the board forget the report."""
        self._request(m.FaultRequest(int(clear)))
        self._fault_wanted = True

    def line_replaced(self, now_s: float) -> None:
        """The bytes go another way from now on: what was under way on the old one is lost, and asked about at once."""
        self._endpoint.forget_frame_begun()
        self._patience.begin(now_s)
        if self.state is State.READY and self._repair.awaits:
            self._repair.ask(now_s)

    def forget_samples(self) -> None:
        """Give up every sample that was not answered, without events; the next ones are not ``ordered``."""
        self._repair.window.clear()
        self._repair.ordered = False

    def close(self) -> None:
        """Nothing more will be said or taken. May be called again."""
        self._move(Move.CLOSE)
        self._control.clear()
        self.forget_samples()

    @property
    def unanswered(self) -> int:
        """Samples that were queued and are not over."""
        return len(self._repair.window)

    @property
    def oldest(self) -> int | None:
        """The key of the sample under way longest, or next to be; None when there is none."""
        return self._repair.window.oldest_key()

    @property
    def at_safe_speed(self) -> bool | None:
        """Whether a board that does not answer is best asked next at the speed it starts with; None while it answers.

        Greetings begin with that one, questions after silence with the faster one; both then take turns.
        """
        if self._attempt == 0:
            return None
        return self._attempt % 2 == (1 if self.state is State.GREETING else 0)

    # -- bytes and time ------------------------------------------------------------------------------------------------

    def data_to_send(self, now_s: float, max_bytes: int = 1) -> bytes:
        """Bytes that must now be written, all of them and in order; b"" when there is nothing to say.

        Whole frames until ``max_bytes`` is reached: at least one if there is any. Ask for little at a time, so that a
        repeat need not queue behind samples.
        """
        out = bytearray()
        while len(out) < max_bytes:
            message = self._control.popleft() if self._control else self._next_chunks()
            if message is None:
                break
            frame = self.counters.frames_tx
            seq, data = self._endpoint.encode(message)
            self._last_sent = (frame, seq)
            self._patience.sent(len(data), now_s, asking=isinstance(message, m.StatusRequest | m.FaultRequest))
            self._repair.left(message, frame, seq, now_s)
            out += data
        return bytes(out)

    def receive_data(self, data: bytes, now_s: float) -> None:
        """Take bytes from the board. Never raises because of them."""
        self.noise.came(len(data), now_s)
        for event in self._endpoint.push(data):
            if isinstance(event, BadFrame):
                if self.state is State.READY:
                    self._repair.ask_if_owed()
                continue
            frame, message = event
            self._attempt = 0
            self.noise.forget()
            self._patience.heard(now_s)
            if isinstance(message, m.Malformed):
                self._malformed(message, frame.body, now_s)
            elif isinstance(message, m.Unknown) or type(message) not in HOST_TAKES[self.state]:
                self.counters.stale += 1
            else:
                self._take(message, now_s)

    def next_event(self) -> ev.Event | None:
        """The next thing that happened, None when there is nothing."""
        return self._events.popleft() if self._events else None

    @property
    def has_event(self) -> bool:
        """Whether ``next_event`` has something to tell."""
        return bool(self._events)

    def next_timeout_s(self, now_s: float) -> float | None:
        """Seconds until ``tick`` must be called, 0 when it is due; None when nothing is awaited."""
        if self.state is State.GREETING:
            return max(0.0, min(self._greet_at_s, self._greet_until_s) - now_s)
        if self.state is State.READY and (self._repair.awaits or self._fault_first) and not self.hold:
            moments = [self._patience.ask_at_s(), self._silent_at_s()]
            if self._repair.awaits:
                moments.append(self._repair.stuck_at_s())
            return max(0.0, min(moments) - now_s)
        return None

    def tick(self, now_s: float) -> None:
        """Act on what is due. Harmless when nothing is."""
        if self.state in (State.GREETING, State.READY) and self.noise.is_flood(now_s):
            self._give_up("a good frame", now_s)
        elif self.state is State.GREETING:
            # Once is not enough: whoever was kept from running has not waited, nor greeted at the other speed.
            if now_s >= self._greet_until_s and self._attempt > 1:
                self._give_up("HELLO", now_s)
            elif now_s >= self._greet_at_s:
                self._say_hello(now_s)
                if now_s >= self._greet_until_s:
                    self._greet_until_s = self._greet_at_s
        elif self.state is State.READY and (self._repair.awaits or self._fault_first) and not self.hold:
            if now_s >= self._silent_at_s():
                self._give_up("FAULT" if self._fault_first else "RESULT or STATUS", now_s)
            elif now_s >= self._patience.ask_at_s():
                self._attempt += 1
                if self._fault_first:
                    self._control.append(m.FaultRequest(0))
                else:
                    self._repair.ask(now_s)
            elif self._repair.awaits and now_s >= self._repair.stuck_at_s():
                self._repair.give_up_oldest(now_s)
                if self.hello is not None and self.hello.capabilities & m.Capability.STATE:
                    # Such a board runs samples in turn: it would wait for this one.
                    self._move(Move.RESET_SEEN)
                    self._rejoining = False
                    self._repair.begin_again(now_s)
                    self._greet(now_s)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _silent_at_s(self) -> float:
        return self._patience.silent_at_s(self.noise.last_s)

    def _move(self, move: Move) -> None:
        self.state = step(Role.HOST, self.state, move)

    def _emit(self, event: ev.Event) -> None:
        self._events.append(event)

    def _request(self, message: m.Message) -> None:
        self._move(Move.SEND_REQUEST)
        self._control.append(message)

    def _next_chunks(self) -> m.Message | None:
        if self.state is not State.READY or self._fault_first or self.hold or self.hello is None:
            return None
        return self._repair.next_chunks()

    def _greet(self, now_s: float, timeout_s: float | None = None) -> None:
        self._session = self._draw_session() & 0xFFFFFFFF
        self._control.clear()
        self._patience.begin(now_s)
        self.noise.forget()
        self._fault_first = self.hold = False
        self._attempt = 0
        patience_s = self._patience.rounds * self._patience.answer_timeout_s if timeout_s is None else timeout_s
        self._greet_every_s = min(self._patience.answer_timeout_s / 4, patience_s / 2)
        self._greet_from_s = now_s
        self._greet_until_s = now_s + patience_s
        self._say_hello(now_s)

    def _say_hello(self, now_s: float) -> None:
        self._attempt += 1
        self._control.append(m.HelloRequest(m.PROTOCOL, self._session))
        self._greet_at_s = now_s + self._greet_every_s

    def _give_up(self, waiting_for: str, now_s: float) -> None:
        # A greeting is said again and again: each is as a word of ours that waiting begins with.
        greeting = self.state is State.GREETING
        quiet_s = now_s - self._greet_from_s if greeting else self._patience.quiet_s(now_s)
        self._move(Move.GAVE_UP)
        self._control.clear()
        self._emit(ev.Silent(waiting_for, quiet_s, self.noise.n_bytes))
        self.noise.forget()

    def _refuse(self, event: ev.Refused | ev.Violation | ev.OtherBoard) -> None:
        self._move(Move.REFUSAL)
        self._control.clear()
        self._emit(event)

    def _malformed(self, message: m.Malformed, body: bytes, now_s: float) -> None:
        # Another version's HELLO may be laid out in another way; its first byte says which version it is.
        if message.type == m.Hello.TYPE and body and body[0] != m.PROTOCOL and self.state is State.GREETING:
            self._other_protocol(body[0])
        else:
            name = m.TABLE[message.type].name
            self._emit(ev.Violation(f"the body of {name} does not suit its type", "as in SPEC.md", message.reason))

    def _other_protocol(self, protocol: int) -> None:
        self._refuse(ev.Violation(ev.OTHER_PROTOCOL, f"version {m.PROTOCOL}", f"version {protocol}"))

    def _take(self, message: m.Message, now_s: float) -> None:
        if isinstance(message, m.Result):
            self._repair.result(message, now_s)
        elif isinstance(message, m.Need):
            self._repair.need(message)
        elif isinstance(message, m.Damaged):
            frame, seq = self._last_sent
            self._repair.damaged(frame - (seq - message.seq & 0xFFFF))
        elif isinstance(message, m.Hello):
            self._take_hello(message, now_s)
        elif isinstance(message, m.Boot):
            self._take_boot(message, now_s)
        elif isinstance(message, m.Status):
            self._take_status(message, now_s)
        elif isinstance(message, m.Fault):
            self._take_fault(message)
        elif isinstance(message, m.Pong):
            self._emit(ev.PongReceived(message.data))
        elif isinstance(message, m.Baud):
            self._emit(ev.BaudReceived(message))
        elif isinstance(message, m.FrontEnd):
            self._emit(ev.FrontEndReceived(message))
        elif isinstance(message, m.Layers):
            self._emit(ev.LayersReceived(message))
        elif isinstance(message, m.LayerData):
            self._emit(ev.LayerDataReceived(message))
        elif isinstance(message, m.Error):
            self._take_error(message, now_s)

    def _take_hello(self, hello: m.Hello, now_s: float) -> None:
        if self.state is not State.GREETING or hello.session != self._session:
            self.counters.stale += 1  # an answer to an earlier or a repeated HELLO_REQUEST
            return
        if hello.protocol != m.PROTOCOL:
            self._other_protocol(hello.protocol)
            return
        if self.hello is not None and self.hello.chip_id != hello.chip_id:
            self._refuse(ev.OtherBoard(self.hello.chip_id, hello.chip_id))
            return
        before = self.hello if self._rejoining else None
        if before is not None and before.identity != hello.identity:
            what = "the board came back from a reset as another firmware"
            self._refuse(ev.Violation(what, str(before.identity), str(hello.identity)))
            return
        self.hello = hello
        self._endpoint.accept_frames_of(hello.max_frame)
        self._move(Move.HELLO)
        self._repair.session_began(hello, now_s)
        self._emit(ev.HelloReceived(hello, self._rejoining))
        if self._rejoining and hello.flags & m.Flag.FAULT_KEPT:
            self._fault_first = self._fault_wanted = True
            self._control.append(m.FaultRequest(0))
            self._patience.begin(now_s)

    def _take_boot(self, boot: m.Boot, now_s: float) -> None:
        self.announced = boot.boot
        before = self.hello.boot if self.hello else None
        if self.state is State.READY and boot.boot != before:
            self._rejoin(ev.BoardReset(before, boot.boot, boot.reset_cause, boot.flags), now_s)
        elif self.state is State.GREETING:
            # Whatever was said before, the board has not heard it.
            self._say_hello(now_s)

    def _rejoin(self, reset: ev.BoardReset, now_s: float) -> None:
        self.counters.resets += 1
        self._move(Move.RESET_SEEN)
        self._emit(reset)
        self._rejoining = True
        self._repair.board_was_reset(now_s)
        self._greet(now_s)

    def _take_status(self, status: m.Status, now_s: float) -> None:
        self._repair.count_board(status)
        if self.state is State.READY and self.hello is not None:
            if status.boot != self.hello.boot or status.session != self._session:
                self._rejoin(ev.BoardReset(self.hello.boot, status.boot, None, None), now_s)
                return
            self._repair.status(status)
        self._emit(ev.StatusReceived(status))

    def _take_fault(self, fault: m.Fault) -> None:
        if not self._fault_wanted:
            self.counters.stale += 1
            return
        self._fault_wanted = self._fault_first = False
        self._emit(ev.FaultReceived(fault))

    def _take_error(self, error: m.Error, now_s: float) -> None:
        if error.code == m.ErrorCode.NO_SESSION:
            # While greeting these are answers to chunks that were under way when the board was reset.
            if self.state is State.READY and self.hello is not None:
                self._rejoin(ev.BoardReset(self.hello.boot, None, None, None), now_s)
        elif error.code == m.ErrorCode.UNKNOWN_SAMPLE and error.type not in m.ABOUT_LAYERS:
            self._repair.unknown_sample(error.seq)
        elif error.code == m.ErrorCode.NO_SLOT:
            self.counters.stale += 1  # the next STATUS tells what to do
        elif error.code == m.ErrorCode.PROTOCOL and self.state is State.GREETING:
            self._refuse(ev.Refused(error.code, error.type, error.text))
        else:
            self._emit(ev.Refused(error.code, error.type, error.text))
