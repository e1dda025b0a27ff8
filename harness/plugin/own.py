"""Tests of a user's own leave evidence like plans: each use of `dut` has its record and reports, judged when the test ends."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.plugin.ours import RECORD, UNIT

if TYPE_CHECKING:
    from harness.records import Record
    from harness.run.notes import CaseResult
    from harness.run.trail import Left, Trail

TRAIL = pytest.StashKey["Trail"]()
_WRITTEN = pytest.StashKey[list["Record"]]()  # all of the test, in their order
_UNTOLD = pytest.StashKey[list["Record"]]()  # written, and not on their way to the terminal yet


def follow(item: pytest.Item) -> Trail:
    """What a test that begins to use a unit will leave, in its own folder of the run."""
    from harness.plugin import places
    from harness.plugin.spread import seat
    from harness.run.trail import Trail

    places.begin(item.config)
    folder = places.test_folder(item.config, item.nodeid)
    trail = Trail(item.nodeid, folder, kept=partial(_keep, item.config), tries=seat.tries(item.config))
    item.stash[TRAIL], item.stash[_UNTOLD], item.stash[_WRITTEN] = trail, [], []
    return trail


def _keep(config: pytest.Config, result: CaseResult, folder: Path) -> None:
    """Into the history, but for a try that the rig has ended and that is not the last: ``spread.aside`` does that."""
    from harness.plugin import places
    from harness.plugin.spread import seat
    from harness.records import Verdict

    if not (result.record.verdict is Verdict.ERROR and seat.is_tried_again(config)):
        places.keep(config, result, folder)


def end(item: pytest.Item, error: BaseException | None) -> None:
    """The test has ended with ``error``, None: it passed. Its records are judged and written: ``BenchError`` if they cannot be.

    A test that passed, but for a soft gate, fails here; one with a gate that cannot be decided is skipped.
    """
    left = _close(item, error)
    if left is None or error is not None:
        return
    from harness.run.outcome import GateBroken

    if left.broken:
        raise GateBroken("\n".join(f"gate broken: {reason}" for reason in left.broken))
    if left.undecided:
        pytest.skip("inconclusive: " + "; ".join(left.undecided))


def end_quietly(item: pytest.Item, error: BaseException) -> str | None:
    """The same beside an error that is told already; what went wrong with the reports, if anything did."""
    from harness.errors import HilError

    try:
        _close(item, error)
    except HilError as unwritten:
        return str(unwritten)
    return None


def describe(item: pytest.Item, report: pytest.TestReport) -> None:
    """Send the records along with the report, and say where the reports are if the test failed."""
    records = item.stash.get(_UNTOLD, [])
    report.user_properties += [(RECORD, record.model_dump_json(by_alias=True)) for record in records]
    if records and report.failed:
        report.sections.append(("hil", f"reports: {place(item)}"))
    records.clear()


def look_after(item: pytest.Item, report: pytest.TestReport) -> None:
    """The test has ended and given its unit back: what its uses say of that unit. ``report``: the last of the test."""
    from harness.bench.boards import load_board
    from harness.farm import aftercare
    from harness.plugin import options

    for record in item.stash.get(_WRITTEN, []):
        lines = aftercare.after_case(record, board=load_board(record.board), options=item.config.stash[options.KEY].run)
        report.user_properties += [(UNIT, line) for line in lines]


def place(item: pytest.Item) -> Path | None:
    """The folder of the test's reports; None where it has none."""
    trail = item.stash.get(TRAIL, None)
    return trail.folder if trail is not None and trail.uses else None


def reasons(item: pytest.Item, error: BaseException) -> tuple[str, ...]:
    """Why rig or firmware broke a use off with ``error``, as its record says; nothing for another error."""
    trail = item.stash.get(TRAIL, None)
    return next((record.reasons for told, record in trail.broke if told is error), ()) if trail is not None else ()


def _close(item: pytest.Item, error: BaseException | None) -> Left | None:
    trail = item.stash.get(TRAIL, None)
    if trail is None:
        return None
    from harness.evidence.reports import junit
    from harness.run.outcome import Ending, GateBroken

    lines = str(error).splitlines() if error is not None else []
    first = lines[0] if lines else ""
    if error is None:
        ending = Ending()
    elif isinstance(error, GateBroken):
        ending = Ending("a gate of the test is broken")
    elif isinstance(error, AssertionError | pytest.fail.Exception):
        ending = Ending(first or "an assertion without words", judged=True)
    else:
        ending = Ending(f"{type(error).__name__}: {first}")
    left = trail.end(ending)
    item.stash[_UNTOLD] += left.records
    item.stash[_WRITTEN] += left.records
    for record in left.records:
        item.user_properties += junit.notes(record)
    return left
