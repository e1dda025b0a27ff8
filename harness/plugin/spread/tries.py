"""A test that the rig has ended is tried once more on another unit. Until that is settled its reports are kept, not told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from _pytest.runner import runtestprotocol

from harness.errors import BenchError
from harness.findings import EarlierTry
from harness.plugin.ours import RECORD
from harness.plugin.spread import seat
from harness.records import Record, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

FLAKY = "flaky"  # the property of a test that went right on another unit
FIRST_TRY = "first_try"  # of one that did not
_RIG = "hil_rig"  # xdist carries a report's attributes along


def mark(call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Note on a failed report that the rig is to blame, where its error says so itself."""
    if report.failed and call.excinfo is not None and isinstance(call.excinfo.value, BenchError):
        setattr(report, _RIG, call.excinfo.value.what)


def run(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
    """Run one test without telling of it; its reports say what was tried before."""
    earlier = seat.tries(item.config)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    if earlier and not any(key == RECORD for report in reports for key, _ in report.user_properties):
        name = FIRST_TRY if rigs_fault(reports) is not None else FLAKY
        for report in reports:
            report.user_properties += [(name, told(each)) for each in earlier]
    return reports


def tell(item: pytest.Item, reports: Sequence[pytest.TestReport]) -> None:
    """Now."""
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)


def rigs_fault(reports: Sequence[pytest.TestReport]) -> str | None:
    """Why the rig ended this try, in a line; None where it did not, or where something is said of the product too."""
    if any(report.failed and report.when == "call" for report in reports):
        return None
    records = [
        Record.model_validate_json(str(value))
        for report in reports
        for key, value in report.user_properties
        if key == RECORD
    ]
    if any(record.verdict is Verdict.FAIL for record in records):
        return None
    errors = [record.reasons[0] if record.reasons else "error" for record in records if record.verdict is Verdict.ERROR]
    errors += [getattr(report, _RIG) for report in reports if report.failed and hasattr(report, _RIG)]
    return errors[0].splitlines()[0] if errors else None


def unit_of(reports: Sequence[pytest.TestReport]) -> str:
    """The unit that the records name."""
    for report in reports:
        for key, value in report.user_properties:
            if key == RECORD and (unit := Record.model_validate_json(str(value)).unit) is not None:
                return unit.uid
    return ""


def tear_down(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
    """``item`` does not run: take down what tests before it have kept and ``nextitem`` does not use. The report, if that fails."""
    call = pytest.CallInfo.from_call(
        lambda: item.session._setupstate.teardown_exact(nextitem),
        when="teardown",
        reraise=(KeyboardInterrupt, pytest.exit.Exception),
    )
    return [] if call.excinfo is None else [pytest.TestReport.from_item_and_call(item, call)]


def end_with(report: pytest.TestReport, why: str) -> None:
    """Say in a failed report why there is no other try; "" says nothing."""
    if why and report.failed and isinstance(report.longrepr, str):
        report.longrepr += f"\nnot tried again: {why}"
    elif why and report.failed:
        report.sections.append(("hil", f"not tried again: {why}"))


def told(earlier: EarlierTry) -> str:
    """In a line."""
    on = f" on {earlier.unit}" if earlier.unit else ""
    return f"a first try{on} ended as {earlier.ended}: {earlier.reason}" + (
        f"; its reports: {earlier.folder}/" if earlier.folder else ""
    )


def begin_anew(item: pytest.Item, properties: list[tuple[str, object]]) -> None:
    """Make the item as it was before its first try, for the second in the same process."""
    item.user_properties[:] = properties
    item._report_sections.clear()
