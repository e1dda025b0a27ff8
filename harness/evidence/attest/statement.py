"""What is stated of a release: an in-toto Statement v1 with the test-result predicate v0.1. Pure.

The specifications: in-toto/attestation, spec/v1/statement.md, spec/v1/resource_descriptor.md, spec/predicates/test-result.md.
The predicate knows tests that passed, warned or failed. A cell that is stale, missing or inconclusive is among those that failed:
whoever reads a list of what passed must never find there what nobody knows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final

from harness.records import Verdict
from harness.verdict.release import CellFacts, CellStatus, ReleaseFacts

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://in-toto.io/attestation/test-result/v0.1"
PASSED: Final = "PASSED"
WARNED: Final = "WARNED"
FAILED: Final = "FAILED"


def statement(facts: ReleaseFacts, report: bytes, *, url: str = "") -> dict[str, Any] | None:
    """The statement as plain values; None where there is nothing to state anything of: no cell has a run that counts.

    ``report``: the release.json that goes with it, whose digest is stated; it has the digests of all records in turn. ``url``:
    where the run of the tests can be looked at.
    """
    subjects = list(_subjects(facts))
    if not subjects:
        return None
    warned = [cell.id for cell in facts.cells if cell.status is CellStatus.PASS and cell.warnings]
    passed = [cell.id for cell in facts.cells if cell.status is CellStatus.PASS and not cell.warnings]
    failed = [cell.id for cell in facts.cells if cell.status is not CellStatus.PASS]
    result = FAILED if facts.verdict is not Verdict.PASS else WARNED if warned else PASSED
    predicate: dict[str, Any] = {"result": result, "configuration": list(_configuration(facts, report))}
    if url:
        predicate["url"] = url
    predicate |= {"passedTests": passed, "warnedTests": warned, "failedTests": failed}
    return {"_type": STATEMENT, "subject": subjects, "predicateType": PREDICATE, "predicate": predicate}


def rendered(stated: dict[str, Any]) -> bytes:
    """The statement as it is written, and signed: JSON, UTF-8."""
    return (json.dumps(stated, indent=1, ensure_ascii=False) + "\n").encode()


def _subjects(facts: ReleaseFacts) -> Iterator[dict[str, Any]]:
    """Each image and each model once, and the commit. What is stale or missing was not tested for this release."""
    seen: set[str] = set()
    for name, digest in (pair for cell in facts.cells for pair in _tested(cell)):
        if digest and digest not in seen:
            seen.add(digest)
            yield {"name": name, "digest": {"sha256": digest}}
    if seen and facts.commit:
        yield {"name": "commit", "digest": {"gitCommit": facts.commit}}


def _tested(cell: CellFacts) -> Iterator[tuple[str, str]]:
    run = cell.run
    if run is None or cell.status in (CellStatus.STALE, CellStatus.MISSING):
        return
    yield f"{cell.id}.elf", run.elf_sha256
    yield f"{cell.plan}/{cell.model}.tflite", run.model_sha256
    if run.model_file_sha256:
        yield f"{cell.plan}/{run.model_file.replace(chr(92), '/').rpartition('/')[2]}", run.model_file_sha256


def _configuration(facts: ReleaseFacts, report: bytes) -> Iterator[dict[str, Any]]:
    """What the tests were run by: the release file with its plans, and the report that tells of every run."""
    judged = [cell.run for cell in facts.cells if cell.run and cell.status is CellStatus.PASS]
    annotations = {
        "release": facts.name,
        "verdict": facts.verdict.value,
        "judged": facts.judged.isoformat(timespec="seconds"),
        "evidence": "+".join(sorted({run.evidence for run in judged})),
        "falseAlarms": facts.false_alarms,
        "baseline": facts.baseline,
        "hil": facts.harness_version,
    }
    for document in facts.documents:
        yield {"name": document.name, "digest": {"sha256": document.sha256}, "mediaType": "application/yaml"}
    yield {
        "name": "release.json",
        "digest": {"sha256": hashlib.sha256(report).hexdigest()},
        "mediaType": "application/json",
        "annotations": annotations,
    }
