"""What the host does about loss: which chunks to send again, which results to ask for, when a sample is given up.

The rules are those of "Loss" in SPEC.md. The line keeps the order of what it does not lose, which is why a STATUS tells
exactly what became of everything sent before its STATUS_REQUEST, and of nothing sent after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.errors import MisuseError
from harness.wire import messages as m
from harness.wire.batches import FrameSize, Limits, next_batch
from harness.wire.encodings import Choice, Wish, element_bytes
from harness.wire.events import Event, LinkCounters, ResultReceived, SampleLost, SampleReplayed, Violation
from harness.wire.outgoing import Outgoing, Window
from harness.wire.patience import Patience

#: So many must a board have given without getting further: time alone passes for a host that was kept from running, too.
_ANSWERS_OF_A_STUCK_BOARD = 3
#: Of a board that gets no further: frames that the line has damaged for each of its answers. From so many on the line is why.
_DAMAGED_EACH = 1


def tensor_bytes(tensors: tuple[m.TensorSpec, ...]) -> int | None:
    """Size of these tensors back to back, None when one has a dtype that we do not know."""
    total = 0
    for tensor in tensors:
        element = element_bytes(tensor)
        if element is None:
            return None
        total += math.prod(tensor.dims) * element
    return total


class Repair:
    """The samples of a host conversation and the care for them. Not for use on its own."""

    def __init__(
        self,
        counters: LinkCounters,
        patience: Patience,
        emit: Callable[[Event], None],
        say: Callable[[m.Message], None],
        window: int | None,
        stuck_s: float,
        max_resets: int,
        encoding: Wish = "auto",
    ) -> None:
        self.window = Window()
        self._counters = counters
        self._patience = patience
        self._emit = emit
        self._say = say
        self.wanted_size = window
        self._slots = 1
        self._stuck_s = stuck_s
        self._max_resets = max_resets
        self._encoding: Wish = encoding
        self._choice = Choice((), (), wanted=False)
        self._limits = Limits(0, 1, None, self._choice)
        self._frame_size = FrameSize()
        self._progress_s = 0.0
        self._answers = 0  # STATUS since then
        self._damaged_before = 0  # frames that the line had damaged by then
        self._output_bytes: int | None = None
        self._status_frame: int | None = None  # the STATUS_REQUEST that was not answered yet
        self._status_queued = False
        self._last_question = -1  # the frame of the last STATUS_REQUEST
        self._results_asked: dict[int, tuple[int, int]] = {}  # seq of a RESULT_REQUEST -> number, frame
        self._alone = False  # the board has not computed a sample of this session: it cannot know which is the first
        self._broken: str | None = None  # why the samples that go on from the last one are lost
        self._bad_before = 0  # bad frames the board counted in earlier boots
        self._bad_now = 0

    @property
    def awaits(self) -> bool:
        """Whether an answer to a sample is due."""
        return bool(self.window.active)

    @property
    def ordered(self) -> bool:
        """Whether samples go on from the memory that others leave. To be set while there are none."""
        return self.window.ordered

    @ordered.setter
    def ordered(self, value: bool) -> None:
        self.window.ordered = self._alone = value
        self._broken = None

    def add(self, key: int, data: bytes, *, follows: bool = False) -> None:
        """One more sample. ``follows``: it goes on from the memory that the one before it leaves."""
        if not data:
            raise MisuseError("a sample needs at least one byte", where=f"sample {key}")
        if not follows:
            self._broken = None
        if self._broken is not None:
            self._emit(SampleLost(key, self._broken))
        else:
            self.window.add(Outgoing(key, data, follows=follows))

    def session_began(self, hello: m.Hello, now_s: float) -> None:
        """HELLO came: what the board can hold is known."""
        self._slots = max(1, hello.slots)
        self._output_bytes = tensor_bytes(hello.outputs)
        self._choice = Choice.of(self._encoding, hello)
        self._limits = Limits.of(hello, tensor_bytes(hello.inputs), self._choice)
        self._frame_size.begin(hello.max_frame)
        self._alone = self.window.ordered or m.Capability.STREAM in m.Capability(hello.capabilities)
        self.begin_again(now_s)

    def begin_again(self, now_s: float) -> None:
        """The session is over: what was under way waits for the next one."""
        self.window.begin_again()
        self._status_frame = None
        self._status_queued = False
        self._results_asked.clear()
        self._progressed(now_s)

    def board_was_reset(self, now_s: float) -> None:
        """As ``begin_again``, and the oldest sample is held to account."""
        oldest = self.window.oldest_unanswered()
        if oldest is not None:
            oldest.resets += 1
            if oldest.resets >= self._max_resets:
                self._give_up(oldest, f"the board was reset {oldest.resets} times over it")
        self._bad_before += self._bad_now
        self._bad_now = 0
        self.begin_again(now_s)

    def next_chunks(self) -> m.Chunk | m.Chunks | None:
        """The next CHUNK or CHUNKS to send, repeats first and one by one. ``left`` must be told when it goes."""
        again = self.window.next_again()
        if again is not None:
            sample, offset = again
            return sample.chunk(offset, self._choice)
        self._counters.replayed += self.window.bring_back_memory()
        size = self._slots if self.wanted_size is None else min(self.wanted_size, self._slots)
        if self._alone:
            size = 1
        return next_batch(self.window, size, self._limits, self._frame_size)

    def left(self, message: m.Message, frame: int, seq: int, now_s: float) -> None:
        """``message`` is on its way."""
        if isinstance(message, m.Chunk):
            self._chunk_left(message.sample, message.offset, len(message.data), frame, now_s)
            self._frame_size.left()
        elif isinstance(message, m.Chunks):
            number, offset = message.sample, message.chunk * self._limits.chunk_bytes
            for _, data in message.items:
                self._chunk_left(number, offset, len(data), frame, now_s)
                offset += self._limits.chunk_bytes
                if offset >= len(self.window.active[number].data):
                    number, offset = number + 1, 0
            self._frame_size.left()
        elif isinstance(message, m.StatusRequest):
            self._status_frame = self._last_question = frame
            self._status_queued = False
        elif isinstance(message, m.ResultRequest):
            self._results_asked[seq] = (message.sample, frame)

    def _chunk_left(self, number: int, offset: int, n_bytes: int, frame: int, now_s: float) -> None:
        sample = self.window.active[number]
        self._counters.chunks += 1
        if self.window.sent(sample, offset, frame, self._patience.left_s):
            self._counters.resent += 1
        else:
            self._progressed(now_s)
            self._counters.payload_bytes += n_bytes
            self._counters.sample_bytes += min(sample.chunk_bytes, len(sample.data) - offset)

    def ask(self, now_s: float) -> None:
        """Nothing came for too long."""
        self._counters.stalls += 1
        self._status_frame = None
        self._ask_status()

    def ask_if_owed(self) -> None:
        """A frame of the board came damaged: it may have been an answer. One question is enough for all of them."""
        if self.awaits:
            self._ask_status()

    def _ask_status(self) -> None:
        if self._status_frame is None and not self._status_queued:
            self._status_queued = True
            self._say(m.StatusRequest())

    def _progressed(self, now_s: float) -> None:
        self._progress_s = now_s
        self._answers = 0
        self._damaged_before = self._damaged

    @property
    def _damaged(self) -> int:
        return self._counters.frames_bad + self._counters.gaps_rx

    def stuck_at_s(self) -> float:
        """When a board that answers but gets no further has had its time; infinity until it has answered a few times."""
        return self._progress_s + self._stuck_s if self._answers >= _ANSWERS_OF_A_STUCK_BOARD else math.inf

    def give_up_oldest(self, now_s: float) -> None:
        """The oldest sample is lost; the others go on."""
        oldest = self.window.oldest()
        damaged = self._damaged - self._damaged_before
        if oldest is not None and damaged >= _DAMAGED_EACH * self._answers:
            why = f"it did not get through a line that damaged {damaged} frames in {self._stuck_s:g} s"
            self._give_up(oldest, why, damaged)
        elif oldest is not None:
            self._give_up(oldest, f"the board answers but came no further with it for {self._stuck_s:g} s")
        self._progressed(now_s)

    def _give_up(self, sample: Outgoing, reason: str, damaged: int = 0) -> None:
        """It is lost, and with it all that go on from it, those to come among them."""
        if not self.window.ordered:
            self.window.over(sample.number)
            self._emit(SampleLost(sample.key, reason, damaged))
            return
        cut, goes_on = self.window.cut_sequence(sample)
        behind = f"the sample that it goes on from was lost: {reason}"
        for other in cut:
            self._emit(SampleLost(other.key, reason if other is cut[0] else behind, damaged))
        self._broken = behind if goes_on else None

    def result(self, result: m.Result, now_s: float) -> None:
        """RESULT: score it once."""
        sample = self.window.active.get(result.sample)
        if sample is None:
            if self.window.was_used(result.sample):
                self._counters.duplicates += 1
            else:
                self._emit(Violation("RESULT of a sample that was never sent", "a number in use", str(result.sample)))
            return
        if result.status == m.ResultStatus.NO_STATE and not result.total:
            self._give_up(sample, "the board does not have the memory that it goes on from")
            return
        ok = result.status == m.ResultStatus.OK
        if self._output_bytes is not None and result.total != self._output_bytes and (ok or result.total):
            what = f"RESULT of sample {sample.key} has another size than HELLO says"
            self._lose(sample, Violation(what, f"{self._output_bytes} B", f"{result.total} B"))
            return
        if result.offset + len(result.data) > result.total or (result.total and not result.data):
            what = f"RESULT of sample {sample.key} does not lie within its size"
            found = f"{len(result.data)} B at {result.offset}"
            self._lose(sample, Violation(what, f"within {result.total} B", found))
            return
        outputs = sample.add_part(result.total, result.offset, result.data)
        if outputs is None:
            return
        # From its last chunk, be it a repeat: an answer to an earlier one makes this too short, but asking is cheap.
        # Not when we had to ask meanwhile: that would measure our own waiting, and make it longer and longer.
        if self._last_question < sample.last_frame:
            self._patience.round_trip(max(0.0, now_s - sample.sent_s))
        self._alone = False
        self.window.over(sample.number)
        self._patience.drained(sum(other.next_offset for other in self.window.active.values()), now_s)
        self._progressed(now_s)
        if sample.answered:
            self._emit(SampleReplayed(sample.key))
        else:
            self._emit(ResultReceived(sample.key, result.status, result.cycles, result.input_crc, sample.crc, outputs))
        # The board runs complete samples in order: an older one that left before this one, or with it, is not complete there.
        if any(o.sent_whole and o.last_frame <= sample.last_frame for o in self.window.older_than(sample.number)):
            self._ask_status()

    def _lose(self, sample: Outgoing, violation: Violation) -> None:
        self.window.over(sample.number)
        self._emit(violation)
        self._emit(SampleLost(sample.key, violation.what))

    def need(self, need: m.Need) -> None:
        """NEED: send those chunks again."""
        sample = self.window.active.get(need.sample)
        if sample is not None and sample.ask_again(need.offsets):
            self._frame_size.damaged()

    def damaged(self, frame: int) -> None:
        """DAMAGED: say again what that frame of ours said, if it was not said again already."""
        # A reset of the board would take its count with it before any STATUS has told it.
        self._bad_now += 1
        self._counters.bad_board = self._bad_before + self._bad_now
        lost = False
        for sample in self.window.active.values():
            lost |= sample.ask_again([offset for offset, sent in sample.sent_at.items() if sent == frame])
        if lost:
            self._frame_size.damaged()
        if frame == self._status_frame:
            self._status_frame = None
            self._ask_status()
        for seq, (number, asked) in list(self._results_asked.items()):
            if asked == frame:
                del self._results_asked[seq]
                self._say(m.ResultRequest(number))

    def count_board(self, status: m.Status) -> None:
        """Take over what the board counted since it started."""
        self._bad_now = max(self._bad_now, status.frames_bad)
        self._counters.bad_board = self._bad_before + self._bad_now

    def status(self, status: m.Status) -> None:
        """STATUS of our session: repair everything that left before its STATUS_REQUEST and did not arrive."""
        self._answers += 1
        asked, self._status_frame = self._status_frame, None
        if asked is None:
            return  # answers a request that we no longer know; a later one will tell more
        # What was asked before is answered by now, or was lost on the way.
        self._results_asked = {seq: what for seq, what in self._results_asked.items() if what[1] > asked}
        slots = {slot.sample: slot for slot in status.slots}
        lost = False
        for sample in self.window.active.values():
            if not sample.sent_at or min(sample.sent_at.values()) > asked:
                continue
            slot = slots.get(sample.number)
            if slot is not None:
                lost |= sample.ask_again(slot.missing, before_frame=asked)
            elif sample.sent_whole and sample.last_frame < asked:
                # Its result was lost, or all of it was: the board knows.
                if not any(number == sample.number for number, _ in self._results_asked.values()):
                    sample.parts.clear()
                    self._say(m.ResultRequest(sample.number))
            else:
                lost |= sample.ask_again(tuple(sample.sent_at), before_frame=asked)
        if lost:
            self._frame_size.damaged()

    def unknown_sample(self, seq: int) -> None:
        """ERROR unknown_sample: the board has neither the result nor, as it says, the sample."""
        number, frame = self._results_asked.pop(seq, (-1, -1))
        sample = self.window.active.get(number)
        if sample is not None:
            sample.ask_again(tuple(sample.sent_at), before_frame=frame)
