"""How much a line damages, at each of the board's speeds: test frames as ``climb`` sends them, many rounds of them.

``climb`` asks whether a speed holds at all. A speed that holds and loses a frame now and then passes there, and costs
repeats in every run: this counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.session.climb import PROBES
from harness.session.verbs import Session


@dataclass(frozen=True)
class LineRate:
    """What became of the test frames at one speed. ``baud`` 0: the line has none.

    ``lost`` of ``frames`` did not come back unchanged. ``n_bytes`` travelled, both ways together. ``why``: the speed cannot be
    had, by the adapter or by the board, or was given up after its first round; "": it was measured.
    """

    baud: int
    frames: int = 0
    lost: int = 0
    n_bytes: int = 0
    why: str = ""

    @property
    def share(self) -> float:
        """Of the frames that were lost or damaged."""
        return self.lost / self.frames if self.frames else 0.0


def line_rates(session: Session, bauds: Sequence[int], rounds: int) -> Iterator[LineRate]:
    """Measure each of ``bauds``, the slowest first; the session ends at its safe speed. Needs a session (``hello``).

    A speed at which the first round shows that it does not hold gets no further ones. ``BoardSilentError`` when the board is
    lost on the way, ``BenchError`` when the line is.
    """
    speed = session.speed
    safe = speed.safe_baud
    if safe is None:
        yield _measured(session, 0, rounds)
        return
    for baud in sorted({safe, *bauds}):
        if baud != speed.agreed_baud:
            if not speed.adapter_takes(baud):
                yield LineRate(baud, why="the adapter cannot be set to it")
                continue
            if not speed.change_baud(baud):
                yield LineRate(baud, why="the board refuses it")
                continue
        found = _measured(session, baud, rounds)
        if found.why and baud == safe:
            # There is no slower one to go back to: whoever asks next must see for himself.
            yield found
            return
        if found.why:
            speed.back_to_safe()
        yield found
    if speed.agreed_baud != safe and not speed.change_baud(safe):
        speed.back_to_safe()


def _measured(session: Session, baud: int, rounds: int) -> LineRate:
    before = session.counters
    frames = lost = 0
    for n in range(rounds):
        # A damaged answer may be counted twice: as bad, and as missing.
        lost += min(session.speed.lost_probes(PROBES), len(PROBES))
        frames += len(PROBES)
        if n == 0 and lost > 1:
            break
    after = session.counters
    n_bytes = after.bytes_tx + after.bytes_rx - before.bytes_tx - before.bytes_rx
    gave_up = frames < rounds * len(PROBES)
    why = f"of {frames} test frames {lost} were lost or damaged: it does not hold" if gave_up else ""
    return LineRate(baud, frames, lost, n_bytes, why)
