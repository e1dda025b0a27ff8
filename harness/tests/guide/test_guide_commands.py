"""Every command line of the guide is run, page by page, in a folder that is empty but for what the page puts there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from page_blocks import blocks

from harness.guide import pages

ALL = [pages.INDEX, *pages.topics()]
TIMEOUT_S = 280
#: The words that a reason for not running may begin with.
REASONS = ("needs ", "runs until Ctrl-C", "it writes into the sources")


def commands(name):
    return [block for block in blocks(name) if block.kind == "sh" and "not run" not in block.said]


WITH_COMMANDS = [name for name in ALL if commands(name)]


@pytest.fixture
def environment():
    """A shell in which `python`, `hil` and `pytest` are those under test, and pytest takes no notice of this project."""
    tools = str(Path(sys.executable).parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "HIL_DB"))}
    return kept | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}


@pytest.mark.parametrize("name", ALL)
def test_a_block_that_is_not_run_says_why(name):
    for block in blocks(name):
        assert block.kind, f"{name}.md:{block.line}: a block without a kind"
        assert block.kind not in ("console", "bash", "shell"), f"{name}.md:{block.line}: write sh"
        if "not run" in block.said:
            assert block.said["not run"].startswith(REASONS), f"{name}.md:{block.line}: {block.said['not run']}"
            assert block.kind == "sh"
            assert not {"says", "status", "file"} & block.said.keys()


@pytest.mark.timeout(4 * TIMEOUT_S)
@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_a_stranger_can_type_what_a_page_says(name, tmp_path, environment):
    for block in blocks(name):
        if target := block.said.get("file"):
            (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / target).write_text(block.text, encoding="utf-8")
        if block.kind != "sh" or "not run" in block.said:
            continue
        done = subprocess.run(
            ["bash", "-e", "-c", block.text],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        told = f"{name}.md:{block.line}:\n{block.text}{done.stdout}{done.stderr}"
        assert done.returncode == int(block.said.get("status", "0")), told
        for words in filter(None, block.said.get("says", "").split(" | ")):
            assert words in done.stdout, f"{words!r} is not in what it prints: {told}"


def test_bash_is_here_to_run_them():
    assert shutil.which("bash")
