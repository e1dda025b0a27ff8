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
    """One outcome: how ``hil`` ends with it, and how pytest does."""

    outcome: str
    hil: str
    pytest: str


def _signalled(name: str) -> str:
    # Not on every system; where it is, the shell's way to tell it.
    number = getattr(signal, name, None)
    return "" if number is None else str(128 + number)


TABLE = (
    Row("every gate holds", str(int(Exit.PASS)), "0, the test passes"),
    Row("evidence against the product", str(int(Exit.FAIL)), "1, the test fails (F)"),
    Row("the rig is wrong: probe, port, unit, tool", str(int(Exit.RIG)), "1, an error (E); 2 before any test"),
    Row(
        "a mistake in the plan", str(int(Exit.MISTAKE)), "2, at collection; 1 with -n; E if a board is needed to see it"
    ),
    Row("a mistake in the command line", str(int(Exit.MISTAKE)), "4"),
    Row("not enough evidence", str(int(Exit.INCONCLUSIVE)), "0, the test is skipped (s)"),
    Row("hil itself is at fault", str(int(Exit.OURS)), "1, an error (E); 3 outside of tests"),
    Row("nothing to run", str(int(Exit.MISTAKE)), "5"),
    Row("Ctrl-C", _signalled("SIGINT"), "2"),
    Row("SIGTERM", _signalled("SIGTERM"), "2"),
    Row("the terminal went away", _signalled("SIGHUP"), "2"),
)


def told_of_hil() -> list[str]:
    """The lines for ``hil --help``."""
    return [f"{row.hil:>3}  {row.outcome}" for row in _merged()]


def told_of_pytest() -> list[str]:
    """The lines for ``pytest --help``, which has both side by side."""
    width = max(len(row.outcome) for row in TABLE)
    return [f"{'outcome':<{width}}  hil  pytest", *(f"{r.outcome:<{width}}  {r.hil:>3}  {r.pytest}" for r in TABLE)]


def markdown() -> str:
    """The table of the guide."""
    lines = ["| outcome | `hil` | `pytest` |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {row.outcome} | {row.hil} | {row.pytest} |" for row in TABLE)])


def _merged() -> list[Row]:
    """One row a status of ``hil``."""
    by_status: dict[str, list[str]] = {}
    for row in TABLE:
        by_status.setdefault(row.hil, []).append(row.outcome)
    return [
        Row("; ".join(outcomes), status, "")
        for status, outcomes in sorted(by_status.items(), key=lambda one: int(one[0]))
    ]
