"""The samples under way: cut into chunks, numbered, kept until they are over.

A sample is known to the caller by its *key* and on the line by its *number*. Numbers rise and are never used twice, so
what comes late for an earlier attempt can be told from what is meant for this one. The window slides over numbers:
number k may be begun when every number up to k - window is over (see "Samples" in SPEC.md).

A network with a memory makes a sample depend on those before it in its sequence: a session that begins anew begins with the
first of them, so answered samples are kept until their sequence is over.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from copy import copy

from harness.wire.encodings import Choice
from harness.wire.messages import FOLLOWS, Chunk


class Outgoing:
    """One sample: which chunks are out, since when, and what has come back. ``follows``: it goes on from the one before it."""

    def __init__(self, key: int, data: bytes, *, follows: bool = False) -> None:
        self.key = key
        self.data = data
        self.follows = follows
        self.place = 0  # among all that were added
        self.answered = False  # a replay: only what it leaves in the network's memory is wanted
        self.crc = zlib.crc32(data)
        self.resets = 0  # resets of the board that happened while this was the oldest under way
        self._encoded: tuple[object, tuple[int, bytes]] | None = None
        self.restart(number=-1, chunk_bytes=1)

    def restart(self, number: int, chunk_bytes: int) -> None:
        """Forget every attempt and begin anew under ``number``."""
        self.number = number
        self.chunk_bytes = chunk_bytes
        self.next_offset = 0  # first chunk that was never sent
        self.sent_at: dict[int, int] = {}  # offset -> number of the frame that carried it last
        self.again: dict[int, None] = {}  # offsets to send again, in order
        self.parts: dict[int, bytes] = {}  # of the result
        self.sent_s = 0.0  # when the last chunk left

    @property
    def sent_whole(self) -> bool:
        """Whether every chunk was sent at least once and none is waiting to be sent again."""
        return self.next_offset >= len(self.data) and not self.again

    @property
    def last_frame(self) -> int:
        """Number of the last frame that carried a chunk of this sample."""
        return max(self.sent_at.values(), default=-1)

    def encoded(self, offset: int, chunk_bytes: int, choice: Choice) -> tuple[int, bytes]:
        """The chunk at ``offset`` in one of the forms that are left to choose from: encoding and data.

        The last one is kept: whoever finds that it does not fit asks for it again.
        """
        what = (offset, chunk_bytes, choice)
        if self._encoded is None or self._encoded[0] != what:
            encoding, data = choice.encode(self.data[offset : offset + chunk_bytes])
            self._encoded = what, (encoding | FOLLOWS if self.follows else encoding, data)
        return self._encoded[1]

    def chunk(self, offset: int, choice: Choice) -> Chunk:
        """The chunk at ``offset`` of a sample under way."""
        return Chunk(self.number, offset, *self.encoded(offset, self.chunk_bytes, choice))

    def ask_again(self, offsets: Iterable[int], before_frame: int | None = None) -> bool:
        """Send these chunks again, if they were sent at all (and before that frame); whether there is one."""
        any_sent = False
        for offset in offsets:
            frame = self.sent_at.get(offset)
            if frame is not None and (before_frame is None or frame < before_frame):
                self.again[offset] = None
                any_sent = True
        return any_sent

    def add_part(self, total: int, offset: int, data: bytes) -> bytes | None:
        """One RESULT frame; the whole outputs when they are complete. Parts must lie within ``total``."""
        self.parts[offset] = data
        whole = b"".join(self.parts[at] for at in sorted(self.parts))
        end = 0
        for at in sorted(self.parts):
            if at != end:
                return None
            end += len(self.parts[at])
        return whole if end == total else None


class Window:
    """All samples of a conversation: those that wait and those under way. ``ordered``: for a network with a memory."""

    def __init__(self) -> None:
        self.ordered = False
        self._past: dict[int, Outgoing] = {}  # number -> answered ones that a replay would begin with
        self._memory_lost = False  # a session has begun, and nothing was sent in it
        self.waiting: deque[Outgoing] = deque()
        self.active: dict[int, Outgoing] = {}  # number -> sample, rising
        self._next_number = 0
        self._added = 0

    def __len__(self) -> int:
        return len(self.waiting) + len(self.active)

    def was_used(self, number: int) -> bool:
        """Whether a sample ever had this number."""
        return number < self._next_number

    def oldest(self) -> Outgoing | None:
        """The sample under way with the lowest number."""
        return next(iter(self.active.values()), None)

    def oldest_unanswered(self) -> Outgoing | None:
        """The same, but for samples that are computed once more; it may be one that waits behind them."""
        if not self.active:
            return None
        return next((sample for sample in [*self.active.values(), *self.waiting] if not sample.answered), None)

    def oldest_key(self) -> int | None:
        """The caller's key of the oldest sample under way, or of the next one to be sent."""
        sample = self.oldest() or next(iter(self.waiting), None)
        return None if sample is None else sample.key

    def next_again(self) -> tuple[Outgoing, int] | None:
        """The first chunk that must be sent again."""
        for sample in self.active.values():
            if sample.again:
                return sample, next(iter(sample.again))
        return None

    def unsent(self, chunk_bytes: int) -> Iterator[tuple[Outgoing, int]]:
        """Every chunk that was never sent, in order: of those begun, then of those that wait, whatever the window."""
        for sample in self.active.values():
            for offset in range(sample.next_offset, len(sample.data), sample.chunk_bytes):
                yield sample, offset
        for sample in self.waiting:
            for offset in range(0, len(sample.data), chunk_bytes):
                yield sample, offset

    def credit(self, size: int) -> int:
        """How many samples may be begun now when ``size`` may be under way."""
        oldest = self.oldest()
        return size if oldest is None else max(0, oldest.number + size - self._next_number)

    def begin(self, chunk_bytes: int) -> None:
        """The first of those that wait gets its number: its first chunk leaves now."""
        sample = self.waiting.popleft()
        sample.restart(self._next_number, chunk_bytes)
        self.active[sample.number] = sample
        self._next_number += 1

    def sent(self, sample: Outgoing, offset: int, frame: int, now_s: float) -> bool:
        """Note that a chunk left in that frame; True when it had been sent before."""
        again = offset in sample.sent_at
        sample.again.pop(offset, None)
        sample.sent_at[offset] = frame
        if not again:
            sample.next_offset = offset + sample.chunk_bytes
        sample.sent_s = now_s
        return again

    def over(self, number: int) -> None:
        """A sample was answered or given up: take it out."""
        sample = self.active.pop(number, None)
        if self.ordered and sample is not None:
            past = self._past[number] = copy(sample)
            past.restart(number, 1)
            past.answered = True
            self._forget_sequences()

    def _forget_sequences(self) -> None:
        """Where the oldest sample goes on from nothing, nothing before it is needed again."""
        oldest = self.oldest() or next(iter(self.waiting), None)
        if oldest is not None and not oldest.follows:
            end = oldest.number if self.active else self._next_number
            self._past = {number: past for number, past in self._past.items() if number > end}

    def renumber(self, sample: Outgoing) -> None:
        """Send one sample anew, under a number of its own."""
        self.active.pop(sample.number)
        self.waiting.appendleft(sample)

    def begin_again(self) -> None:
        """Everything under way waits again, oldest first."""
        self.waiting.extendleft(reversed(self.active.values()))
        self.active.clear()
        self._memory_lost = self.ordered

    def bring_back_memory(self) -> int:
        """Before the first sample of a new session: those that it goes on from wait before it, to be computed once more.

        Returns how many they are.
        """
        if not self._memory_lost or not self.waiting:
            return 0
        self._memory_lost = False
        first = self.waiting[0]
        again = [past for past in self._past.values() if first.follows or first.place < past.place]
        self.waiting = deque(sorted([*self.waiting, *again], key=lambda sample: sample.place))
        self._past = {}
        return len(again)

    def add(self, sample: Outgoing) -> None:
        """One more that waits."""
        if not sample.follows and not len(self):
            self._past.clear()
        sample.place, self._added = self._added, self._added + 1
        self.waiting.append(sample)

    def cut_sequence(self, sample: Outgoing) -> tuple[list[Outgoing], bool]:
        """Take out ``sample`` and all that go on from it: those that were not answered yet, in order.

        The second says whether they were the last ones here: the next to come may go on from them too.
        """
        rest = [*self.active.values(), *self.waiting]
        rest = rest[rest.index(sample) :]
        end = next((at for at, other in enumerate(rest) if at and not other.follows), len(rest))
        cut = set(map(id, rest[:end]))
        self.active = {n: other for n, other in self.active.items() if id(other) not in cut}
        self.waiting = deque(other for other in self.waiting if id(other) not in cut)
        return [other for other in rest[:end] if not other.answered], end == len(rest)

    def clear(self) -> None:
        """Forget every sample."""
        self.waiting.clear()
        self.active.clear()
        self._past.clear()

    def older_than(self, number: int) -> Iterator[Outgoing]:
        """Samples under way with lower numbers."""
        return (sample for sample in self.active.values() if sample.number < number)
