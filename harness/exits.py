"""What the exit statuses of ``hil`` and of pytest mean, in one table: the helps and the guide show it, the code uses it.

pytest has statuses of its own, which its plug-ins keep: there the report of a case says whose fault it was.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses. FAIL only where there is evidence against the product. Inconclusive has its own: it is no pass, and
    nobody's fault."""

    PASS = 0
    FAIL = 1
    RIG = 2
    MISTAKE = 3
    INCONCLUSIVE = 4
    OURS = 5


@dataclass(frozen=True)
class Row:
    """One outcome: the status of ``hil``, what pytest makes of the case, and the status of pytest."""

    outcome: str
    hil: str
    case: str
    pytest: str


def _signalled(name: str) -> str:
    # Not on every system; where it is, the shell's way to tell it.
    number = getattr(signal, name, None)
    return "" if number is None else str(128 + number)


TABLE = (
    Row("pass", str(int(Exit.PASS)), "passed", "0"),
    Row("the product is wrong: there is evidence", str(int(Exit.FAIL)), "failed", "1"),
    Row("the rig is wrong: board, probe, host, tool", str(int(Exit.RIG)), "error", "1; 2 before the first test"),
    Row("every unit that would do in use, with --no-wait", str(int(Exit.RIG)), "", "2"),
    Row("a mistake in the plan", str(int(Exit.MISTAKE)), "error at collection", "2; 1 with -n"),
    Row("a mistake in the command line", str(int(Exit.MISTAKE)), "", "4"),
    Row("data that is not on this machine", str(int(Exit.MISTAKE)), "skipped, with the reason", "0"),
    Row("not enough evidence", str(int(Exit.INCONCLUSIVE)), "skipped, with the reason", "0"),
    Row("hil itself is at fault", str(int(Exit.OURS)), "error", "1"),
    Row("nothing to run", str(int(Exit.MISTAKE)), "", "5"),
    Row("Ctrl-C", _signalled("SIGINT"), "", "2"),
    Row("SIGTERM", _signalled("SIGTERM"), "", "2"),
    Row("the terminal went away", _signalled("SIGHUP"), "", "2"),
    Row("who read the output has gone (| head)", _signalled("SIGPIPE"), "", ""),
)


def told_of_hil() -> list[str]:
    """The lines for ``hil --help``."""
    return [f"{row.hil:>3}  {row.outcome}" for row in _merged()]


def told_of_pytest() -> list[str]:
    """The lines for ``pytest --help``, which has both side by side."""
    width = max(len(row.outcome) for row in TABLE)
    head = Row("", "hil", "the case", "pytest")
    lines = (f"{row.outcome:<{width}}  {row.hil:>3}  {row.case:<24}  {row.pytest}".rstrip() for row in (head, *TABLE))
    return list(lines)


def markdown() -> str:
    """The table of the guide."""
    lines = ["| what happened | `hil` | pytest, the case | pytest, the process |", "|---|---|---|---|"]
    rows = (" | ".join(part.replace("|", "\\|") for part in (r.outcome, r.hil, r.case, r.pytest)) for r in TABLE)
    return "\n".join([*lines, *(f"| {row} |" for row in rows)])


def _merged() -> list[Row]:
    """One row a status of ``hil``."""
    by_status: dict[str, list[str]] = {}
    for row in TABLE:
        by_status.setdefault(row.hil, []).append(row.outcome)
    return [
        Row("; ".join(outcomes), status, "", "")
        for status, outcomes in sorted(by_status.items(), key=lambda one: int(one[0]))
    ]
