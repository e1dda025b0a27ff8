"""Streams one case on an open unit: the line's speed, the rescue of board and port, the journal, the log of the bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from harness.bench.probes import CoreState
from harness.bench.unit import Unit
from harness.build.symbols import Symbols
from harness.clock import Clock
from harness.disk.files import name_for
from harness.errors import BenchError
from harness.evidence import clear_reports
from harness.plans.schema import Stream
from harness.run import blame, journal, resume
from harness.run.journal import Earlier, Journal
from harness.run.options import RunOptions
from harness.run.product import Product
from harness.run.workload import Workload
from harness.session import baud_memory as speeds
from harness.session import wirelog
from harness.session.climb import Climbed
from harness.session.console import FILENAME as SERIAL_LOG
from harness.session.console import Console
from harness.session.rescue import Rescue
from harness.session.stream import Pace
from harness.session.verbs import BoardFaultError, BoardSilentError, Session, StreamResult
from harness.wire.events import ResultReceived


@dataclass(frozen=True)
class CaseFiles:
    """What a case writes while it runs. ``journal`` is None when it has no folder; ``earlier`` when it begins anew.

    ``console`` keeps what the firmware prints.
    ``aside`` is where the journal of another, interrupted run was put that lay in the folder.
    """

    journal: Journal | None = None
    log: wirelog.WireLog | None = None
    console: Console | None = None
    earlier: Earlier | None = None
    aside: Path | None = None

    def tap(self, direction: str, data: bytes, time_s: float) -> None:
        """Sees every byte of the session."""
        for each in (self.log, self.console):
            if each is not None:
                each(direction, data, time_s)


def find_earlier(case_id: str, options: RunOptions) -> tuple[Path, Earlier] | None:
    """The journal that the case goes on with, None when it begins anew. ``MisuseError`` when it cannot be found or read."""
    if options.resume is None:
        return None
    path = resume.find(options.resume, case_id)
    return None if path is None else (path, journal.read(path))


def binding(case_id: str, workload: Workload, product: Product) -> dict[str, str]:
    """What a journal is bound to: with another case, data set, model or image its answers mean nothing."""
    data, reset = workload.facts(), workload.memory.reset
    return ({"memory reset": reset} if reset else {}) | {
        "case": case_id,
        "data set": f"{data.name} {data.split} {data.n} {data.sha256}",
        "model": product.image.model_sha256,
        "firmware": product.elf_sha256,
    }


@contextmanager
def case_files(
    folder: Path | None,
    found: tuple[Path, Earlier] | None,
    bound: Mapping[str, str],
    options: RunOptions,
    clock: Clock,
    *,
    run_id: str,
    started: datetime,
) -> Iterator[CaseFiles]:
    """Open what the options ask for; closed again whatever happens. ``MisuseError`` when the journal is another run's."""
    with ExitStack() as stack:
        kept, aside = stack.enter_context(written_down(folder, found, bound, clock, run_id=run_id, started=started))
        log, console = stack.enter_context(listening(folder, options, clock, go_on=found is not None))
        if folder is not None:
            clear_reports(folder)  # of an earlier run: should this one be killed, nothing must look like its result
        yield CaseFiles(kept, log, console, found[1] if found else None, aside)


@contextmanager
def written_down(
    folder: Path | None,
    found: tuple[Path, Earlier] | None,
    bound: Mapping[str, str],
    clock: Clock,
    *,
    run_id: str,
    started: datetime,
) -> Iterator[tuple[Journal | None, Path | None]]:
    """The case's journal, None without a folder; where an interrupted run's was put aside. ``MisuseError`` as ``case_files``."""
    with ExitStack() as stack:
        kept: Journal | None = None
        aside: Path | None = None
        if found is not None:
            path, earlier = found
            earlier.check_bound(bound, path)
            kept = Journal.go_on(path, clock, earlier)
        elif folder is not None:
            aside = journal.set_aside(folder)
            kept = Journal.begin(folder / journal.FILENAME, clock, run_id=run_id, started=started, bound=bound)
        if kept is not None:
            stack.callback(kept.close)
        yield kept, aside


def was_aside(aside: Path) -> str:
    """What a reader must know of the journal that was put aside."""
    return f"an interrupted run lay in the report directory; it was kept: --resume {aside} goes on with it"


@contextmanager
def listening(
    folder: Path | None, options: RunOptions, clock: Clock, *, go_on: bool = False, of: str = ""
) -> Iterator[tuple[wirelog.WireLog | None, Console]]:
    """What keeps the bytes, if asked for, and what keeps the firmware's text: in ``serial.log`` too, unless that is not wanted.

    ``of``: the unit of several whose they are; ``serial.UID.log`` then.
    """
    with ExitStack() as stack:
        log = None
        if options.wire_log and folder is not None:
            log = wirelog.WireLog(folder / _named_for(wirelog.FILENAME, of))
            stack.callback(log.close)
        kept = folder / _named_for(SERIAL_LOG, of) if options.serial_log and folder is not None else None
        console = Console(clock, kept, go_on=go_on)
        stack.callback(console.close)
        yield log, console


def _named_for(filename: str, uid: str) -> str:
    if not uid:
        return filename
    stem, _, ending = filename.rpartition(".")
    return f"{stem}.{name_for(uid, 60)}.{ending}"


def same_unit(files: CaseFiles, unit: Unit) -> None:
    """``MisuseError`` when the run that is gone on with was begun on another unit. An emulated one is another each time."""
    if files.journal is not None and files.earlier is not None and unit.evidence == "hardware":
        files.earlier.check_unit(unit.uid, unit.facts().chip_id, files.journal.path)


def raise_speed(session: Session, unit: Unit, wanted: Stream, clock: Clock) -> Climbed:
    """Go to the plan's baud, else to the fastest that holds: the one remembered of this unit is tried first.

    Nothing is remembered of emulated units: their ids and ports are new each time, and they hold every speed.
    """
    real = unit.evidence == "hardware"
    if wanted.baud is not None:
        return session.climb(fixed=wanted.baud)
    if not real:
        return session.climb(known=max(unit.board.uart.bauds, default=None))
    known = speeds.recall(unit.uid, unit.port, clock.now())
    climbed = session.climb(known=known.baud, avoid=tuple(known.refused))
    if climbed.baud is not None:
        speeds.remember(unit.uid, unit.port, climbed.baud, {**known.refused, **climbed.refused}, clock.now())
    return climbed


def rescue(unit: Unit, clock: Clock, symbols: Symbols | None) -> Rescue:
    """Silence is answered with a reset through the probe, if that reaches the core; a port is waited for."""

    def revive() -> str:
        core = unit.core()
        words = blame.describe_core(core, symbols)
        if core.state is CoreState.RESET:
            raise BenchError(
                "the board is held in reset", where=f"unit {unit.uid}", found=words, next_step="look at its reset line"
            )
        unit.probe.reset()
        return words

    return Rescue(revive=revive, reopen=lambda gone: unit.reopen_port(gone, clock))


def stream_case(
    session: Session,
    payloads: Sequence[bytes],
    files: CaseFiles,
    climbed: Climbed,
    *,
    wanted: Stream,
    timeout_s: float,
    helped: Rescue,
    answered: Mapping[int, ResultReceived],
    on_answer: Callable[[int, ResultReceived], None] = lambda index, result: None,
    follows: Sequence[bool] | None = None,
    pace: Pace | None = None,
) -> StreamResult:
    """Stream what ``answered`` does not hold yet; the result is of all samples, in their order.

    Where samples go on from one another (``follows``), a sequence that is not whole is streamed anew; the first answers stand.
    """
    todo = _open_samples(len(payloads), answered, follows)
    timed = files.earlier.quiet if files.earlier else frozenset()
    # What an earlier part has timed need not be timed again; with one sample under way all of them are.
    quiet = max(0, wanted.quiet - len(timed)) if wanted.window != 1 else len(todo)

    def note(at: int, result: ResultReceived) -> None:
        if todo[at] in answered:
            return
        if files.journal is not None:
            files.journal.add(todo[at], result, quiet=at < quiet)
        on_answer(todo[at], result)

    try:
        part = session.stream(
            [payloads[index] for index in todo],
            note,
            wanted.window,
            timeout_s,
            helped,
            quiet,
            None if follows is None else [follows[index] for index in todo],
            pace,
        )
    except (BoardSilentError, BoardFaultError) as error:
        if error.partial is not None:
            error.partial = _whole(error.partial, todo, answered, len(payloads), files, climbed)
        raise
    counted = session.counters.bad_board
    status = session.status()
    # Only STATUS tells how many damaged frames the board has seen, and a clean end of the stream needs none.
    part.counters.bad_board += session.counters.bad_board - counted
    overlap = status.bytes_overlapped / status.bytes_rx if status.bytes_rx else None
    return replace(_whole(part, todo, answered, len(payloads), files, climbed), overlap=overlap)


def _open_samples(n: int, answered: Mapping[int, ResultReceived], follows: Sequence[bool] | None) -> list[int]:
    """The samples to stream: those without an answer, and those before them that they go on from."""
    todo: list[int] = []
    needed = False
    for index in reversed(range(n)):
        needed = needed or index not in answered
        if needed:
            todo.append(index)
        if follows is None or not follows[index]:
            needed = False
    return todo[::-1]


def _whole(
    part: StreamResult,
    todo: list[int],
    answered: Mapping[int, ResultReceived],
    n: int,
    files: CaseFiles,
    climbed: Climbed,
) -> StreamResult:
    results: list[ResultReceived | None] = [answered.get(index) for index in range(n)]
    for at, result in enumerate(part.results):
        if result is not None and todo[at] not in answered:
            results[todo[at]] = replace(result, key=todo[at])
    return replace(
        part,
        results=tuple(results),
        lost={todo[at]: why for at, why in part.lost.items() if todo[at] not in answered},
        earlier_s=files.earlier.spent_s if files.earlier else 0.0,
        climbs=part.climbs + climbed.steps,
        quiet=frozenset(todo[at] for at in part.quiet) | (files.earlier.quiet if files.earlier else frozenset()),
    )
