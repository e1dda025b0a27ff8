"""A verb and its answer over a ``Mux``; on the way notes from the server, its questions, and more from the client.

A message is the length of a JSON text as 32 bits, the text, and bytes that belong to it. Notes have a credit, so that a client
that is slow keeps the server waiting instead of filling memories.
"""

from __future__ import annotations

import json
import queue
import struct
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from harness.bench.remote import words
from harness.bench.remote.mux import GO_ON, OVER, Ended
from harness.errors import BenchError, HilError

#: What the unit's server does for the probe, and all that is short.
UNIT: Final = 1
#: A session with the board, carried out beside it.
SESSION: Final = 2
#: The port's bytes, as they are.
PORT: Final = 3

_LENGTH = struct.Struct(">I")
#: Bytes of notes that may be on the way to a client, and how many it takes before it says so.
_NOTE_CREDIT: Final = 1024 * 1024
_ACKNOWLEDGED: Final = 64 * 1024
_LOOK_EVERY_S: Final = 0.5
#: What of a message has parts of its own.
_OBJECTS: Final = ("args", "done", "error", "note", "ask", "back", "back_error")

Told = dict[str, Any]
Heed = Callable[[Told, bytes], None]
Reply = Callable[[Told], Told]


class Sends(Protocol):
    """What is needed of a ``Mux``."""

    @property
    def over(self) -> bool:
        """See Mux."""
        ...

    def send(self, channel: int, message: bytes) -> None:
        """See Mux."""
        ...


def channel_of(verb: str) -> int:
    """The channel on which a verb travels."""
    return SESSION if verb.startswith("session.") else UNIT


def pack(told: Told, blob: bytes = b"") -> bytes:
    """A message."""
    text = json.dumps(told).encode()
    return _LENGTH.pack(len(text)) + text + blob


def unpack(message: bytes) -> tuple[Told, bytes]:
    """Its text and its bytes. ``ValueError`` for what is none."""
    try:
        (n_bytes,) = _LENGTH.unpack_from(message)
        told = json.loads(message[_LENGTH.size : _LENGTH.size + n_bytes])
    except (struct.error, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(told, dict) or not isinstance(told.get("id"), int):
        raise ValueError("a message without a number")
    if odd := [key for key in _OBJECTS if not isinstance(told.get(key, {}), dict)]:
        raise ValueError(f"a message whose {odd[0]} is no object")
    return told, message[_LENGTH.size + n_bytes :]


class Caller:
    """The client's side. ``lost`` says why the connection has ended. Several threads may call, each for itself."""

    def __init__(self, mux: Sends, host: str, lost: Callable[[], BenchError]) -> None:
        self._mux, self._host, self._lost = mux, host, lost
        self._lock = threading.Lock()
        self._calls = 0
        self._open: dict[int, Call] = {}
        self._ended = False

    def begin(self, verb: str, blob: bytes = b"", **args: object) -> Call:
        """Ask for ``verb``; ``Call.finish`` waits for the answer."""
        with self._lock:
            self._calls += 1
            call = Call(self, self._calls, channel_of(verb), self._host)
            self._open[call.number] = call
            if self._ended:
                call.came(None, b"")
        call.say({"call": verb, "args": args}, blob)
        return call

    def call(self, verb: str, blob: bytes = b"", **args: object) -> tuple[Told, bytes]:
        """Ask and wait: the result, with its bytes. What went wrong there is raised here."""
        return self.begin(verb, blob, **args).finish()

    def take(self, message: bytes) -> None:
        """A message of the server's. ``ValueError`` for what is none."""
        told, blob = unpack(message)
        call = self._open.get(told["id"])
        if call is not None:
            call.came(told, blob)

    def end(self) -> None:
        """The connection has ended: so do all calls."""
        with self._lock:
            self._ended = True
            for call in self._open.values():
                call.came(None, b"")

    def say(self, channel: int, message: bytes) -> None:
        """Send it. ``BenchError`` as ``lost`` says."""
        try:
            self._mux.send(channel, message)
        except Ended:
            raise self._lost() from None

    def lost(self) -> BenchError:
        """Why the connection has ended."""
        return self._lost()

    def forget(self, number: int) -> None:
        """What still comes for it is passed over."""
        with self._lock:
            self._open.pop(number, None)


class Call:
    """One verb under way. For the thread that began it, but for ``came``."""

    def __init__(self, caller: Caller, number: int, channel: int, host: str) -> None:
        self.number = number
        self._caller, self._channel, self._host = caller, channel, host
        self._inbox: queue.SimpleQueue[tuple[Told | None, bytes]] = queue.SimpleQueue()
        self._taken = 0  # bytes of notes that were not acknowledged yet
        self._own: BenchError | None = None  # what ``reply`` raised: it may come back as the answer

    def say(self, told: Told, blob: bytes = b"") -> None:
        """Tell the server something about this call."""
        self._caller.say(self._channel, pack({"id": self.number, **told}, blob))

    def came(self, told: Told | None, blob: bytes) -> None:
        """Something for it, from the reader's thread; None: the connection has ended."""
        self._inbox.put((told, blob))

    def cancel(self) -> None:
        """Let the server leave off as soon as it can. What it still says is passed over."""
        self._caller.forget(self.number)
        try:
            self.say({"cancel": True})
        except BenchError:
            pass  # then it has left off

    def finish(
        self,
        heed: Heed | None = None,
        reply: Reply | None = None,
        kinds: Mapping[str, type[HilError]] = words.KINDS,
        failed: Callable[[HilError, Told], None] | None = None,
    ) -> tuple[Told, bytes]:
        """Wait for the answer. ``heed`` takes the notes, ``reply`` answers questions; what they raise ends the call.

        ``failed`` may add to an error, of those ``kinds``, before it is raised.
        """
        try:
            while True:
                told, blob = self._inbox.get()
                if told is None:
                    raise self._caller.lost()
                if "done" in told:
                    self._caller.forget(self.number)
                    return dict(told["done"]), blob
                if "error" in told:
                    self._caller.forget(self.number)
                    if self._own is not None and told["error"].get("what") == self._own.what:
                        raise self._own
                    error = words.made(told["error"], self._host, kinds)
                    if failed is not None:
                        failed(error, told["error"])
                    raise error
                if "ask" in told:
                    self.say(self._answer(told["ask"], reply))
                elif heed is not None:
                    heed(told.get("note", {}), blob)
                self._acknowledge(len(blob) + 100)
        except BaseException as error:
            if self.number in self._caller._open and not isinstance(error, Ended):
                self.cancel()
            raise

    def _answer(self, asked: Told, reply: Reply | None) -> Told:
        try:
            return {"back": reply(asked) if reply is not None else {}}
        except BenchError as error:
            self._own = error
            return {"back_error": words.told(error)}

    def _acknowledge(self, n_bytes: int) -> None:
        self._taken += n_bytes
        if self._taken >= _ACKNOWLEDGED:
            self.say({"took": self._taken})
            self._taken = 0


class Request:
    """One verb that the server was asked for."""

    def __init__(self, mux: Sends, channel: int, number: int, verb: str, args: Told, blob: bytes) -> None:
        self.verb, self.args, self.blob = verb, args, blob
        self.cancelled = False
        self._more: Heed | None = None
        self._early: list[tuple[Told, bytes]] = []
        self.number = number
        self._mux, self._channel = mux, channel
        self._changed = threading.Condition()
        self._on_the_way = 0
        self._back: Told | None = None

    @property
    def unwanted(self) -> bool:
        """Whether the client has left off; ``Ended`` when it is gone."""
        self._unless_over()
        return self.cancelled

    def note(self, told: Told, blob: bytes = b"") -> None:
        """Tell the client something on the way. Waits while much of it was not taken yet. ``Ended`` at the stream's end."""
        with self._changed:
            while self._on_the_way > _NOTE_CREDIT and not self.cancelled:
                self._unless_over()
                self._changed.wait(_LOOK_EVERY_S)
            if self.cancelled:
                return
            self._on_the_way += len(blob) + 100
        self._say({"note": told}, blob)

    def ask(self, told: Told) -> Told:
        """Have the client do something, and wait for what comes of it. ``BenchError`` when that fails, or it has left off."""
        with self._changed:
            self._back = None
            self._on_the_way += 100
        self._say({"ask": told})
        with self._changed:
            while self._back is None:
                self._unless_over()
                if self.cancelled:
                    raise BenchError(
                        "the client has left off",
                        where="unit server",
                        next_step="run again; the server has given the unit back",
                    )
                self._changed.wait(_LOOK_EVERY_S)
            back = self._back
        if "back_error" in back:
            raise words.made(back["back_error"], "the client")
        return dict(back["back"])

    def done(self, result: Told | None = None, blob: bytes = b"") -> None:
        """The answer."""
        self._say({"done": result or {}}, blob)

    def fail(self, told: Told) -> None:
        """The answer: an error, as ``words.told`` makes it."""
        self._say({"error": told})

    def came(self, told: Told, blob: bytes) -> None:
        """What the client says about it, from the reader's thread."""
        with self._changed:
            if "cancel" in told:
                self.cancelled = True
            elif "took" in told:
                self._on_the_way -= int(told["took"])
            elif "back" in told or "back_error" in told:
                self._back = told
            elif self._more is not None:
                self._more(told, blob)
            else:
                self._early.append((told, blob))
            self._changed.notify_all()

    def listen(self, more: Heed) -> None:
        """Have ``more`` called, in the reader's thread, with what the client adds to its call."""
        with self._changed:
            for told, blob in self._early:
                more(told, blob)
            self._early.clear()
            self._more = more

    def _unless_over(self) -> None:
        if self._mux.over:
            raise Ended(OVER, where="unit server", next_step=GO_ON)

    def _say(self, told: Told, blob: bytes = b"") -> None:
        self._mux.send(self._channel, pack({"id": self.number, **told}, blob))


class Desk:
    """The server's side: hands requests over to ``on_request``, in the reader's thread."""

    def __init__(self, mux: Sends, on_request: Callable[[Request], None]) -> None:
        self._mux, self._on_request = mux, on_request
        self._lock = threading.Lock()  # requests come by the reader's thread and are over by those that carry them out
        self._open: dict[int, Request] = {}

    def take(self, channel: int, message: bytes) -> None:
        """A message of the client's. ``ValueError`` for what is none."""
        told, blob = unpack(message)
        number = told["id"]
        if "call" in told:
            request = Request(self._mux, channel, number, str(told["call"]), dict(told.get("args", {})), blob)
            with self._lock:
                self._open[number] = request
            self._on_request(request)
        elif (known := self._open.get(number)) is not None:
            known.came(told, blob)

    def over(self, request: Request) -> None:
        """It was answered."""
        with self._lock:
            if self._open.get(request.number) is request:
                del self._open[request.number]
