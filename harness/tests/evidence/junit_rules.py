"""The rules of Jenkins' junit-10.xsd (xunit-plugin, read at commit 031e285), written out here."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

TIME = re.compile(r"[0-9]+(\.[0-9]{1,3})?")
MESSAGE = {"type", "message"}
# element -> (attributes allowed, attributes required, children allowed)
RULES: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package"}
        | {"file", "log", "url"},
        {"name", "tests", "failures", "errors"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name", "time", "classname", "group"},
        {"name"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (MESSAGE, set(), set()),
    "error": (MESSAGE, set(), set()),
    "skipped": (MESSAGE, set(), set()),
    "system-out": (set(), set(), set()),
    "system-err": (set(), set(), set()),
}


def checked(content: bytes) -> ET.Element:
    """The root of a report, every element of which keeps the rules."""
    root = ET.fromstring(content)
    assert root.tag == "testsuites"
    for element in root.iter():
        allowed, required, children = RULES[element.tag]
        assert required <= element.attrib.keys() <= allowed, element.tag
        assert {child.tag for child in element} <= children
        assert TIME.fullmatch(element.get("time", "0"))
    for suite in root.iter("testsuite"):
        cases = list(suite.iter("testcase"))
        keys = [(case.get("classname"), case.get("name")) for case in cases]
        assert len(set(keys)) == len(keys)
        assert suite.get("tests") == str(len(cases))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(attribute) == str(sum(1 for case in cases if case.find(tag) is not None))
        assert all(len(list(case.iter())) == len({e.tag for e in case.iter()}) for case in cases)
    return root


def outcomes(root: ET.Element) -> dict[str, str]:
    return {
        case.get("name", ""): next((c.tag for c in case if c.tag in ("failure", "error", "skipped")), "passed")
        for case in root.iter("testcase")
    }
