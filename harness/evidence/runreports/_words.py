"""How a run is put into words: the same in every report of it."""

from __future__ import annotations

import shlex
from urllib.parse import quote

from harness.evidence.reports import _words
from harness.evidence.runrecord import Entry, Interrupted, RunRecord
from harness.records import Verdict

#: Failures first: they are evidence. A rig's faults say nothing of the product and stand apart.
SECTIONS = (
    (Verdict.FAIL, "Failures", "the product is wrong"),
    (Verdict.ERROR, "Faults of the rig", "nothing is said of the product"),
    (Verdict.INCONCLUSIVE, "Not enough evidence", "what is missing"),
)


def counts(run: RunRecord) -> list[tuple[str, int]]:
    """How many came to which verdict, and what has none; what there is none of is left out."""
    found = [(verdict.value, run.count(verdict)) for verdict in (*(section[0] for section in SECTIONS), Verdict.PASS)]
    found += [("interrupted", len(unfinished(run))), ("skipped", len(run.skipped)), ("not begun", len(run.refused))]
    return [(word, number) for word, number in found if number]


def headline(run: RunRecord) -> str:
    """``1 fail, 2 pass, 1 interrupted``."""
    return ", ".join(f"{number} {word}" for word, number in counts(run)) or "nothing came to an end"


def doubt(run: RunRecord) -> str:
    """That the command went wrong although everything here went well; empty where it did not."""
    status = run.command.exit_status
    if run.verdict is not Verdict.PASS or status in (0, None):
        return ""
    return f"The command ended with exit status {status} although every case here passed: its output says what else went wrong."


def unfinished(run: RunRecord) -> list[Interrupted]:
    """What was begun and has no record: neither a verdict nor a fault is known of it."""
    ended = {entry.folder for entry in run.entries}
    return [case for case in run.interrupted if case.folder not in ended]


def of(run: RunRecord, verdict: Verdict) -> list[Entry]:
    """The cases and tests that came to that verdict."""
    return [entry for entry in run.entries if entry.verdict is verdict]


def ranked(run: RunRecord) -> list[Entry]:
    """All cases and tests, those that need a look first."""
    return [entry for verdict in (*(section[0] for section in SECTIONS), Verdict.PASS) for entry in of(run, verdict)]


def why(entry: Entry) -> list[str]:
    """The reasons, for too little evidence each gate with what is missing."""
    found = entry.missing if entry.verdict is Verdict.INCONCLUSIVE and entry.missing else entry.reasons
    return [*(found or (_words.meaning(entry.verdict),)), *earlier(entry)]


def earlier(entry: Entry) -> list[str]:
    """That it is not of the last command, where that is so."""
    when = f"{entry.finished:%Y-%m-%d %H:%M:%S} {entry.finished.tzname() or ''}".strip()
    return [f"left by an earlier command into this folder, {when}"] if entry.earlier else []


def going_on(case: Interrupted) -> str:
    """What is kept of an interrupted case."""
    return f"{case.kept}; the same command with --resume goes on with it"


def figures(entry: Entry, most: int = 4) -> str:
    """``accuracy 98.67 %, agreement 100.00 %``."""
    return ", ".join(f"{m.name} {_words.figure(m.value, m.unit)}" for m in entry.figures[:most])


def link(folder: str, file: str = "report.html") -> str:
    """A relative address, whatever is in the name of the folder."""
    return quote(f"{folder}/{file}" if folder != "." else file)


def said(run: RunRecord) -> str:
    """The command line as a shell takes it."""
    return shlex.join(run.command.words)


def duration(run: RunRecord) -> str:
    """``12.3 s``; of the last command."""
    command = run.command
    if command.ended is None:
        return "not ended"
    return f"{max(0.0, (command.ended - command.started).total_seconds()):.1f} s"


def matrix(run: RunRecord) -> tuple[list[str], list[tuple[str, list[list[Entry]]]]]:
    """The boards, and for each plan what there is on each of them."""
    boards = sorted({entry.board for entry in run.entries})
    plans = list(dict.fromkeys(entry.plan for entry in run.entries))
    return boards, [
        (plan, [[e for e in run.entries if (e.plan, e.board) == (plan, board)] for board in boards]) for plan in plans
    ]


def name(entry: Entry, beside: list[Entry]) -> str:
    """What tells an entry from those beside it in a cell of the matrix: its model, or its test."""
    short = entry.model if entry.kind == "case" else entry.id.partition("::")[2] or entry.id
    alone = len(beside) == 1 and entry.kind == "case"
    return "" if alone else short
