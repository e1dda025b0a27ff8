"""The health plan of one unit: does it do what a good one does? Six steps, each with its figures, the whole bounded in time.

    probe     its probe connects, its port opens, the chip is of its kind (and the one that the bench file names)
    ram       patterns over all of the RAM that board.toml names hold (``ramtest``)
    flash     an image that is known to be good is programmed, also where it was there already, and reads back
    hello     that image answers on this port, from this chip, at this clock
    line      at each of the board's speeds test frames come back, but for a stated share (``session.linerate``)
    samples   200 samples with known answers: every raw output bit for bit

The first step that fails ends it. What is the host's fault, or somebody else's (it is in use), leaves it open: nothing is known
of the unit then. Nothing here judges the product: the image is one of ours. The unit is given back whatever happens, running the
known good image at its safe speed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from harness.bench.boards import Board
from harness.bench.places import Place
from harness.bench.probes import MemoryProbe, Probe
from harness.bench.unit import Unit, open_unit
from harness.clock import Clock, Deadline, SystemClock
from harness.disk import files, folders
from harness.errors import BenchError, DeviceError, HilError, PlanError
from harness.farm import ramtest
from harness.farm.knowngood import KnownGood, known_good
from harness.run.bring_up import bring_up
from harness.run.scoring import gather
from harness.session.linerate import LineRate, line_rates
from harness.session.verbs import Session
from harness.text import printable
from harness.verdict.alike import alike

BUDGET_S: Final = 240.0
#: A line may lose so many of its test frames: three in a hundred are sent again and cost no run, more is a cable to look at.
LOST_SHARE: Final = 0.03
_ROUNDS, _QUICK_ROUNDS = 16, 2  # of eight test frames, at each speed
_RAM_S, _QUICK_RAM_S = 30.0, 2.0
_QUICK_SAMPLES = 20
_LONGEST = 100  # of what an error found
#: What of a step stands in the one line of a unit.
_SHORT: Final = {
    "probe": "probe and port open, chip {chip}",
    "ram": "RAM {bytes} of {of} bytes",
    "flash": "flash",
    "hello": "hello",
    "line": "line {lost} of {frames} frames lost at {speeds} speeds",
    "samples": "samples {right} of {of}",
}

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """One step. ``text`` has its figures in words, ``figures`` as numbers."""

    name: str
    ok: bool
    text: str
    seconds: float
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The step and the figure that says most of it."""
        said = _SHORT.get(self.name)
        return said.format(**self.figures) if said else self.name


@dataclass(frozen=True)
class HealthReport:
    """What a unit has shown. ``ok`` None: it could not be asked; ``why`` says so, and what failed when it is False."""

    uid: str
    board: str
    at: str
    ok: bool | None
    parts: tuple[Part, ...] = ()
    why: str = ""
    quick: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """One a step, for people."""
        marks = {True: "ok  ", False: "FAIL"}
        steps = (f"{marks[part.ok]} {part.name:<8} {part.text} ({part.seconds:.1f} s)" for part in self.parts)
        return (*steps, f"--   {self.why}") if self.ok is None else tuple(steps)

    @property
    def title(self) -> str:
        """All of it in one line."""
        if self.ok is None:
            return f"not checked: {self.why}"
        if not self.ok:
            return f"failed at {self.why}"
        return f"{', '.join(part.short for part in self.parts)} ({sum(part.seconds for part in self.parts):.1f} s)"

    def as_json(self) -> dict[str, Any]:
        """For ``--json`` and for the file."""
        return asdict(self)


def report_path(uid: str) -> Path:
    """Where the last report of a unit is kept. ``BenchError`` when this user has no home."""
    return folders.state_path("rack") / "health" / f"{files.name_for(uid)}.json"


def check(
    place: Place,
    board: Board,
    *,
    quick: bool = False,
    clock: Clock | None = None,
    budget_s: float = BUDGET_S,
    tell: Tell | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> HealthReport:
    """Put the unit of ``place`` through its health plan, and keep the report. ``tell`` is given each step's line as it is done;
    when ``stop`` says so no further one is begun.

    ``quick``: fewer samples and test frames, and only some of the RAM. Errors of unit and host are in the report; ``PlanError``
    comes out when the bench file names a health plan that cannot be one.
    """
    clock = clock or SystemClock()
    steps = _Steps(clock, tell or (lambda line: None), Deadline.after(clock, budget_s), stop)
    at = clock.now().isoformat(timespec="seconds")
    ok: bool | None = True
    why = ""
    try:
        good = known_good(place.health.plan, board.name)
        _examine(place, board, good, steps, quick)
    except _NotSound:
        ok, why = False, f"{steps.done[-1].name}: {steps.done[-1].text}"
    except _OutOfTime as late:
        ok, why = None, str(late)
    except PlanError:
        raise
    except HilError as error:
        ok, why = None, _in_a_line(error)
    report = HealthReport(place.uid, board.name, at, ok, tuple(steps.done), printable(why), quick)
    _keep(report)
    return report


def unreached(place: Place, at: str, why: str) -> HealthReport:
    """The report of a unit that was given up before its first step, and that is kept as any other."""
    report = HealthReport(
        place.uid, place.board, at, False, (Part("probe", False, printable(why), 0.0),), f"probe: {why}"
    )
    _keep(report)
    return report


class _NotSound(Exception):
    """A step has failed, and is written down."""


class _OutOfTime(Exception):
    """The whole takes too long: what was not done says nothing."""


class _Steps:
    """The steps done so far."""

    def __init__(self, clock: Clock, tell: Tell, deadline: Deadline, stop: Callable[[], bool]) -> None:
        self.clock, self._tell, self._deadline, self._stop = clock, tell, deadline, stop
        self.done: list[Part] = []

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """One step, which leaves its words under ``text`` and its figures beside them; ``wrong`` True: they show a fault.

        An error of unit or firmware is the step's: the firmware is known to be good. Anyone else's comes out.
        """
        if self._deadline.passed:
            raise _OutOfTime(f"the time was over before `{name}`: is this host busy?")
        if self._stop():
            raise _OutOfTime(f"it was stopped before `{name}`")
        began_s = self.clock.monotonic_s()
        found: dict[str, Any] = {}
        try:
            yield found
        except (BenchError, DeviceError) as error:
            if isinstance(error, BenchError) and (error.whose or (name == "probe" and not error.unit)):
                raise
            found |= {"text": _in_a_line(error), "wrong": True}
        wrong, text = bool(found.pop("wrong", False)), printable(str(found.pop("text", "")))
        part = Part(name, not wrong, text, round(self.clock.monotonic_s() - began_s, 3), found)
        self.done.append(part)
        self._tell(HealthReport("", "", "", True, (part,)).lines[0])
        if wrong:
            raise _NotSound

    def left_s(self, most_s: float) -> float:
        """What is left of the whole, but no more than that."""
        return max(1.0, min(most_s, self._deadline.left_s()))


def _examine(place: Place, board: Board, good: KnownGood, steps: _Steps, quick: bool) -> None:
    with _opened(place, board, steps) as unit:
        with steps.step("ram") as found:
            _ram(unit.probe, board, steps, quick, found)
        with steps.step("flash") as found:
            if isinstance(unit.probe, MemoryProbe):
                unit.probe.erase(board.memory.flash_origin)  # else an image that is there already would prove nothing
            report = unit.probe.flash(good.product.image.elf, timeout_s=steps.left_s(good.plan.timeouts.flash_s))
            unit.read_back = report.verified
            found |= {"text": f"{report.bytes_programmed} of {report.bytes_total} bytes programmed, all read back"}
            found |= {"bytes": report.bytes_total, "programmed": report.bytes_programmed}
        with steps.step("hello") as found:
            session = _greeted(unit, good, steps, found)
        try:
            with steps.step("line") as found:
                _line(session, board, steps, quick, found)
            with steps.step("samples") as found:
                _samples(session, good, steps, quick, found)
        finally:
            _leave(unit)


@contextmanager
def _opened(place: Place, board: Board, steps: _Steps) -> Iterator[Unit]:
    opened = open_unit(
        board, backend="probe", places=(place,), uid=place.uid, what="health check", clock=steps.clock, care=True
    )
    unit: Unit | None = None
    try:
        with steps.step("probe") as found:
            unit = opened.__enter__()
            chip = unit.read_chip_id().hex()
            found |= {"text": f"{unit.probe.description or 'connected'}, {unit.port}, chip {chip or 'without an id'}"}
            found |= {"chip": chip or "without an id"}
        yield unit
    finally:
        if unit is not None:
            opened.__exit__(None, None, None)


def _ram(probe: Probe, board: Board, steps: _Steps, quick: bool, found: dict[str, Any]) -> None:
    memory = board.memory
    if not isinstance(probe, MemoryProbe):
        found |= {"text": "not tested: this probe does not reach the memory", "bytes": 0, "of": memory.ram_bytes}
        return
    budget_s = steps.left_s(_QUICK_RAM_S if quick else _RAM_S)
    seen = ramtest.check_ram(probe, memory.ram_origin, memory.ram_bytes, clock=steps.clock, budget_s=budget_s)
    share = "" if seen.tested == seen.total else f" of {seen.total}"
    text = f"{seen.tested}{share} bytes of RAM, {len(ramtest.PATTERNS)} patterns, {seen.wrong} words wrong"
    found |= {"text": text if seen.ok else f"{text}: {seen.first}", "wrong": not seen.ok}
    found |= {"bytes": seen.tested, "of": seen.total, "words": seen.words, "words_wrong": seen.wrong}


def _greeted(unit: Unit, good: KnownGood, steps: _Steps, found: dict[str, Any]) -> Session:
    timeouts = good.plan.timeouts
    live = bring_up(
        unit,
        good.product,
        clock=steps.clock,
        skip_flash=True,  # done, and read back
        flash_timeout_s=timeouts.flash_s,
        hello_timeout_s=timeouts.hello_s,
        silence_s=timeouts.answer_s,
        watch=lambda step: None,
    )
    facts = unit.facts()
    found |= {"text": f"chip {facts.chip_id_hello or 'without an id'}, build {live.hello.build_id}"}
    found |= {"build_id": live.hello.build_id, "chip": facts.chip_id_hello}
    if live.warnings:
        found |= {"warnings": list(live.warnings)}
    return live.session


def _line(session: Session, board: Board, steps: _Steps, quick: bool, found: dict[str, Any]) -> None:
    rates = list(line_rates(session, board.uart.bauds, _QUICK_ROUNDS if quick else _ROUNDS))
    # A speed that plainly does not hold is one that no run would use: told, and no fault. One that holds and loses frames is.
    safe = rates[0]
    bad = [one for one in rates if not one.why and one.share > LOST_SHARE]
    if safe.why and safe not in bad:
        bad.append(safe)
    found |= {"text": ", ".join(_rate(one) for one in rates), "wrong": bool(bad), "rates": [asdict(r) for r in rates]}
    held = [one for one in rates if not one.why]
    found |= {"lost": sum(one.lost for one in held), "frames": sum(one.frames for one in held), "speeds": len(held)}
    if bad:
        found["text"] += f"; at most {LOST_SHARE:.0%} of the frames may be lost"


def _rate(one: LineRate) -> str:
    name = f"{one.baud} baud" if one.baud else "the line"
    if not one.frames:
        return f"{name}: {one.why}"
    return f"{name}: {one.lost} of {one.frames} frames lost" + (" (does not hold)" if one.why else "")


def _samples(session: Session, good: KnownGood, steps: _Steps, quick: bool, found: dict[str, Any]) -> None:
    climbed = session.climb()
    payloads = good.workload.payloads()
    n = min(_QUICK_SAMPLES, len(payloads)) if quick else len(payloads)
    streamed = session.stream(payloads[:n], timeout_s=steps.left_s(BUDGET_S))
    whole = replace(streamed, results=(*streamed.results, *(None for _ in payloads[n:])))
    samples = gather(good.workload, whole, good.product.model.outputs)
    right = int((alike(samples.outputs, samples.reference) & samples.sound)[:n].sum())
    answered = int(samples.answered[:n].sum())
    counted = streamed.counters
    text = f"{right} of {n} samples answered bit for bit at {climbed.baud or 0} baud, {counted.frames_bad} bad frames"
    found |= {"text": text if answered == n else f"{text}, {n - answered} lost", "wrong": right != n}
    found |= {"right": right, "of": n, "lost": n - answered, "baud": climbed.baud, "frames_bad": counted.frames_bad}


def _leave(unit: Unit) -> None:
    """At its safe speed, whatever was climbed to. A unit that has just failed may not be reachable any more."""
    try:
        unit.probe.reset()
    except BenchError:
        return


def _in_a_line(error: HilError) -> str:
    found = " ".join(str(error.found or "").split())
    found = found if len(found) <= _LONGEST else f"{found[: _LONGEST - 3]}..."
    return ": ".join(filter(None, (error.what, found)))


def _keep(report: HealthReport) -> None:
    """A disk that refuses takes nothing from what was seen."""
    try:
        path = report_path(report.uid)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace(path, (json.dumps(report.as_json(), indent=1) + "\n").encode())
    except (OSError, BenchError):
        return
