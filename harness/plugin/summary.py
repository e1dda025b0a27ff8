"""What the terminal says: before the run which board and why, after it the table of each case."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from harness.bench.boards import load_board
from harness.bench.unit import choose_backend, expected
from harness.evidence.reports import terminal
from harness.plugin import ending, options, places, progress
from harness.plugin.ours import RECORD, SKIPPED, UNIT, is_plan
from harness.records import Record
from harness.run import whole
from harness.run.watch import again, line

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

_MOST_WORDS = 2000  # of an error; the terminal has all of them
_UNWRITTEN = pytest.StashKey[str | None]()


def header(config: pytest.Config) -> list[str]:
    """One line a board, and one for what was asked for that makes a run worth less."""
    asked = config.stash[options.KEY]
    lines = []
    for name in asked.boards:
        board = load_board(name)
        backend = choose_backend(board, asked.run.backend, asked.run.places, asked.run.uid)
        why = (
            "asked for"
            if asked.run.backend != "auto"
            else "attached"
            if backend == "probe"
            else "no real unit attached"
        )
        stand_in = expected(board, backend, asked.run.places, asked.run.uid)
        what = f"{stand_in.title} ({stand_in.evidence}: {stand_in.limits})" if stand_in else "a real unit"
        lines.append(f"hil: {name}: {what}, {why}")
    if lines and asked.samples is not None:
        lines.append(
            f"hil: at most {asked.samples} samples (--samples): a run that this shortens passes no gate with confidence"
        )
    return lines


def sum_up(config: pytest.Config, exit_status: int) -> None:
    """Leave the run's own reports beside those of its cases. What the disk refuses is told at the end, and changes nothing."""
    reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    skipped, refused = (list(_skipped(reporter)), list(_refused(reporter))) if reporter else ([], [])
    config.stash[_UNWRITTEN] = places.end(config, exit_status, skipped, refused)


def write(reporter: TerminalReporter) -> None:
    """The tables, and where the reports are."""
    records = list(_records(reporter))
    skipped = list(_skipped(reporter))
    if not records and not skipped:
        return
    reporter.section("hil")
    writer = reporter._tw
    for record in records:
        text = io.StringIO()
        console = Console(
            file=text,
            force_terminal=writer.hasmarkup,
            color_system="standard" if writer.hasmarkup else None,
            width=max(80, min(writer.fullwidth, 120)),
        )
        console.print(terminal.view(record))
        reporter.write(text.getvalue())
    for case_id, reason in skipped:
        reporter.write_line(f"SKIP  {case_id}  {reason}")
    for told in _properties(reporter, UNIT):
        reporter.write_line(told)
    if records:
        reporter.write_line(f"reports: {places.report_root(reporter.config)}")
    if unwritten := reporter.config.stash.get(_UNWRITTEN, None):
        reporter.write_line(unwritten)


def write_interrupted(reporter: TerminalReporter) -> None:
    """Where the run stands: what is done, what of the rest is kept, and the command that goes on with it."""
    root = places.report_root(reporter.config)
    kept = list(whole.interrupted(root))
    done = len(list(_records(reporter)))
    begun = reporter.config.stash.get(progress.LAST, None)
    if not (kept or done or begun or reporter.config.stash[options.KEY].boards):
        return  # another's run
    # With xdist, -x and pytest.exit() in a worker come out as an interruption too.
    why = getattr(reporter.config.pluginmanager.get_plugin("dsession"), "shouldstop", False)
    by = f": {why}" if why else f" by {ending.by()}"
    stands = f", at {begun[0]}: {line(begun[1])}" if begun else ""
    reporter.write_line(f"hil: interrupted{by}: {done} case{'s' * (done != 1)} judged{stands}")
    for case in kept:
        reporter.write_line(f"interrupted: {root / case.folder}: {case.kept}")
    command = again("pytest", map(str, reporter.config.invocation_params.args), root if kept else None)
    reporter.write_line(f"go on with: {command}" if kept else f"nothing is kept of it; begin again with: {command}")


def _skipped(reporter: TerminalReporter) -> Iterator[tuple[str, str]]:
    """Cases that could not run, each with why and how to make it run: pytest alone says so only with -rs."""
    for report in reporter.stats.get("skipped", ()):
        for key, value in getattr(report, "user_properties", ()):
            if key == SKIPPED:
                case_id, _, reason = str(value).partition(": ")
                yield case_id, reason


def _refused(reporter: TerminalReporter) -> Iterator[tuple[str, str]]:
    """Plans that could not be read and cases that could not begin, each with why."""
    for report in reporter.stats.get("error", ()):
        file, _, case = report.nodeid.partition("::")
        if is_plan(Path(file)) and RECORD not in dict(getattr(report, "user_properties", ())):
            yield f"{Path(file).stem}/{case}" if case else file, str(report.longrepr)[:_MOST_WORDS]


def _records(reporter: TerminalReporter) -> Iterator[Record]:
    for value in _properties(reporter, RECORD):
        yield Record.model_validate_json(value)


def _properties(reporter: TerminalReporter, name: str) -> Iterator[str]:
    for reports in reporter.stats.values():
        for report in reports:
            for key, value in getattr(report, "user_properties", ()):
                if key == name:
                    yield str(value)
