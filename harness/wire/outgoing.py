"""The samples under way: cut into chunks, numbered, kept until they are over.

A sample is known to the caller by its *key* and on the line by its *number*. Numbers rise and are never used twice, so
what comes late for an earlier attempt can be told from what is meant for this one. The window slides over numbers:
number k may be begun when every number up to k - window is over (see "Samples" in SPEC.md).
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator

from harness.wire.encodings import Choice
from harness.wire.messages import Chunk


class Outgoing:
    """One sample: which chunks are out, since when, and what has come back."""

    def __init__(self, key: int, data: bytes) -> None:
        self.key = key
        self.data = data
        self.crc = zlib.crc32(data)
        self.resets = 0  # resets of the board that happened while this was the oldest under way
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

    def chunk(self, offset: int, choice: Choice) -> Chunk:
        """The chunk at ``offset``, in one of the forms that are left to choose from."""
        encoding, data = choice.encode(self.data[offset : offset + self.chunk_bytes])
        return Chunk(self.number, offset, encoding, data)

    def ask_again(self, offsets: Iterable[int], before_frame: int | None = None) -> None:
        """Send these chunks again, if they were sent at all (and before that frame)."""
        for offset in offsets:
            frame = self.sent_at.get(offset)
            if frame is not None and (before_frame is None or frame < before_frame):
                self.again[offset] = None

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
    """All samples of a conversation: those that wait and those under way."""

    def __init__(self) -> None:
        self.waiting: deque[Outgoing] = deque()
        self.active: dict[int, Outgoing] = {}  # number -> sample, rising
        self._next_number = 0

    def __len__(self) -> int:
        return len(self.waiting) + len(self.active)

    def was_used(self, number: int) -> bool:
        """Whether a sample ever had this number."""
        return number < self._next_number

    def oldest(self) -> Outgoing | None:
        """The sample under way with the lowest number."""
        return next(iter(self.active.values()), None)

    def oldest_key(self) -> int | None:
        """The caller's key of the oldest sample under way, or of the next one to be sent."""
        sample = self.oldest() or next(iter(self.waiting), None)
        return None if sample is None else sample.key

    def next_chunk(self, size: int, chunk_bytes: int) -> tuple[Outgoing, int] | None:
        """What to send next: repeats first, then the oldest sample's next chunk, then a new sample if one may begin.

        The caller must report it with ``sent``.
        """
        for sample in self.active.values():
            if sample.again:
                return sample, next(iter(sample.again))
        for sample in self.active.values():
            if sample.next_offset < len(sample.data):
                return sample, sample.next_offset
        oldest = self.oldest()
        if self.waiting and (oldest is None or self._next_number < oldest.number + size):
            sample = self.waiting.popleft()
            sample.restart(self._next_number, chunk_bytes)
            self.active[sample.number] = sample
            self._next_number += 1
            return sample, 0
        return None

    def sent(self, sample: Outgoing, offset: int, frame: int, now_s: float) -> bool:
        """Note that a chunk left in that frame; True when it had been sent before."""
        again = offset in sample.sent_at
        sample.again.pop(offset, None)
        sample.sent_at[offset] = frame
        if not again:
            sample.next_offset = offset + sample.chunk_bytes
        sample.sent_s = now_s
        return again

    def over(self, number: int) -> Outgoing | None:
        """A sample was answered or given up: take it out."""
        return self.active.pop(number, None)

    def renumber(self, sample: Outgoing) -> None:
        """Send one sample anew, under a number of its own."""
        self.active.pop(sample.number)
        self.waiting.appendleft(sample)

    def begin_again(self) -> None:
        """Everything under way waits again, oldest first."""
        self.waiting.extendleft(reversed(self.active.values()))
        self.active.clear()

    def clear(self) -> None:
        """Forget every sample."""
        self.waiting.clear()
        self.active.clear()

    def older_than(self, number: int) -> Iterator[Outgoing]:
        """Samples under way with lower numbers."""
        return (sample for sample in self.active.values() if sample.number < number)
