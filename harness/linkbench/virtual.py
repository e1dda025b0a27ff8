"""Runs two parties over a line in virtual time: exact to the byte, the same on every machine, faster than the line.

Neither party takes time of its own beside ``Work``: a real host and a real board are slower.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.linkbench.line import Way
from harness.linkbench.party import Action, Hear, HearUntil, Mark, Party, Say, Work, span_s


@dataclass
class _End:
    """One party, what it waits for, and the two ways as it sees them."""

    party: Party
    hears: Way
    says: Way
    waits: Action | None = None
    free_at_s: float = 0.0
    inbox: bytes = b""
    over: bool = False
    marks_s: list[float] = field(default_factory=list)

    def start(self, now_s: float) -> None:
        self._go_on(None, now_s)

    def run(self, now_s: float) -> bool:
        """Go on as far as possible at this moment; whether it got any further."""
        moved = False
        while not self.over:
            heard = self._heard(now_s)
            if heard is None:
                return moved
            moved = True
            self._go_on(heard, now_s)
        return moved

    def _heard(self, now_s: float) -> bytes | None:
        """What the present wait ends with, None when it goes on."""
        if isinstance(self.waits, Work):
            return b"" if now_s >= self.free_at_s else None
        self.inbox += self.hears.take(now_s)
        n_bytes = self._wanted(self.inbox)
        if n_bytes is None or n_bytes > len(self.inbox):
            return None
        heard, self.inbox = self.inbox[:n_bytes], self.inbox[n_bytes:]
        return heard

    def _wanted(self, seen: bytes) -> int | None:
        """How many bytes end the wait, judged by those seen; None when that cannot be told yet."""
        if isinstance(self.waits, Hear):
            return self.waits.n_bytes
        if isinstance(self.waits, HearUntil):
            at = seen.find(self.waits.end)
            return at + len(self.waits.end) if at >= 0 else None
        return 0

    def _go_on(self, heard: bytes | None, now_s: float) -> None:
        try:
            action = next(self.party) if heard is None else self.party.send(heard)
            while isinstance(action, Say | Mark):
                if isinstance(action, Say):
                    self.says.put(action.data, now_s)
                else:
                    self.marks_s.append(now_s)
                action = self.party.send(b"")
        except StopIteration:
            self.over = True
            return
        self.waits = action
        if isinstance(action, Work):
            self.free_at_s = now_s + action.duration_s

    def due_s(self) -> float | None:
        """When the wait ends as things stand, None when the other side must act first."""
        if self.over:
            return None
        if isinstance(self.waits, Work):
            return self.free_at_s
        n_bytes = self._wanted(self.inbox + self.hears.in_flight())
        return None if n_bytes is None else self.hears.due_s(n_bytes - len(self.inbox))


def run_pair(host: Party, device: Party, up: Way, down: Way) -> tuple[float, bool]:
    """Runs until the host is over or neither side can go on: the seconds its samples took, and whether it is over.

    Time begins at 0, the samples' at the host's first ``Mark``. A pair that waits for each other for ever is a stuck
    one, not an error: that is what protocols without recovery do after a lost byte.
    """
    near, far = _End(host, down, up), _End(device, up, down)
    now_s = 0.0
    far.start(now_s)
    near.start(now_s)
    while not near.over:
        if near.run(now_s) | far.run(now_s):
            continue
        later = [at_s for at_s in (near.due_s(), far.due_s()) if at_s is not None]
        if not later:
            return span_s(near.marks_s, now_s, over=False), False
        now_s = max(now_s, min(later))
    return span_s(near.marks_s, now_s, over=True), True
