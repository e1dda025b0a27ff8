"""``junit.xml`` of a release, strict as that of a case: one suite, one test case a cell.

``<failure>``: the product. ``<skipped>``: not enough evidence, be it inconclusive, stale or missing. The runs and digests are
``[[PROPERTY|name=value]]`` lines in the system-out. Readers that count failures alone take a skipped cell for no failure: the exit
status of ``hil gate`` is what a release hangs on, so the first test case, ``release``, fails whenever the release does not pass.
"""

from __future__ import annotations

from junit_xml import TestCase, TestSuite

from harness.evidence.releasereports import _words
from harness.evidence.reports.junit import class_name, clean, document, line, stamp
from harness.records import Verdict
from harness.verdict.release import CellFacts, CellStatus, ReleaseFacts

FILENAME = "junit.xml"


def render(facts: ReleaseFacts) -> bytes:
    """The file."""
    whole = TestCase("release", class_name(facts.name), stdout="\n".join(_of_release(facts)))
    if facts.verdict is not Verdict.PASS:
        whole.add_failure_info(
            clean(f"{facts.verdict}: {_words.headline(facts)}"), clean("\n".join(facts.reasons)), "release"
        )
    suite = TestSuite(clean(facts.name), [whole, *map(_case, facts.cells)], timestamp=stamp(facts.judged))
    return document([suite])


def _case(cell: CellFacts) -> TestCase:
    case = TestCase("cell", class_name(cell.id), stdout="\n".join(_of_cell(cell)))
    reasons = clean("\n".join(cell.reasons)) or cell.status.value
    first = f"{cell.status}: {reasons.splitlines()[0]}"
    if cell.status is CellStatus.FAIL:
        case.add_failure_info(first, reasons, "product")
    elif cell.status is not CellStatus.PASS:
        case.add_skipped_info(first, reasons)
    return case


def _of_release(facts: ReleaseFacts) -> list[str]:
    pairs = [
        ("verdict", str(facts.verdict)),
        ("commit", facts.commit),
        ("chance", facts.chance),
        ("baseline", facts.baseline),
    ]
    return _lines(pairs)


def _of_cell(cell: CellFacts) -> list[str]:
    pairs = [
        ("status", str(cell.status)),
        ("needs", cell.needs),
        ("fresh", cell.fresh),
        ("baseline", _words.against(cell)),
    ]
    if run := cell.run:
        pairs += [
            ("run_id", run.run_id),
            ("evidence", run.evidence),
            ("unit", run.unit),
            ("finished", stamp(run.finished)),
            ("commit", run.commit),
            ("elf_sha256", run.elf_sha256),
            ("model_sha256", run.model_sha256),
            ("dataset_sha256", run.dataset_sha256),
        ]
    pairs += _words.figures(cell)
    pairs += [(f"warning.{place}", warning) for place, warning in enumerate(cell.warnings, start=1)]
    return _lines(pairs)


def _lines(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"[[PROPERTY|{line(name)}={line(value)}]]" for name, value in pairs if value]
