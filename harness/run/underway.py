"""What a case that runs tells the other processes of this host: a small file beside a lock, which ``hil serve`` follows.

``<runtime folder>/underway/<run id>.json`` is replaced as a whole, at most twice a second, from the thread that streams; no
sample waits for a disk, and a disk that refuses ends the telling, never the run. The lock (``disk.locks``) says whether the
case still runs: a file without one is of a case that has ended, or whose process was killed. The last few of those stay.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from harness.clock import Clock
from harness.disk import files, locks
from harness.disk.folders import runtime_folder
from harness.errors import BenchError
from harness.frozen import Frozen
from harness.plans.expand import Case
from harness.records import Verdict
from harness.run.watch import PREPARE, Step, Watch
from harness.wire.events import LinkCounters, ResultReceived

FORM: Final = "hil.underway/1"
_EVERY_S: Final = 0.5
_KEPT: Final = 20  # of those that have ended
_MOST_BYTES: Final = 1 << 16
_RUN_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")

#: How many of these answers (index of the sample, answer) are right; None where the task has no right and wrong.
Judge = Callable[[Sequence[tuple[int, ResultReceived]]], int]


class LinkNow(Frozen):
    """The link's counters since the session with the board began, and the speed of the line."""

    baud: int  # 0: not known yet
    bytes_tx: int  # bytes from the host to the board
    bytes_rx: int  # bytes from the board to the host
    frames_bad: int  # bad frames seen by either side
    resent: int  # chunks sent again
    stalls: int  # times that the host had to ask what became of its frames
    resets: int  # resets of the board that were noticed and survived


class Underway(Frozen):
    """Where a case stands."""

    form: Literal["hil.underway/1"] = FORM  # changes when a reader of old files would break
    run_id: str  # of the record that it will leave
    case_id: str  # plan/board/model, or the id of a test
    board: str  # the kind of board
    backend: str  # "probe" for a real unit, else the emulator
    unit: str = ""  # the unit's probe id; "" while none is open
    process: int  # that runs it
    folder: str = ""  # where its reports go; "" for nowhere
    started: datetime  # with its time zone
    told: datetime  # when this was written
    step: str = ""  # what it does now
    answered: int = 0  # samples, or hops, with an answer
    total: int = 0  # of them in all; 0 before streaming
    earlier: int = 0  # that an earlier part of the run had got answered
    right: int | None = None  # decided rightly; null where the task has no right and wrong
    judged: int = 0  # answers that ``right`` is of
    streamed_s: float = 0.0  # since streaming began, in this part of the run
    link: LinkNow | None = None  # null while there is no session
    verdict: Verdict | None = None  # what it came to; null until then
    ended: bool = False  # whether it has come to its end, with or without a verdict

    @property
    def left_s(self) -> float | None:
        """Seconds until the last sample, at the rate so far; None where nothing can be said."""
        here = self.answered - self.earlier
        if self.ended or not self.total or here <= 0 or self.streamed_s <= 0:
            return None
        return self.streamed_s / here * max(0, self.total - self.answered)


@dataclass
class Telling:
    """The writing side. One without a ``path`` tells nobody."""

    state: Underway | None = None
    clock: Clock | None = None
    path: Path | None = None
    _judge: Judge | None = None
    _open: list[tuple[int, ResultReceived]] = field(default_factory=list)  # answered, not judged yet
    _counters: Callable[[], tuple[LinkCounters, int]] | None = None
    _began_s: float = 0.0
    _wrote_s: float = float("-inf")

    def step(self, step: Step) -> None:
        """As a ``Watch``. A new step is told at once, its progress is not: ``answer`` does."""
        if self.state is not None and step.name != self.state.step:
            self._tell(step=step.name)

    def on_unit(self, uid: str) -> None:
        """The unit is open."""
        self._tell(unit=uid)

    def streaming(
        self,
        total: int,
        earlier: Mapping[int, ResultReceived],
        counters: Callable[[], tuple[LinkCounters, int]],
        judge: Judge | None,
    ) -> None:
        """Samples are streamed from now on, ``earlier`` ones were answered before. ``counters`` gives the link's, and the baud."""
        if self.path is None or self.clock is None:
            return
        self._judge, self._counters, self._began_s = judge, counters, self.clock.monotonic_s()
        self._open = list(earlier.items())
        self._tell(total=total, answered=len(earlier), earlier=len(earlier), right=None, judged=0)

    def answer(self, index: int, result: ResultReceived) -> None:
        """One more."""
        if self.path is None or self.clock is None:
            return
        self._open.append((index, result))
        if self.clock.monotonic_s() - self._wrote_s >= _EVERY_S:
            self._tell()

    def end(self, verdict: Verdict | None) -> None:
        """It has come to its end."""
        self._tell(verdict=verdict, ended=True, step="")

    def close(self) -> None:
        """It is over, also where nobody has said so. A case that came no further than its preparation was none."""
        if self.state is None or self.path is None or self.state.ended:
            return
        if self.state.step in ("", PREPARE):
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        else:
            self.end(None)

    def _tell(self, **known: object) -> None:
        if self.path is None or self.state is None or self.clock is None:
            return
        answers, self._open = self._open, []
        known.setdefault("answered", self.state.answered + len(answers))
        if self._judge is not None and answers:
            known["right"] = (self.state.right or 0) + self._judge(answers)
            known["judged"] = self.state.judged + len(answers)
        if self._counters is not None:
            counters, baud = self._counters()
            known["link"] = LinkNow(
                baud=baud,
                bytes_tx=counters.bytes_tx,
                bytes_rx=counters.bytes_rx,
                frames_bad=counters.frames_bad,
                resent=counters.resent,
                stalls=counters.stalls,
                resets=counters.resets,
            )
            known["streamed_s"] = round(self.clock.monotonic_s() - self._began_s, 3)
        self._wrote_s = self.clock.monotonic_s()
        self.state = self.state.model_copy(update={**known, "told": self.clock.now()})
        try:
            # Not onto the disk: what lives only while something runs need not outlive a loss of power.
            fresh = self.path.with_suffix(".new")
            fresh.write_text(self.state.model_dump_json(), encoding="utf-8")
            fresh.replace(self.path)
        except OSError:
            self.path = None


@contextmanager
def told(
    case: Case, clock: Clock, folder: Path | None, *, run_id: str, started: datetime, backend: str
) -> Iterator[Telling]:
    """Tell of that case until the end of the block. Raises nothing of its own: where nothing can be told, nobody is."""
    try:
        place = _folder()
        _sweep(place)
        lock = locks.take(place / f"{run_id}.lock")
    except (OSError, BenchError):
        lock = None
    if lock is None:
        yield Telling()
        return
    state = Underway(
        run_id=run_id,
        case_id=case.id,
        board=case.board,
        backend=backend,
        process=os.getpid(),
        folder=str(folder.absolute()) if folder is not None else "",
        started=started,
        told=clock.now(),
    )
    with lock:
        telling = Telling(state, clock, place / f"{run_id}.json")
        try:
            yield telling
        finally:
            telling.close()


def beside(telling: Telling, watch: Watch) -> Watch:
    """A watch that tells ``watch`` and the other processes."""

    def both(step: Step) -> None:
        telling.step(step)
        watch(step)

    return both


def cases() -> list[Underway]:
    """Those that run on this host, oldest first, then the last few that have ended, newest first.

    One whose process was killed has ended without a verdict. ``BenchError`` when the runtime folder cannot be used.
    """
    found = [state for path in _folder().glob("*.json") if (state := _read(path)) is not None]
    running = sorted((state for state in found if not state.ended), key=lambda state: state.started)
    return running + sorted((state for state in found if state.ended), key=lambda state: state.told, reverse=True)


def case(run_id: str) -> Underway | None:
    """The one with that id; None when nothing is told of it (any more). ``BenchError`` as ``cases``."""
    if not _RUN_ID.fullmatch(run_id):
        return None
    return _read(_folder() / f"{run_id}.json")


def _read(path: Path) -> Underway | None:
    try:
        runs = locks.held(path.with_suffix(".lock"))
        state = Underway.model_validate_json(files.content(path, _MOST_BYTES))
    except (OSError, ValidationError):
        return None
    # The lock is asked first: between the last words and the end of the lock a case has ended already.
    return state if runs or state.ended else state.model_copy(update={"ended": True, "step": ""})


def _folder() -> Path:
    folder = runtime_folder() / "underway"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _sweep(folder: Path) -> None:
    """Remove what cases have left that ended, but the last few."""
    ended = []
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError):
            if not locks.held(path.with_suffix(".lock")):
                ended.append((path.stat().st_mtime, path))
    for _, path in sorted(ended, reverse=True)[_KEPT:]:
        path.unlink(missing_ok=True)
        path.with_suffix(".new").unlink(missing_ok=True)
