"""``hil guide`` shows the pages, for people and for programs."""

import io
import sys

import pytest
from rich.console import Console
from rich.markdown import Markdown

from harness.cli import main
from harness.guide import pages


@pytest.fixture
def hil(capsys):
    """Run it here; (status, output, errors)."""

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return end.value.code, told.out, told.err

    return run


def test_without_a_topic_it_lists_the_pages(hil):
    status, out, _ = hil("guide")
    assert status == 0
    for name, what in pages.topics().items():
        assert name in out
        assert what in out


@pytest.mark.parametrize("name", pages.topics())
def test_a_page_in_a_pipe_is_its_markdown(hil, name):
    assert hil("guide", name) == (0, pages.text(name), "")


def test_a_wrong_topic_is_a_mistake_that_names_the_near_one_in_few_lines(hil):
    status, out, err = hil("guide", "bords")
    assert (status, out) == (3, "")
    assert "did you mean 'boards'?" in err
    assert len(err.splitlines()) <= 5


@pytest.mark.parametrize("name", [pages.INDEX, *pages.topics()])
@pytest.mark.parametrize("width", [60, 120])
def test_a_terminal_shows_every_page_without_markup_or_comments(name, width):
    screen = io.StringIO()
    Console(file=screen, width=width, force_terminal=False).print(Markdown(pages.text(name)))
    shown = screen.getvalue()
    assert "<!--" not in shown
    assert "| --- |" not in shown
    assert "```" not in shown
    assert max(map(len, shown.splitlines())) <= width
    assert width < 100 or "…" not in shown, "a cell of a table is cut"


def test_a_terminal_gets_what_rich_makes_of_it(monkeypatch, hil):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    status, out, _ = hil("guide", "exits")
    assert status == 0
    assert "\x1b[" in out
    status, out, _ = hil("guide", "exits", "--plain")
    assert out == pages.text("exits")
