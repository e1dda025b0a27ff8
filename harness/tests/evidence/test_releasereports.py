"""Every report of a release says the same: what each cell came to, why, and what it rests on."""

import io
import json
import re

import pytest
from junit_rules import checked, outcomes
from release_pages import awkward, mixed, passing
from rich.console import Console

from harness.evidence import releasereports
from harness.evidence.releasereports import html, json_, junit, markdown, terminal
from harness.verdict.release import CellStatus, ReleaseFacts

jsonschema = pytest.importorskip("jsonschema", reason='pip install "hil[dev]"')

EVERY = [mixed(), passing(), awkward()]


def shown(facts):
    console = Console(width=200, file=io.StringIO())
    console.print(terminal.view(facts))
    return console.file.getvalue()


def test_the_example_has_every_status():
    assert {cell.status for cell in mixed().cells} == set(CellStatus)


@pytest.mark.parametrize("say", [shown, lambda f: html.render(f).decode(), lambda f: markdown.render(f).decode()])
def test_each_cell_is_told_with_its_status_and_why(say):
    facts = mixed()
    plain = re.sub(r"<wbr>|\\", "", say(facts))
    assert "1 fail, 1 inconclusive, 1 stale, 1 missing, 2 pass" in plain
    for cell in facts.cells:
        if cell.status is not CellStatus.PASS:
            assert cell.id in plain
            assert cell.reasons[0] in plain
    assert "was dismissed: a cable was loose" in plain
    assert "At most 5 % of releases with nothing wrong fail by chance" in plain


@pytest.mark.parametrize("facts", EVERY, ids=["mixed", "passing", "awkward"])
def test_junit_keeps_the_strictest_readers_rules(facts):
    root = checked(junit.render(facts))
    found = {case.get("classname"): case for case in root.iter("testcase")}
    assert len(found) == len(facts.cells) + 1
    for cell in facts.cells:
        kinds = {child.tag for child in found[f"hil.{cell.id.replace('/', '.')}"]} - {"system-out"}
        want = {CellStatus.PASS: set(), CellStatus.FAIL: {"failure"}}
        assert kinds == want.get(cell.status, {"skipped"})


def test_a_release_that_does_not_pass_is_a_failure_to_readers_that_count_nothing_else():
    assert outcomes(checked(junit.render(mixed())))["release"] == "failure"
    assert outcomes(checked(junit.render(awkward())))["release"] == "failure"
    assert outcomes(checked(junit.render(passing())))["release"] == "passed"


@pytest.mark.parametrize("facts", EVERY, ids=["mixed", "passing", "awkward"])
def test_json_keeps_its_schema_and_reads_back(facts):
    content = json_.render(facts)
    schema = json_.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(content))
    assert ReleaseFacts.model_validate_json(content) == facts
    assert json.loads(content)["schema"] == "hil.release/1"


def test_what_comes_from_outside_becomes_no_markup():
    page, text = html.render(awkward()).decode(), markdown.render(awkward()).decode()
    assert "<script>" not in page
    assert "<b>x" not in page
    assert "\\<script\\>" in text


def test_emulated_evidence_that_passed_is_told_at_the_head():
    facts = passing()
    first = facts.cells[0]
    run = first.run.model_copy(update={"evidence": "emulated"})
    cells = (first.model_copy(update={"run": run}), *facts.cells[1:])
    for say in (shown, lambda f: html.render(f).decode(), lambda f: markdown.render(f).decode()):
        assert "1 of the 2 cells that pass were run on an emulator" in say(facts.model_copy(update={"cells": cells}))
        assert "the one cell that passes was run on an emulator" in say(facts.model_copy(update={"cells": cells[:1]}))


def test_markdown_fits_a_comment_however_many_cells_there_are():
    facts = mixed()
    cell = facts.cells[1].model_copy(update={"reasons": ("w" * 2000,) * 10})
    many = tuple(cell.model_copy(update={"plan": f"p{i}", "id": f"p{i}/psoc/small"}) for i in range(500))
    assert len(markdown.render(facts.model_copy(update={"cells": many}))) <= markdown.MOST_BYTES + 100


def test_each_form_is_found_by_its_name():
    assert releasereports.names() == ["html", "json_", "junit", "markdown"]
    names = {releasereports.load(name).FILENAME for name in releasereports.names()}
    assert names == {"release.html", "release.json", "junit.xml", "release.md"}
