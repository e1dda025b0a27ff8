"""``junit.xml`` of a comparison: strict xunit, as the reports of a case are.

A suite for each pair of cases, in it a test case for the comparison and one for each margin. ``<failure>``: the candidate is
worse. ``<skipped>``: the samples do not tell. ``<error>``: not comparable. Figures are ``[[PROPERTY|name=value]]`` lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from junit_xml import TestCase, TestSuite

from harness.evidence.comparison import Shown, _words
from harness.evidence.comparison.compared import Compared
from harness.evidence.reports.junit import class_name, clean, document, properties, stamp
from harness.plans.schema import number
from harness.records import Verdict
from harness.verdict.swap import Comparison

FILENAME = "junit.xml"


def render(compared: Compared, shown: Sequence[Shown]) -> bytes:
    """One suite a case; see above for what becomes what."""
    suites = []
    seen: Counter[str] = Counter()
    for case in compared.cases:
        seen[case.candidate.case_id] += 1
        # One case on two units: GitLab keeps only the first of two test cases of one name.
        name = _class(case.candidate.case_id, seen[case.candidate.case_id])
        suites.append(
            TestSuite(clean(_words.subject(case)), _cases(case, name), timestamp=stamp(case.candidate.started))
        )
    for one in compared.refused:
        test = TestCase("comparison", _class(one.case_id))
        why = clean(one.why)
        test.add_error_info(why.splitlines()[0], why, "refused")
        suites.append(TestSuite(clean(one.case_id), [test]))
    return document(suites)


def _cases(case: Comparison, name: str) -> list[TestCase]:
    whole = TestCase("comparison", name, stdout=properties(_pairs(case)))
    reasons = clean("\n".join(_words.other_reasons(case)))
    first = reasons.splitlines()[0] if reasons else ""
    if first and case.verdict is Verdict.FAIL:
        whole.add_failure_info(first, reasons, "candidate")
    elif first and case.verdict is not Verdict.PASS:
        whole.add_skipped_info(first, reasons)
    found = [whole]
    for check in case.checks:
        test = TestCase(clean(_words.limit(check)), name)
        reason = clean(check.reason)
        if check.passed is False:
            test.add_failure_info(reason, reason, "candidate")
        elif check.passed is None:
            test.add_skipped_info(reason)
        found.append(test)
    return found


def _class(case_id: str, number: int = 1) -> str:
    # Not the case's own: its gates and its comparison may be in one report of a CI system.
    return f"{class_name(case_id)}.compare{number if number > 1 else ''}"


def _pairs(case: Comparison) -> list[tuple[str, str]]:
    pairs = [
        ("verdict", case.verdict.value),
        ("baseline", case.baseline.name),
        ("candidate", case.candidate.name),
        ("baseline.run_id", case.baseline.run_id),
        ("candidate.run_id", case.candidate.run_id),
        ("n", str(case.pairing.n)),
    ]
    for change in case.changes:
        pairs += [(f"before.{change.what}", change.before), (f"after.{change.what}", change.after)]
    if (d := case.decisions) is not None:
        counts = ("lost", "gained", "both_right", "both_wrong")
        shares = ("difference", "low", "high", "p_midp", "visible_drop")
        pairs += [(name, str(getattr(d, name))) for name in counts]
        pairs += [(name, number(getattr(d, name))) for name in shares]
        pairs.append(("n_to_decide", "" if d.n_to_decide is None else str(d.n_to_decide)))
    for name, rate in (("negative_flips", case.negative_flips), ("churn", case.churn)):
        if rate is not None:
            pairs += [(name, number(rate.rate)), (f"{name}.high", number(rate.high))]
    pairs += [(f"note.{at}", text) for at, text in enumerate([*_words.warnings(case), *_words.notes(case)], start=1)]
    return pairs
