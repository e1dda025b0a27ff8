"""What the guide says of the code is what the code says."""

import re

import pytest

from harness.cli.app import Exit
from harness.evidence import reports
from harness.evidence.reports import npz
from harness.guide import pages, parts
from harness.guide.parts import environment
from harness.guide.parts._fields import fields
from harness.guide.parts.blame import rows
from harness.paths import shipped
from harness.plans.jsonschema import json_schema
from harness.records import Record, Samples

ALL = [pages.INDEX, *pages.topics()]
HARNESS = pages.FOLDER.parent


@pytest.mark.parametrize("name", ALL)
def test_a_page_is_as_the_code_makes_it(name):
    page = pages.source(name)
    assert parts.renewed(page) == page, f"{name}.md is not what the code says any more: {parts.COMMAND}"


def test_each_part_is_used_and_each_that_is_used_is_there():
    used = {words[0] for name in ALL for words in parts.used(pages.source(name))}
    assert used == set(parts.names())


def test_a_page_that_is_out_of_date_is_found_and_made_anew():
    stale = pages.source("metrics").replace("top-1", "top-2")
    assert parts.renewed(stale) == pages.source("metrics") != stale


def test_every_key_of_the_schema_is_on_the_page_of_plans():
    schema = json_schema()
    page = pages.source("plans")
    for each in (schema, *schema["$defs"].values()):
        for key in each.get("properties", {}):
            assert f"`{key}`" in page or f"`{key}:`" in page or f"{{{key}:" in page, key


def test_every_field_that_is_written_is_on_the_page_of_the_record():
    page = pages.source("record")
    schema = Record.model_json_schema(by_alias=True)
    for each in (schema, *schema["$defs"].values()):
        for key in each.get("properties", {}):
            assert f"- `{key}` (" in page, key
    for field in fields(Samples):
        shown = "outputs.NAME" if field.name == "beside" else field.name
        assert f"- `{shown}` (" in page


def test_no_field_is_without_words():
    empty = re.findall(r"^- `(\w+)` \([^)]*\): \.?$", pages.source("record"), re.MULTILINE)
    assert not empty


def test_every_file_that_a_run_leaves_is_on_the_page_of_reports():
    page = pages.source("reports")
    for name in reports.names():
        assert f"`{reports.load(name).FILENAME}`" in page
    assert npz.FILENAME in page


def test_every_row_of_the_table_of_blame_has_something_to_do():
    page = pages.source("failures")
    for row, *_ in rows():
        assert re.search(rf"^- `{row}`: .{{10,}}", page, re.MULTILINE), row


def read_in_code():
    """Every word that looks like one of our variables, in what is read from the environment."""
    names = set()
    for path in HARNESS.rglob("*.py"):
        if "tests" in path.parts or "guide" in path.parts:
            continue
        names |= set(
            re.findall(
                r'(?:environ(?:\.get|\.setdefault)?[\[(]|: Final = |^\w+ = )"(HIL_[A-Z_]+)"',
                path.read_text(),
                re.MULTILINE,
            )
        )
    for path in [*HARNESS.rglob("*.py"), HARNESS.parent / ".ci" / "run"]:
        if "guide" not in path.parts and path.exists():
            names |= set(re.findall(r'environ\.get\("(HIL_[A-Z_]+)"', path.read_text()))
    for path in shipped("firmware").rglob("*.c"):
        names |= set(re.findall(r'getenv\("(HIL_[A-Z_]+)"', path.read_text(encoding="utf-8", errors="replace")))
    return names


def test_every_variable_that_the_code_reads_is_told_and_none_beside_them():
    assert read_in_code() == environment.USERS.keys() | environment.DEVELOPERS.keys()


def test_every_exit_status_of_hil_has_a_row():
    page = pages.source("exits")
    for status in Exit:
        assert re.search(rf"^\| [^|]+ \| {int(status)} \|", page, re.MULTILINE), status
