"""Which chunks leave together in one CHUNKS frame: as many as pay, as few as neither engine, line nor damage suffers from.

Three limits, none of which needs a clock:

* *The window.* A board learns of a sample when its frame is complete, and its answers come back one by one. So a frame
  begins a quarter of the window's samples at most: three quarters are then under way, or computed, while it gathers and
  travels. More would let the line run dry where inference takes about as long as transfer and answers are late. Nor does
  it begin more than half as many as are under way: at first the engine has nothing to do while a frame travels.
* *The board's* ``max_frame``.
* *Damage.* A damaged frame is sent again as a whole, see ``FrameSize``.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.wire.encodings import Choice
from harness.wire.fields import PIECE
from harness.wire.framing import OVERHEAD
from harness.wire.messages import Capability, Chunk, Chunks, Hello
from harness.wire.outgoing import Outgoing, Window

#: sample and chunk of CHUNKS.
_HEAD_BYTES = 6
_MAX_INDEX = 0xFFFF


class FrameSize:
    """How large a frame may be while damage is as it has been: it grows a little with each that leaves, and damage halves it.

    With p damaged bytes of all, a frame of n bytes is lost with probability p * n for small p. So its size moves by STEP
    - p * n * n / 2 on average and settles where n = sqrt(2 * STEP / p). The size that makes the most of a line is
    sqrt(h / p), where h is what each frame costs beside its data (d/dn of h / n + p * n is 0), about 20 bytes. Hence
    STEP = 10: what the size settles at is what is best, whatever the damage, and nobody has to know p.
    """

    STEP = 10
    LEAST = 64

    def __init__(self) -> None:
        self._most: int | None = None
        self.n_bytes = 0  # unencoded, type to crc

    def begin(self, max_frame: int) -> None:
        """A session begins with a board that takes frames of ``max_frame`` bytes: half of that, if nothing is known yet.

        What was learned of the line in an earlier session stays.
        """
        self.n_bytes = max_frame // 2 if self._most is None else min(self.n_bytes, max_frame)
        self._most = max_frame

    def left(self) -> None:
        """A frame with chunks has left."""
        self.n_bytes = min(self._most or 0, self.n_bytes + self.STEP)

    def damaged(self) -> None:
        """A frame with chunks was lost."""
        self.n_bytes = max(self.LEAST, self.n_bytes // 2)


@dataclass(frozen=True)
class Limits:
    """What one session's CHUNKS must keep to: the board's sizes in bytes, and how it reads data.

    Only samples of ``sample_bytes`` follow one another, for where one ends is not said; with None no chunk follows another.
    """

    max_frame: int
    chunk_bytes: int
    sample_bytes: int | None
    choice: Choice

    @staticmethod
    def of(hello: Hello, sample_bytes: int | None, choice: Choice) -> Limits:
        """Those of a board; ``sample_bytes`` None when its inputs are of an unknown size."""
        able = bool(hello.capabilities & Capability.CHUNKS)
        return Limits(hello.max_frame, max(1, hello.chunk_bytes), sample_bytes if able else None, choice)

    def may_lead(self, sample: Outgoing, offset: int, encoded: tuple[int, bytes]) -> bool:
        """Whether others may follow this chunk in its frame."""
        return offset // self.chunk_bytes <= _MAX_INDEX and self.may_follow(sample, encoded)

    def may_follow(self, sample: Outgoing, encoded: tuple[int, bytes]) -> bool:
        """Whether this chunk may stand behind another."""
        return len(sample.data) == self.sample_bytes and len(encoded[1]) <= PIECE.MAX_BYTES


def begun_at_most(size: int, under_way: int, *, ends_another: bool) -> int:
    """How many samples one frame may begin, of ``size`` that may be under way and so many that are.

    None where that is few and the frame brings an unfinished sample's last chunk: its run would begin later.
    """
    return max(0 if ends_another else 1, min(size // 4, under_way // 2))


def next_batch(window: Window, size: int, limits: Limits, frame: FrameSize) -> Chunk | Chunks | None:
    """What to send next of what was never sent: a CHUNK when it is one chunk, None when nothing may leave.

    Nothing leaves either while a frame has room for samples that wait for credits, unless it holds what an unfinished
    sample lacks: those under way keep line and engine busy meanwhile. The caller must report it with ``Window.sent``.
    """
    credit = window.credit(size)
    room = min(frame.n_bytes, limits.max_frame) - OVERHEAD - _HEAD_BYTES
    picked: list[tuple[Outgoing, int]] = []
    items: list[tuple[int, bytes]] = []
    for sample, offset in window.unsent(limits.chunk_bytes):
        encoded = sample.encoded(offset, limits.chunk_bytes, limits.choice)
        room -= PIECE.HEAD_BYTES + len(encoded[1])
        if picked and (room < 0 or not limits.may_follow(sample, encoded)):
            break
        if offset == 0:
            begun = sum(at == 0 for _, at in picked)
            ends_another = bool(picked) and picked[0][1] > 0
            most = begun_at_most(size, len(window.active), ends_another=ends_another)
            if begun == credit < most and not ends_another:
                return None
            if begun == min(credit, most):
                break
        picked.append((sample, offset))
        items.append(encoded)
        if not limits.may_lead(sample, offset, encoded):
            break
    if not picked:
        return None
    for _ in range(sum(offset == 0 for _, offset in picked)):
        window.begin(limits.chunk_bytes)
    first, offset = picked[0]
    if len(picked) == 1:
        return Chunk(first.number, offset, *items[0])
    return Chunks(first.number, offset // limits.chunk_bytes, tuple(items))
