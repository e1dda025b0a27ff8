"""What came of a stream of samples, the errors that end one, and the bookkeeping on the way."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from harness.errors import BenchError, DeviceError
from harness.records import FaultReport
from harness.wire import messages as m
from harness.wire.conversation import HostConversation
from harness.wire.events import BoardReset, Event, LinkCounters, ResultReceived, SampleLost

OnResult = Callable[[int, ResultReceived], None]


@dataclass(frozen=True)
class StreamResult:
    """What came of a stream. ``results[i]`` answers ``samples[i]``, None where there is no answer.

    ``lost`` says why for each sample without one. ``counters`` are of this stream alone. ``baud`` is the speed at the
    end, None on a line without one; ``climbs`` counts how often it was raised. ``revived`` says what the core did each
    time that the silent board was reset through the probe, ``reopened`` names the port each time that it came back.
    ``earlier_s`` is what earlier parts of a resumed run have spent. ``overlap`` is the share of the bytes that the board
    received while its engine ran, None where it was not asked. ``quiet`` are the indices of samples that were alone under
    way: no byte came in while they were computed, so no interrupt is in their cycles.
    """

    results: tuple[ResultReceived | None, ...]
    lost: dict[int, str]
    counters: LinkCounters
    wall_s: float
    resets: tuple[BoardReset, ...]
    baud: int | None
    earlier_s: float = 0.0
    overlap: float | None = None
    revived: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    climbs: int = 0
    quiet: frozenset[int] = frozenset()

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


class BoardGarbledError(BoardSilentError):
    """Bytes come, but not one good frame."""


class BoardRefusedError(DeviceError):
    """The board answered ERROR: ``code`` is one of ``messages.ErrorCode``."""

    code: int = 0


class BoardFaultError(DeviceError):
    """The board's fault handler has reset it. ``report`` is what it kept, ``partial`` what a stream had by then."""

    report: FaultReport | None = None
    partial: StreamResult | None = None


class OtherBoardError(BenchError):
    """Another board answers than the one that should. ``chip_id`` is the unique id that it says, b"" if it says none."""

    chip_id: bytes = b""


@dataclass(frozen=True)
class Pace:
    """Samples that come from a sensor do not wait for the board.

    Sample i is there when ``interval_s`` has passed i + 1 times since the stream began. It is lost, with ``TOO_SLOW`` as the
    reason, when ``most`` before it are not answered by then: a product's buffer would be full.
    """

    interval_s: float
    most: int


TOO_SLOW: Final = "the board was too slow for the sensor's pace"


class Supply(Sequence[bytes]):
    """Samples that come while they are streamed: from another host, or from a queue that others take from too.

    Each is taken once, in order. ``len`` counts those that are sure to come; behind them there may be more.
    """

    @abstractmethod
    def has(self, index: int) -> bool:
        """Whether that sample is there by now, also behind the last of ``len``. What it raises ends the stream."""

    def check(self) -> None:
        """What it raises ends the stream. Asked again and again, also while nothing is wanted."""

    def alone(self, index: int) -> bool:
        """Whether that sample, which is there, goes alone whatever ``quiet`` says."""
        return False

    #: In how many seconds it is looked again, while a sample is missing and while all is well.
    missing_s: float = 0.005
    well_s: float = 0.1


class Streaming:
    """Bookkeeping of one ``Session.stream``."""

    def __init__(
        self,
        conversation: HostConversation,
        samples: Sequence[bytes],
        began_s: float,
        on_result: OnResult | None,
        quiet: int = 0,
        follows: Sequence[bool] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._pace = pace
        self._paced_s: float | None = None
        self._conversation = conversation
        self._follows = follows
        if follows is not None:
            check_state(conversation.hello)
            conversation.ordered = True
        self._samples = samples
        self._supply = samples if isinstance(samples, Supply) else None
        self._began_s = began_s
        self._on_result = on_result
        quiet = len(samples) if conversation.window == 1 else min(quiet, len(samples))
        self._alone = set(range(0 if pace is not None else quiet))
        self._before = replace(conversation.counters)
        self._fed = 0
        self.results: dict[int, ResultReceived] = {}
        self.lost: dict[int, str] = {}
        self.resets: list[BoardReset] = []
        self.revived: list[str] = []
        self.revived_over: set[int | None] = set()  # the samples that the board fell silent over
        self.reopened: list[str] = []
        self.climbs = 0

    @property
    def complete(self) -> bool:
        """Whether every sample is over, of those that are known."""
        return len(self.results) + len(self.lost) >= len(self._samples)

    def take(self, event: Event) -> None:
        """What has become of its samples; what is about something else is passed over."""
        if isinstance(event, ResultReceived):
            self.results[event.key] = event
            if self._on_result is not None:
                self._on_result(event.key, event)
        elif isinstance(event, SampleLost):
            self.lost[event.key] = event.reason
        elif isinstance(event, BoardReset):
            self.resets.append(event)

    def feed(self, now_s: float) -> float | None:
        """Hand over the next samples: with a pace, or from a supply, those that are there. In how many seconds to look again."""
        if self._pace is not None:
            return self._feed_paced(self._pace, now_s)
        return self._feed_ahead()

    def _feed_paced(self, pace: Pace, now_s: float) -> float | None:
        began_s = self._paced_s = now_s if self._paced_s is None else self._paced_s
        while self._fed < len(self._samples):
            left_s = began_s + (self._fed + 1) * pace.interval_s - now_s
            if left_s > 0:
                return left_s
            if self._supply is not None and not self._supply.has(self._fed):
                raise BenchError(
                    "the samples come too slowly from the other host to keep the sensor's pace",
                    where=f"sample {self._fed}",
                    expected=f"one every {pace.interval_s:g} s",
                    next_step="run it on the unit's own host",
                )
            if self._conversation.unanswered >= pace.most:
                self.lost[self._fed] = TOO_SLOW
            else:
                self._conversation.send_sample(self._fed, self._samples[self._fed])
            self._fed += 1
        return None

    def _feed_ahead(self) -> float | None:
        """A few ahead of the window: a data set need not lie in memory twice."""
        supply = self._supply
        ahead = 256 if self._conversation.window is None else self._conversation.window + 1
        while self._conversation.unanswered < ahead:
            if not self._is_there(self._fed):
                if supply is not None and self._fed < len(self._samples):
                    return supply.missing_s
                break
            # Each quiet sample goes alone, and so is the first of the others kept back until the last quiet one is over.
            if not self._alone.isdisjoint((self._fed - 1, self._fed)) and self._conversation.unanswered:
                break
            follows = self._follows is not None and self._follows[self._fed]
            self._conversation.send_sample(self._fed, self._samples[self._fed], follows=follows)
            self._fed += 1
        if supply is None:
            return None
        supply.check()
        return supply.well_s

    def _is_there(self, index: int) -> bool:
        if self._supply is None:
            return index < len(self._samples)
        if not self._supply.has(index):
            return False
        if self._supply.alone(index) or (self._conversation.window == 1 and self._pace is None):
            self._alone.add(index)
        return True

    def lose_rest(self, reason: str) -> None:
        """Everything that is not over is lost."""
        for index in range(len(self._samples)):
            if index not in self.results:
                self.lost.setdefault(index, reason)

    def outcome(self, now_s: float, baud: int | None) -> StreamResult:
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
            baud=baud,
            revived=tuple(self.revived),
            reopened=tuple(self.reopened),
            climbs=self.climbs,
            quiet=frozenset(self._alone),
        )


def check_state(hello: m.Hello | None) -> None:
    """DeviceError unless the firmware keeps a network's memory from sample to sample."""
    if hello is None or not hello.capabilities & m.Capability.STATE:
        raise DeviceError(
            "the firmware keeps no memory from sample to sample, which the plan asks for",
            where="board" if hello is None else f"board {hello.board}, build {hello.build_id}",
            expected="capability STATE",
            found=f"capabilities {0 if hello is None else hello.capabilities:#x}",
            next_step="have it built anew (leave --firmware and --skip-flash out), or say 'state: {reset: each sample}'",
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
