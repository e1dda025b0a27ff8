"""A safety valve: a bad image looks like many bad units. Nothing may take a rack out of service but broken units.

One image or one test may make no more than a stated share (``health: {share: ...}``, a quarter) of the units of its kind suspect,
one night no more than that share of the whole rack; one each always. What would be beyond it is refused: the unit stays as it was,
the image, the test or the night is stopped instead, and whoever hands out work asks ``stopped`` first.

Whoever hands out a test knows its image only if it has run before (``NOT_BUILT``); so whoever has built one asks ``check`` before a
unit gets it. That tests of the same image as a stopped one are met is seen to there.

Who was moved because of what is read from the rack's journal, where each move has its ``Cause``; stops stand beside it, in
``stops.jsonl``. A night without a name is the last ``NIGHT``, and is not stopped: nobody could go on. So long a stop holds: by then
somebody has looked. A stopped image is known by its hash: one that was built anew is another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from harness.bench import rackstate
from harness.bench.rackstate import State, UnitState
from harness.clock import Clock, SystemClock
from harness.disk import files, folders
from harness.errors import BenchError

NIGHT: Final = timedelta(hours=12)
_BAD: Final = (State.SUSPECT, State.QUARANTINED)
#: As an image: nobody knows yet which it is. No stop of an image holds; ``check`` is asked when it is built.
NOT_BUILT: Final = "not built"
WAY_OUT: Final = "build another image, or mend the test; `hil rack check --forget-stops` lets all go on that is stopped"
_USE: Final = re.compile(r" #\d+$")  # the second use of a unit by a test, and further ones: they are of that test
_PART = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*")')

Kind = Literal["image", "test", "night"]


class Stopped(BenchError):
    """An image or a test that is given out no more. No unit is to blame, nor has seen it."""

    whose = "nobody"


@dataclass(frozen=True)
class Cause:
    """What moved a unit; stands as text in the evidence of its move. "" where it is not known.

    ``run``: the id of a record; ``test``: of a case or a test; ``image``: its SHA-256; ``night``: the name of a nightly's run;
    ``board``: the unit's kind; ``report``: the file of its health plan.
    """

    run: str = ""
    test: str = ""
    image: str = ""
    night: str = ""
    board: str = ""
    report: str = ""

    def text(self) -> str:
        """``run="3f..." test="digits/nucleo_f446re/..."``."""
        return " ".join(f"{key}={json.dumps(value)}" for key, value in asdict(self).items() if value)

    @classmethod
    def read(cls, text: str) -> Cause:
        """What ``text`` wrote; nothing of what a person wrote."""
        known = {one.name for one in fields(cls)}
        return cls(**{key: str(json.loads(value)) for key, value in _PART.findall(text) if key in known})


@dataclass(frozen=True)
class Stop:
    """``what`` of that ``name`` is not given out until then. ``tests``: of an image, those that had it on board."""

    what: Kind
    name: str
    why: str
    until: datetime
    tests: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """For people."""
        name = self.name[:12] if self.what == "image" else self.name
        return f"{self.what} {name}" if name else "this night"


def limit(share: float, n_units: int) -> int:
    """How many units out of ``n_units`` one cause may move."""
    return max(1, int(share * n_units))


def judged(
    moves: Sequence[UnitState], uid: str, cause: Cause, *, of_kind: int, rack_size: int, share: float, now: datetime
) -> Stop | None:
    """What has to be stopped when ``cause`` would make ``uid`` suspect too; None: nothing, it may. Pure.

    ``of_kind`` units of ``rack_size`` are of the kind of ``uid``. A unit that was moved twice counts once, and one that is good
    again by now counts: a good unit that was made to look bad is what this looks for.
    """
    recent = [(move, Cause.read(move.evidence)) for move in moves if move.state in _BAD and now - move.since < NIGHT]
    night = cause.night
    asked: tuple[tuple[Kind, str, int], ...] = (
        ("image", cause.image, of_kind),
        ("test", cause.test, of_kind),
        ("night", night, rack_size),
    )
    for what, name, n_units in asked:
        if not name and what != "night":
            continue
        same = [(move, by) for move, by in recent if by != Cause() and (not name or getattr(by, what) == name)]
        units = {move.uid for move, _ in same} | {uid}
        if len(units) > (most := limit(share, n_units)):
            tests = {by.test for _, by in same} | {cause.test}
            why = (
                f"{len(units)} of {n_units} units would be suspect by it ({', '.join(sorted(units))}), and no more than {most} may:"
                f" it is suspect itself, and {uid} stays as it was"
            )
            return Stop(what, name, why, now + NIGHT, tuple(sorted(tests - {""})) if what == "image" else ())
    return None


def allows(
    uid: str,
    *,
    test: str = "",
    image: str = "",
    night: str = "",
    rack_size: int,
    of_kind: int | None = None,
    share: float = 0.25,
    clock: Clock | None = None,
) -> str | None:
    """Whether these may make the unit suspect or quarantined: None, else why not, and what is to blame is stopped from now on.

    ``of_kind``: how many of the rack's ``rack_size`` units are of its kind (None: all).
    """
    now = (clock or SystemClock()).now()
    cause = Cause(test=test, image=image, night=night)
    size = rack_size if of_kind is None else of_kind
    stop = judged(rackstate.moves(), uid, cause, of_kind=size, rack_size=rack_size, share=share, now=now)
    if stop is None:
        return None
    if stop.name:
        _write(stop)
    return f"{stop.title}: {stop.why}"


def stopped(*, test: str = "", image: str = "", night: str = "", clock: Clock | None = None) -> str | None:
    """Why this must not be given out; None: it may. A test whose image is stopped is, unless ``image`` says that it has another."""
    now = (clock or SystemClock()).now()
    return next(
        (f"{stop.title} is stopped: {stop.why}" for stop in stops(now) if _hits(stop, test, image, night)), None
    )


def check(test: str, image: str) -> None:
    """Before a unit gets the ``image`` that was built for ``test``. ``Stopped`` when one of them must not be given out."""
    if (why := stopped(test=test, image=image)) is not None:
        raise Stopped(
            f"the safety valve is shut: {why}",
            where=test,
            next_step=WAY_OUT,
        )


def _hits(stop: Stop, test: str, image: str, night: str) -> bool:
    if stop.what == "image":
        return stop.name == image if image else bool(test) and test in stop.tests
    if stop.what == "test":
        return _USE.sub("", stop.name) == _USE.sub("", test)
    return stop.name == night


def stops(now: datetime | None = None) -> tuple[Stop, ...]:
    """Those that hold, oldest first. Never raises: what cannot be read stops nothing."""
    now = now or SystemClock().now()
    try:
        lines = files.text(_path()).splitlines()
    except (OSError, ValueError, BenchError):
        return ()
    return tuple(stop for stop in _read(lines) if stop.until > now)


def forget() -> int:
    """Let everything go on that is stopped; how many stops there were. ``BenchError`` when the file cannot be removed."""
    n = len(stops())
    try:
        _path().unlink(missing_ok=True)
    except OSError as error:
        raise folders.unusable(_path().parent, error, folders.STATE) from error
    return n


def _path() -> Path:
    return folders.state_path("rack") / "stops.jsonl"


def _read(lines: Iterable[str]) -> Iterator[Stop]:
    for line in lines:
        try:
            found = json.loads(line)
            until = datetime.fromisoformat(found.pop("until"))
            yield Stop(until=until, tests=tuple(found.pop("tests", ())), **found)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue


def _write(stop: Stop) -> None:
    """``BenchError`` when the disk refuses."""
    folder = folders.made(_path().parent, folders.STATE)
    line = json.dumps(asdict(stop) | {"until": stop.until.isoformat()}) + "\n"
    try:
        # One write of a short line: what two processes append at once does not mix.
        with _path().open("ab", buffering=0) as file:
            file.write(line.encode())
    except OSError as error:
        raise folders.unusable(folder, error, folders.STATE) from error
