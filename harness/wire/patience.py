"""When to ask what became of a frame, when to call the board silent, when its noise. Times are passed in; no clock here."""

from __future__ import annotations

import math

#: Never ask sooner: an adapter may hold an answer back for 16 ms, an operating system for a few tens.
_SHORTEST_S = 0.05
#: So many times longer is a board asked that answers, if only in damaged frames.
_WHILE_HEARD = 5


class Patience:
    """The time-outs of one side.

    An answer is expected ``answer_timeout_s`` after the last byte has left, or sooner once round trips were seen
    (smoothed mean and deviation as in RFC 6298, so that one lost frame does not cost a whole time-out). Asking again
    waits twice as long each time, up to ``answer_timeout_s``. Silence is ``rounds * answer_timeout_s`` without any good
    frame, all but the last round of them begun by a question: whoever has not asked, since it was kept from running, knows
    nothing of the board.

    ``bytes_per_s`` is the line's speed when it is known: bytes handed over are then taken to leave no faster than that,
    so a buffer that still drains is not mistaken for a board that does not answer.
    """

    def __init__(self, answer_timeout_s: float, rounds: int, bytes_per_s: float | None) -> None:
        self.answer_timeout_s = answer_timeout_s
        self.rounds = rounds
        self.bytes_per_s = bytes_per_s
        #: When the last byte has left, or will have.
        self.left_s = 0.0
        self._quiet_since_s = 0.0
        self._asked_s: float | None = None
        self._asked = 0
        self._mean_s: float | None = None
        self._deviation_s = 0.0

    def sent(self, n_bytes: int, now_s: float, *, asking: bool) -> None:
        """Bytes were handed over. ``asking``: they are a question after silence, which does not end it."""
        drain_s = n_bytes / self.bytes_per_s if self.bytes_per_s else 0.0
        self.left_s = max(self.left_s, now_s) + drain_s
        if asking:
            self._asked_s = self.left_s
            self._asked += 1
        else:
            self._quiet_since_s = max(self._quiet_since_s, self.left_s)

    def heard(self, now_s: float) -> None:
        """A good frame came."""
        self._quiet_since_s = max(now_s, self.left_s)
        self._asked = 0
        self._asked_s = None

    def drained(self, n_bytes_left: int, now_s: float) -> None:
        """An answer shows that all but these bytes have left: a line may be faster than ``bytes_per_s``."""
        if self.bytes_per_s:
            self.left_s = min(self.left_s, now_s + n_bytes_left / self.bytes_per_s)

    def begin(self, now_s: float) -> None:
        """Waiting begins now, whatever was before."""
        self._quiet_since_s = max(now_s, self.left_s)
        self._asked = 0
        self._asked_s = None

    def round_trip(self, seconds: float) -> None:
        """An answer took that long, from the last byte of the question."""
        if self._mean_s is None:
            self._mean_s, self._deviation_s = seconds, seconds / 2
        else:
            self._deviation_s += (abs(seconds - self._mean_s) - self._deviation_s) / 4
            self._mean_s += (seconds - self._mean_s) / 8

    def ask_at_s(self) -> float:
        """When to ask next."""
        wait_s = self.answer_timeout_s
        if self._mean_s is not None:
            wait_s = max(_SHORTEST_S, 1.5 * self._mean_s + 4 * self._deviation_s)
        wait_s = min(self.answer_timeout_s, wait_s * float(2**self._asked))
        return (self._quiet_since_s if self._asked_s is None else self._asked_s) + wait_s

    def silent_at_s(self, heard_s: float) -> float:
        """When to give up; infinity while too little was asked.

        A board of which something is heard, be it damaged, last at ``heard_s``, is asked for longer.
        """
        if self._asked < self.rounds - 1:
            return math.inf
        silence_s = self.rounds * self.answer_timeout_s
        return min(max(self._quiet_since_s, heard_s) + silence_s, self._quiet_since_s + _WHILE_HEARD * silence_s)

    def quiet_s(self, now_s: float) -> float:
        """How long nothing good has come."""
        return max(0.0, now_s - self._quiet_since_s)


#: Bytes that pour in for so long without a good frame are told as such at once, whatever is awaited.
_FLOOD_S = 3.0
_FLOOD_BYTES = 2048


class Noise:
    """The bytes since the last good frame: ``n_bytes`` of them."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self.last_s = 0.0  # when the last of them came
        self._since_s: float | None = None

    def came(self, n_bytes: int, now_s: float) -> None:
        """Bytes came; whether a good frame is among them is seen later."""
        self.n_bytes += n_bytes
        self.last_s = now_s
        if self._since_s is None:
            self._since_s = now_s

    def forget(self) -> None:
        """A good frame came, or waiting begins anew."""
        self.n_bytes, self._since_s = 0, None

    def is_flood(self, now_s: float) -> bool:
        """Whether so much of it has come for so long that it is no accident."""
        return self._since_s is not None and self.n_bytes >= _FLOOD_BYTES and now_s - self._since_s >= _FLOOD_S
