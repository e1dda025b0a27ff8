"""The pages hang together: every one is listed, every link leads somewhere, and each is a page that a person can read."""

import re

import pytest
from markdown_it import MarkdownIt
from page_blocks import blocks

from harness.cli.tree import commands
from harness.errors import MisuseError
from harness.guide import pages
from harness.paths import shipped
from harness.plans.bench import load_bench
from harness.plans.load import parse_plan
from harness.plugin.options import described

ROOT = shipped("firmware").parent
ALL = [pages.INDEX, *pages.topics()]
LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?P<to>[^)]+)\)")
#: What is named as a file of ours: a path with a slash that begins in one of our folders.
FILE = re.compile(r"`((?:harness|firmware|fixtures|testplans)/[\w./-]+)`")


def headings(name):
    """The anchors of a page, as GitHub makes them."""
    tokens = MarkdownIt("commonmark").parse(pages.text(name))
    titles = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_each_page_is_listed_and_each_listed_one_is_there():
    assert set(pages.topics()) | {pages.INDEX} == {path.stem for path in pages.FOLDER.glob("*.md")}


def test_a_name_that_is_no_page_is_answered_with_the_near_one():
    with pytest.raises(MisuseError, match="no such page") as caught:
        pages.path("falures")
    assert "'failures'" in str(caught.value.next_step)


@pytest.mark.parametrize("name", ALL)
def test_each_link_leads_to_a_page_a_part_of_one_or_the_web(name):
    for match in LINK.finditer(pages.source(name)):
        to, _, anchor = match["to"].partition("#")
        if to.startswith("https://"):
            continue
        target = to.removesuffix(".md") or name
        assert target in ALL, f"{name}.md links to {match['to']}"
        assert not anchor or anchor in headings(target), f"{name}.md links to {match['to']}"


@pytest.mark.parametrize("name", ALL)
def test_each_file_of_ours_that_is_named_is_there(name):
    made = {block.said.get("file") for block in blocks(name)}
    for path in FILE.findall(pages.source(name)):
        if path not in made and not re.search(r"NAME|AREA|CHIP|benches", path):
            assert (ROOT / path).exists(), f"{name}.md names {path}"


@pytest.mark.parametrize("name", ALL)
def test_each_page_has_one_title_and_no_line_that_a_screen_cuts(name):
    lines = pages.source(name).splitlines()
    assert lines[0].startswith("# ")
    fenced = False
    for number, line in enumerate(lines, start=1):
        if line.strip().startswith("```"):
            fenced = not fenced
        assert fenced or not line.startswith("# ") or number == 1, f"{name}.md:{number}: a second title"
        assert not fenced or len(line) <= 120, f"{name}.md:{number}: {len(line)} characters in a block"


def test_what_people_read_has_none_of_our_comments():
    for name in ALL:
        assert "<!--" not in pages.text(name)


def test_the_readme_links_to_the_guide():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "harness/guide/index.md" in readme
    assert "hil guide" in readme


@pytest.mark.parametrize("name", ALL)
def test_each_plan_and_bench_file_that_is_shown_is_one(name, tmp_path):
    for block in blocks(name):
        if block.kind != "yaml":
            continue
        if re.search(r"^gates:", block.text, re.MULTILINE):
            parse_plan(block.text, f"{name}.md:{block.line}")
        elif block.text.startswith("units:"):
            (tmp_path / "bench.yaml").write_text(block.text, encoding="utf-8")
            load_bench(tmp_path / "bench.yaml")


COMMANDS = {command.name: command for command in commands()}
OF_PYTEST = {usage.split()[0] for usage, _ in described()} | {"--junitxml", "--fixtures", "--help"}
ALWAYS = {"--help", "--version"}


def typed(name):
    """Command lines of ours that a page shows, in a block or in a sentence."""
    page = pages.source(name)
    lines = [line for block in blocks(name) if block.kind == "sh" for line in block.lines]
    return [
        line for line in [*lines, *re.findall(r"`((?:hil|pytest) [^`]+)`", page)] if re.match(r"(hil|pytest) ", line)
    ]


@pytest.mark.parametrize("name", ALL)
def test_each_command_that_is_named_exists_with_its_options(name):
    for line in typed(name):
        words = re.split(r"[|>&]", line)[0].split()
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        if words[0] == "pytest":
            assert options <= OF_PYTEST, f"{name}.md: {line}"
            continue
        known = next((c for n in (3, 2, 1) if (c := COMMANDS.get(" ".join(words[:n])))), None)
        group = any(command.startswith(" ".join(words[:2]) + " ") for command in COMMANDS)
        if known is None or known.name == "hil":
            assert group or words[1].isupper() or words[1].startswith("--"), f"{name}.md: {line}"
            continue
        there = {word for p in known.parameters for word in re.findall(r"--[a-z-]+", p.usage)}
        assert options <= there | ALWAYS, f"{name}.md: {line}"
