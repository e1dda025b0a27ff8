"""``junit.xml`` of the whole run: one suite a plan (a module, for tests of one's own), strict as that of a case.

A case that was interrupted or could not begin is an ``<error>``, one whose data is missing is ``<skipped>``. A test case of
an earlier command into the same folder says so in its system-out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime

from junit_xml import TestCase, TestSuite

from harness.evidence.reports.junit import cases, class_name, clean, document, stamp
from harness.evidence.runrecord import RunRecord
from harness.evidence.runreports._words import going_on
from harness.records import Record

FILENAME = "junit.xml"


def render(run: RunRecord, records: Mapping[str, Record]) -> bytes:
    """The file. A run in which nothing came to an end has an empty suite."""
    suites: dict[str, list[TestCase]] = defaultdict(list)
    began: dict[str, datetime] = {}
    for entry in run.entries:
        found = cases(records[entry.folder])
        if entry.earlier:
            found[0].stdout += f"\n[[PROPERTY|earlier=of an earlier command, {stamp(entry.finished)}]]"
        suites[entry.plan] += found
        began[entry.plan] = min(entry.started, began.get(entry.plan, entry.started))
    ended = {entry.id for entry in run.entries}
    for case in run.interrupted:
        if case.id not in ended:
            test = TestCase("run", class_name(case.id))
            test.add_error_info("interrupted", clean(going_on(case)), "rig")
            suites[_plan(case.id)].append(test)
    for skipped in run.skipped:
        test = TestCase("run", class_name(skipped.id))
        test.add_skipped_info(clean(skipped.reason))
        suites[_plan(skipped.id)].append(test)
    for refused in run.refused:
        test = TestCase("run", class_name(refused.id))
        reason = clean(refused.reason) or "not begun"
        test.add_error_info(reason.splitlines()[0], reason, "plan")
        suites[_plan(refused.id)].append(test)
    made = [
        TestSuite(clean(plan), _apart(suites[plan]), timestamp=stamp(began.get(plan, run.command.started)))
        for plan in suites
    ]
    return document(sorted(made, key=lambda suite: str(suite.name)) or [TestSuite(clean(run.name), [])])


def _apart(tests: list[TestCase]) -> list[TestCase]:
    # GitLab keeps only the first of two cases of one name.
    seen: Counter[tuple[str, str]] = Counter()
    for test in tests:
        key = (str(test.classname), str(test.name))
        seen[key] += 1
        if seen[key] > 1:
            test.name = f"{test.name} ({seen[key]})"
    return tests


def _plan(case_id: str) -> str:
    return case_id if case_id.endswith((".yaml", ".yml")) else case_id.partition("/")[0]
