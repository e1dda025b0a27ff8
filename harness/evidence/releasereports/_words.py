"""How a release is put into words: the same in every report of it."""

from __future__ import annotations

from harness.evidence.reports import _words
from harness.verdict.release import CellFacts, CellStatus, ReleaseFacts

#: Those that need a look first.
ORDER = (CellStatus.FAIL, CellStatus.INCONCLUSIVE, CellStatus.STALE, CellStatus.MISSING, CellStatus.PASS)
_MEANING = {
    CellStatus.FAIL: "the product is wrong",
    CellStatus.INCONCLUSIVE: "it was run, and that is not enough",
    CellStatus.STALE: "what was run is not what is to be released, or too long ago",
    CellStatus.MISSING: "it was not run",
    CellStatus.PASS: "all that was judged holds",
}


def meaning(status: CellStatus) -> str:
    """What a status says, in half a sentence."""
    return _MEANING[status]


def headline(facts: ReleaseFacts) -> str:
    """``1 fail, 1 missing, 4 pass``."""
    return ", ".join(f"{facts.count(status)} {status}" for status in ORDER if facts.count(status))


def of(facts: ReleaseFacts, status: CellStatus) -> list[CellFacts]:
    """The cells that came to that."""
    return [cell for cell in facts.cells if cell.status is status]


def ranked(facts: ReleaseFacts) -> list[CellFacts]:
    """All cells, those that need a look first."""
    return [cell for status in ORDER for cell in of(facts, status)]


def matrix(facts: ReleaseFacts) -> tuple[list[str], list[tuple[str, list[CellFacts | None]]]]:
    """The boards, and for each plan and model its cell on each of them; None where the release asks for none."""
    boards = list(dict.fromkeys(cell.board for cell in facts.cells))
    cells = {(cell.plan, cell.model, cell.board): cell for cell in facts.cells}
    models: dict[str, set[str]] = {}
    for cell in facts.cells:
        models.setdefault(cell.plan, set()).add(cell.model)
    rows = dict.fromkeys((cell.plan, cell.model) for cell in facts.cells)
    return boards, [
        (
            plan if len(models[plan]) == 1 else f"{plan}, {model}",
            [cells.get((plan, model, board)) for board in boards],
        )
        for plan, model in rows
    ]


def figures(cell: CellFacts, most: int = 4) -> list[tuple[str, str]]:
    """Names and values of what the cell's gates are about."""
    return [(one.name, _words.figure(one.value, one.unit)) for one in cell.figures[:most]]


def when(cell: CellFacts) -> str:
    """When the run ended that speaks for a cell; empty without one."""
    return f"{cell.run.finished:%Y-%m-%d %H:%M} {cell.run.finished.tzname() or ''}".strip() if cell.run else ""


def emulated(facts: ReleaseFacts) -> str:
    """How much of what passed was on emulators; empty where none was."""
    passed = of(facts, CellStatus.PASS)
    count = sum(cell.run is not None and cell.run.evidence == "emulated" for cell in passed)
    if not count:
        return ""
    which = "the one cell that passes was" if len(passed) == 1 else f"{count} of the {len(passed)} cells that pass were"
    return f"{which} run on an emulator: no cycles, no latency"


def short(digest: str) -> str:
    """As much of a digest as people tell apart."""
    return digest[:12]


def against(cell: CellFacts) -> str:
    """How a cell stands to the baseline, in a line; empty without one."""
    found = cell.baseline
    if found is None:
        return ""
    if found.difference is None or found.low is None or found.high is None:
        return f"{found.verdict} against run {found.run_id}"
    interval = f"{100 * found.difference:+.2f} points ({100 * found.low:+.2f} to {100 * found.high:+.2f})"
    return f"{interval}, {found.lost} lost and {found.gained} gained of {found.n:,}, against run {found.run_id}"
