"""A case whose test process was killed: xdist knows its name only. It is the rig's error, with a record like any other's."""

from __future__ import annotations

import pytest

from harness.bench import boards
from harness.errors import HilError
from harness.plans import load
from harness.plans.expand import Case, expand
from harness.plugin import options, told
from harness.plugin.ours import RECORD, is_plan
from harness.plugin.places import begin, keep, report_folder


def describe(config: pytest.Config, nodeid: str, report: pytest.TestReport) -> None:
    """Make ``report``, which xdist has made of a crash of the worker, an error and give it the record of the case.

    A test of a user's own has no record.
    """
    # What xdist counts as a failure of the test; pytest's word for an error is the phase.
    report.when = "setup"
    words = str(report.longrepr)
    try:
        case = _case(config, nodeid)
        if case is None:
            return
        from harness.run.runner import killed_case

        folder = report_folder(config, case)
        begin(config)
        result = killed_case(case, config.stash[options.KEY].run, words, folder)
        result.write(folder)
        keep(config, result, folder)
    except HilError as error:
        report.longrepr = f"{words}\nno record could be written: {error}"
        return
    report.longrepr = "\n".join([f"{case.id}: the rig is wrong", *result.record.reasons, f"reports: {folder}"])
    told.mark(report)
    report.user_properties.append((RECORD, result.record.model_dump_json(by_alias=True)))


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
