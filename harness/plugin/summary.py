"""What the terminal says: before the run which board and why, after it the table of each case."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from harness.bench.boards import load_board
from harness.bench.unit import about, choose_backend
from harness.evidence.reports import terminal
from harness.plugin import ending, options, progress
from harness.plugin.collect import RECORD, SKIPPED
from harness.plugin.places import report_root
from harness.records import Record
from harness.run import journal
from harness.run.watch import again, line

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


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
        stand_in = about(backend)
        what = f"{stand_in.title} ({stand_in.evidence}: {stand_in.limits})" if stand_in else "a real unit"
        lines.append(f"hil: {name}: {what}, {why}")
    if lines and asked.samples is not None:
        lines.append(
            f"hil: at most {asked.samples} samples (--samples): a run that this shortens passes no gate with confidence"
        )
    return lines


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
    if records:
        reporter.write_line(f"reports: {report_root(reporter.config)}")


def write_interrupted(reporter: TerminalReporter) -> None:
    """Where the run stands: what is done, what of the rest is kept, and the command that goes on with it."""
    root = report_root(reporter.config)
    journals = sorted(root.rglob(journal.FILENAME)) if root.is_dir() else []
    done = len(list(_records(reporter)))
    begun = reporter.config.stash.get(progress.LAST, None)
    if not (journals or done or begun or reporter.config.stash[options.KEY].boards):
        return  # another's run
    stands = f", at {begun[0]}: {line(begun[1])}" if begun else ""
    reporter.write_line(f"hil: interrupted by {ending.by()}: {done} case{'s' * (done != 1)} judged{stands}")
    for path in journals:
        answered = sum(entry[9:].startswith(b'{"i"') for entry in path.read_bytes().splitlines())
        reporter.write_line(f"interrupted: {path.parent}: {answered} samples are answered and kept")
    command = again("pytest", map(str, reporter.config.invocation_params.args), root if journals else None)
    reporter.write_line(f"go on with: {command}" if journals else f"nothing is kept of it; begin again with: {command}")


def _skipped(reporter: TerminalReporter) -> Iterator[tuple[str, str]]:
    """Cases that could not run, each with why and how to make it run: pytest alone says so only with -rs."""
    for report in reporter.stats.get("skipped", ()):
        for key, value in getattr(report, "user_properties", ()):
            if key == SKIPPED:
                yield report.nodeid, str(value)


def _records(reporter: TerminalReporter) -> Iterator[Record]:
    for reports in reporter.stats.values():
        for report in reports:
            for key, value in getattr(report, "user_properties", ()):
                if key == RECORD:
                    yield Record.model_validate_json(str(value))
