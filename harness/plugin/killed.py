"""A case whose test process was killed: xdist knows its name only. It is the rig's error, with a record like any other's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.bench import boards
from harness.errors import HilError
from harness.findings import EarlierTry
from harness.plans import load
from harness.plans.expand import Case, expand
from harness.plugin import options, told
from harness.plugin.ours import RECORD, is_plan
from harness.plugin.places import begin, keep, report_folder
from harness.records import Record

if TYPE_CHECKING:
    from harness.run.notes import CaseResult


def describe(
    config: pytest.Config, nodeid: str, report: pytest.TestReport, earlier: tuple[EarlierTry, ...] = (), why: str = ""
) -> None:
    """Make ``report``, which xdist has made of a crash of the worker, an error and give it the record of the case.

    A test of a user's own has no record. ``earlier``: what it had behind it; ``why`` there is no other try.
    """
    # What xdist counts as a failure of the test; pytest's word for an error is the phase.
    report.when = "setup"
    file, _, name = nodeid.partition("::")
    report.location = (file, None, name or file)  # its headline; xdist says the file alone
    words = str(report.longrepr)
    words = "\n".join(filter(None, [words, _before(earlier), why]))
    report.longrepr = words
    try:
        case = _case(config, nodeid)
        if case is None:
            return
        from harness.run.runner import killed_case

        folder = report_folder(config, case)
        begin(config)
        result = killed_case(case, config.stash[options.KEY].run, words, folder).after(earlier)
        _write(config, result, folder)
    except HilError as error:
        report.longrepr = f"{words}\nno record could be written: {error}"
        return
    report.longrepr = "\n".join([f"{case.id}: the rig is wrong", *result.record.reasons, f"reports: {folder}"])
    told.mark(report)
    report.user_properties.append((RECORD, result.record.model_dump_json(by_alias=True)))


def leave(config: pytest.Config, nodeid: str, words: str, folder: Path) -> bool:
    """The record of a try that was killed and is not the last, in ``folder``; whether one could be written."""
    try:
        case = _case(config, nodeid)
        if case is None:
            return False
        from harness.run.runner import killed_case

        begin(config)
        _write(config, killed_case(case, config.stash[options.KEY].run, words, folder), folder)
    except HilError:
        return False
    return True


def not_run(config: pytest.Config, nodeid: str, reasons: tuple[str, ...]) -> Record | None:
    """Write the record of a case that no unit was there for; None for a test of a user's own."""
    case = _case(config, nodeid)
    if case is None:
        return None
    from harness.run import runner

    begin(config)
    result = runner.not_run(case, config.stash[options.KEY].run, reasons)
    _write(config, result, report_folder(config, case))
    return result.record


def _write(config: pytest.Config, result: CaseResult, folder: Path) -> None:
    result.write(folder)
    keep(config, result, folder)


def _before(earlier: tuple[EarlierTry, ...]) -> str:
    if not earlier:
        return ""
    units = ", ".join(each.unit or "another unit" for each in earlier)
    if all(each.ended == "killed" for each in earlier):
        return f"it has killed a worker on {units} too: it is not tried again"
    return f"it was tried on {units} before, which ended as error"


def _case(config: pytest.Config, nodeid: str) -> Case | None:
    file, _, name = nodeid.partition("::")
    path = config.rootpath / file
    if not is_plan(path):
        return None
    asked = config.stash[options.KEY]
    cases = expand(
        load(path),
        boards=boards.names(),
        only_boards=asked.boards or None,
        samples=asked.samples,
    )
    return next((case for case in cases if f"{case.board}/{case.model}" == name), None)
