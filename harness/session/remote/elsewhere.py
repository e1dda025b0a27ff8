"""The client's half: a ``Session`` whose work is done beside the board, on another host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from harness.bench.remote.calls import Call, Told
from harness.bench.remote.connection import Connection
from harness.bench.transports import Transport
from harness.clock import Clock
from harness.errors import HilError
from harness.records import FaultReport
from harness.session.climb import Climbed
from harness.session.pump import Tap
from harness.session.remote import words
from harness.session.remote.served import STOCK_BYTES
from harness.session.rescue import Rescue
from harness.session.stream import OnResult, Pace, StreamResult
from harness.session.verbs import Session
from harness.wire import events as ev
from harness.wire import messages as m
from harness.wire.encodings import Wish

_T = TypeVar("_T")
_M = TypeVar("_M", bound=m.Message)
#: Samples go together in messages of about so many bytes.
_TOGETHER: int = 16 * 1024


class SessionElsewhere(Session):
    """See ``Session``: the same verbs and errors. What ends the connection is a ``BenchError``.

    ``clock`` is the client's: the times of ``tap`` are made its. ``tap_tx``: the bytes to the board are wanted too.
    """

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        *,
        window: int | None = None,
        encoding: Wish = "auto",
        answer_timeout_s: float = 1.0,
        stuck_s: float = 30.0,
        tap: Tap | None = None,
        tap_tx: bool = True,
        port_changed: Callable[[str, int | None], None] = lambda port, baud: None,
    ) -> None:
        self._connection, self._tap, self._port_changed = connection, tap, port_changed
        self._counted, self._at_baud = ev.LinkCounters(), 0
        told, _ = self._call(
            "open",
            protocol=m.PROTOCOL,
            window=window,
            encoding=encoding,
            answer_timeout_s=answer_timeout_s,
            stuck_s=stuck_s,
            tap_tx=tap_tx and tap is not None,
        )
        self._behind_s = clock.monotonic_s() - float(told["now_s"])

    @property
    def counters(self) -> ev.LinkCounters:
        """See Session: as they were told last."""
        return replace(self._counted)

    @property
    def baud(self) -> int:
        """See Session."""
        return self._at_baud

    def hello(self, timeout_s: float = 5.0) -> m.Hello:
        """See Session."""
        return self._one(m.Hello, *self._call("hello", timeout_s=timeout_s))

    def restart(self, reset: Callable[[], object], timeout_s: float = 5.0) -> m.Hello:
        """See Session. ``reset`` is called here."""

        def reply(asked: Told) -> Told:
            reset()
            return {}

        return self._one(m.Hello, *self._call("restart", reply=reply, timeout_s=timeout_s))

    def climb(self, *, fixed: int | None = None, known: int | None = None, avoid: Sequence[int] = ()) -> Climbed:
        """See Session."""
        told, _ = self._call("climb", fixed=fixed, known=known, avoid=list(avoid))
        return words.climbed(told["climbed"])

    def ping(self, data: bytes = b"hil") -> float:
        """See Session: the line's round trip, without the network's."""
        told, _ = self._call("ping", data)
        return float(told["took_s"])

    def status(self) -> m.Status:
        """See Session."""
        return self._one(m.Status, *self._call("ask", what="status"))

    def fault(self, *, clear: bool = False) -> FaultReport | None:
        """See Session."""
        told, _ = self._call("ask", what="fault", clear=clear)
        return None if told["report"] is None else FaultReport.model_validate(told["report"])

    def front_end(self) -> m.FrontEnd:
        """See Session."""
        return self._one(m.FrontEnd, *self._call("ask", what="front_end"))

    def layers(self, input_crc: int, first: int) -> m.Layers:
        """See Session."""
        return self._one(m.Layers, *self._call("ask", what="layers", input_crc=input_crc, first=first))

    def layer_data(self, input_crc: int, layer: int, offset: int, n_bytes: int) -> list[m.LayerData]:
        """See Session."""
        told, blob = self._call("layer_data", input_crc=input_crc, layer=layer, offset=offset, n_bytes=n_bytes)
        return words.messages(m.LayerData, told["lengths"], blob)

    def listen(self, heard: Callable[[], _T | None], timeout_s: float) -> _T | None:
        """See Session."""
        found = heard()
        if found is not None:
            return found
        call = self._connection.calls.begin("session.listen", timeout_s=timeout_s)

        def heed(note: Told, blob: bytes) -> None:
            nonlocal found
            self._heed(note, blob)
            if found is None and (found := heard()) is not None:
                call.say({"enough": True})

        self._finish(call, heed)
        return heard() if found is None else found

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
        """See Session. Samples travel ahead of the board, so many as ``STOCK_BYTES`` hold and one at the least."""
        rescue = rescue or Rescue()
        revive = rescue.revive
        results: dict[int, ev.ResultReceived] = {}
        call = self._connection.calls.begin(
            "session.stream",
            n=len(samples),
            window=window,
            timeout_s=timeout_s,
            quiet=quiet,
            follows=None if follows is None else "".join("01"[one] for one in follows),
            pace=None if pace is None else [pace.interval_s, pace.most],
            revive=revive is not None,
            reopen=rescue.reopen is not None,
            most_revivals=rescue.most_revivals,
            most_reopenings=rescue.most_reopenings,
        )
        ahead = _Ahead(call, samples)

        def heed(note: Told, blob: bytes) -> None:
            self._heed(note, blob)
            if "taken" in note:
                ahead.taken(int(note["taken"]))
            if "result" in note:
                found = words.result(note["result"], blob)
                results[found.key] = found
                if on_result is not None:
                    on_result(found.key, found)

        def reply(asked: Told) -> Told:
            return {"words": revive() if revive is not None else ""}

        try:
            ahead.send()
        except BaseException:
            call.cancel()
            raise
        told, _ = self._finish(call, heed, reply, results, len(samples))
        return words.outcome(told["outcome"], results, len(samples))

    def move_to(self, transport: Transport) -> None:
        """See Session. The transport is the unit's own, which its host has opened anew."""
        self._call("move_to")

    # -- inside --------------------------------------------------------------------------------------------------------

    def _call(
        self, verb: str, blob: bytes = b"", reply: Callable[[Told], Told] | None = None, **args: object
    ) -> tuple[Told, bytes]:
        call = self._connection.calls.begin(f"session.{verb}", blob, **args)
        return self._finish(call, self._heed, reply)

    def _finish(
        self,
        call: Call,
        heed: Callable[[Told, bytes], None],
        reply: Callable[[Told], Told] | None = None,
        results: dict[int, ev.ResultReceived] | None = None,
        n: int = 0,
    ) -> tuple[Told, bytes]:
        def failed(error: HilError, told: Told) -> None:
            self._stand(told)
            words.complete_error(error, told, results or {}, n)

        told, blob = call.finish(heed, reply, words.KINDS, failed)
        self._stand(told)
        return told, blob

    def _heed(self, note: Told, blob: bytes) -> None:
        self._stand(note)
        if "tap" in note and self._tap is not None:
            self._tap(note["tap"], blob, float(note["time_s"]) + self._behind_s)
        if "port" in note:
            self._port_changed(note["port"], note["port_baud"])

    def _stand(self, told: Told) -> None:
        if "counters" in told:
            self._counted, self._at_baud = ev.LinkCounters(**told["counters"]), int(told["baud"])

    def _one(self, kind: type[_M], told: Told, blob: bytes) -> _M:
        return words.messages(kind, [len(blob)], blob)[0]


class _Ahead:
    """Sends samples as far ahead as the other end takes them."""

    def __init__(self, call: Call, samples: Sequence[bytes]) -> None:
        self._call, self._samples = call, samples
        self._next = 0
        self._under_way = 0  # bytes that were sent and not taken yet

    def taken(self, n_bytes: int) -> None:
        """The board's session has taken so many bytes of them."""
        self._under_way -= n_bytes
        self.send()

    def send(self) -> None:
        """All that may be sent now."""
        while self._next < len(self._samples) and self._may():
            together: list[bytes] = []
            size = 0
            while self._next < len(self._samples) and size < _TOGETHER and self._may():
                sample = self._samples[self._next]
                together.append(sample)
                size += len(sample)
                self._under_way += max(1, len(sample))
                self._next += 1
            self._call.say({"sizes": [len(sample) for sample in together]}, b"".join(together))

    def _may(self) -> bool:
        return self._under_way <= 0 or self._under_way + len(self._samples[self._next]) <= STOCK_BYTES
