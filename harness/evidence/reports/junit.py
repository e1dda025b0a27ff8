"""``junit.xml``: strict xunit, as the strictest reader wants it: Jenkins' xUnit plug-in with its junit-10.xsd.

One test case for the run and one for each gate. ``<failure>``: the product. ``<error>``: the rig. ``<skipped>``: not
enough evidence. Measurements and identities are ``[[PROPERTY|name=value]]`` lines in the run's system-out: that schema
has no properties under a test case.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from junit_xml import TestCase, TestSuite, to_xml_report_string

from harness.evidence.reports import Inputs
from harness.evidence.reports._words import against, banner, limit, ordered, shortened, task, tried
from harness.plans.schema import number
from harness.records import GateResult, Record, Samples, Verdict

FILENAME = "junit.xml"


def render(record: Record, samples: Samples | None, inputs: Inputs | None) -> bytes:
    """One suite for the case; see above for what becomes what."""
    return document([TestSuite(clean(record.case_id), cases(record), timestamp=stamp(record.started))])


def cases(record: Record) -> list[TestCase]:
    """The test cases of one record: the run, and each gate."""
    classname = class_name(record.case_id)
    seconds = max(0.0, (record.finished - record.started).total_seconds())
    run = TestCase("run", classname, seconds, stdout=properties(_properties(record)))
    _judge_run(run, record)
    found = [run]
    seen: Counter[str] = Counter()
    for gate in record.gates:
        name = limit(gate)
        seen[name] += 1
        # GitLab keeps only the first of two cases of one name.
        case = TestCase(name if seen[name] == 1 else f"{name} ({seen[name]})", classname)
        _judge_gate(case, gate, record.verdict)
        found.append(case)
    return found


def class_name(case_id: str) -> str:
    """What readers group test cases by."""
    return f"hil.{clean(case_id).replace('/', '.')}"


def stamp(when: datetime) -> str:
    """A time as that schema wants it."""
    return when.isoformat(timespec="seconds")


def document(suites: Sequence[TestSuite]) -> bytes:
    """The file with these suites, as the schema wants it."""
    return _strict(to_xml_report_string(suites, prettyprint=False))


def _judge_run(case: TestCase, record: Record) -> None:
    reasons = clean("\n".join(record.reasons)) or str(record.verdict)
    first = reasons.splitlines()[0]
    if record.verdict is Verdict.ERROR:
        case.add_error_info(first, reasons, "rig")
    elif record.verdict is Verdict.FAIL and not any(gate.breaks for gate in record.gates):
        case.add_failure_info(first, reasons, "product")
    elif record.verdict is Verdict.INCONCLUSIVE and not any(gate.is_open for gate in record.gates):
        case.add_skipped_info(first, reasons)


def _judge_gate(case: TestCase, gate: GateResult, verdict: Verdict) -> None:
    reason = clean(gate.reason) or limit(gate)
    if verdict is Verdict.ERROR:
        # With a broken rig no gate says anything of the product, whatever the part that ran gave.
        case.add_skipped_info("not judged: the rig was at fault")
    elif gate.breaks:
        case.add_failure_info(reason, reason, "product")
    elif gate.passed is False:
        case.stdout = f"broken, and only warns: {reason}"
    elif gate.passed is None:
        case.add_skipped_info(reason)


def notes(record: Record) -> list[tuple[str, str]]:
    """What makes a verdict worth less, for a JUnit file that another program writes: evidence, extent, warnings; harmless."""
    pairs = [
        ("evidence", record.evidence),
        ("note", banner(record)),
        ("extent", shortened(record)),
        *tried(record),
        *_warnings(record),
    ]
    return [(name, line(value)) for name, value in pairs if value]


def properties(pairs: Sequence[tuple[str, str]]) -> str:
    """A test case's system-out that has each name with its value, those without one left out."""
    return "\n".join(f"[[PROPERTY|{line(name)}={line(value)}]]" for name, value in pairs if value)


def _properties(record: Record) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = [
        ("verdict", str(record.verdict)),
        ("run_id", record.run_id),
        ("board", record.board),
        ("model", record.model),
        ("task", task(record)),
        *((f"task.{setting.name}", setting.value) for setting in record.task_options),
        ("backend", record.backend),
        ("evidence", record.evidence),
        ("note", banner(record)),
        ("extent", shortened(record)),
        ("baseline", against(record)),
        *tried(record),
        ("unit", _unit(record)),
    ]
    if record.firmware is not None:
        pairs += [
            ("elf_sha256", record.firmware.elf_sha256),
            ("model_sha256", record.firmware.model_sha256),
            ("build_id", record.firmware.build_id),
        ]
    if record.dataset is not None:
        pairs.append(("dataset_sha256", record.dataset.sha256))
    if record.inputs is not None:
        shares = ("at_rail", "clipped", "span")
        pairs += [(f"inputs.{name}", number(getattr(record.inputs, name))) for name in (*shares, "distinct")]
    for measurement in ordered(record):
        pairs.append((measurement.name, number(measurement.value)))
        pairs.append((f"{measurement.name}.n", str(measurement.n)))
        if measurement.low is not None:
            pairs.append((f"{measurement.name}.low", number(measurement.low)))
        if measurement.high is not None:
            pairs.append((f"{measurement.name}.high", number(measurement.high)))
        if (by := measurement.by_group) is not None:
            pairs.append((f"{measurement.name}.groups", str(by.groups)))
            ends = (("low", by.low), ("high", by.high))
            pairs += [(f"{measurement.name}.by_group.{end}", number(value)) for end, value in ends if value is not None]
    if record.explanation is not None:
        pairs.append(("explanation", record.explanation.describe()))
    return pairs + _warnings(record)


def _unit(record: Record) -> str:
    """Of several all, the one that samples were spread over first."""
    if record.units:
        return ", ".join(share.unit.uid for share in record.units)
    return record.unit.uid if record.unit else ""


def _warnings(record: Record) -> list[tuple[str, str]]:
    return [(f"warning.{place}", warning) for place, warning in enumerate(record.warnings, start=1)]


def line(text: str) -> str:
    """Text as a name or value between the brackets of a property."""
    # A value must end neither its line nor its brackets.
    return re.sub(r"\s+", " ", clean(text)).replace("]]", "] ]")


def clean(text: str) -> str:
    """Text that XML can hold."""
    # Paths that are not UTF-8 come as lone surrogates, which no XML can hold; control characters neither.
    readable = text.encode("utf-8", "replace").decode()
    return "".join(c if c in "\n\t" or (c.isprintable() and c not in "\ufffe\uffff") else "?" for c in readable)


def _strict(text: str) -> bytes:
    """Without what the library writes beyond that schema: ``disabled``, and times of more than 3 decimals."""
    root = ET.fromstring(text)
    for element in root.iter():
        element.attrib.pop("disabled", None)
        if "time" in element.attrib:
            element.set("time", f"{float(element.attrib['time']):.3f}")
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"
