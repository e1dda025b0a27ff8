"""What of the guide is made from code. One file each, found by its name.

A part's module has ``made(*words) -> str``: Markdown, without a heading and without a line break at its end. The words are those
that stand behind its name in the page: ``<!-- from code: messages plans cli -->``.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Sequence
from typing import Protocol, cast

from harness.disk import files
from harness.guide import pages

COMMAND = "python -m harness.guide"
_PART = re.compile(r"(<!-- from code: (?P<words>[^>]+) -->\n)(?P<body>.*?)(<!-- end -->\n)", re.DOTALL)


class Part(Protocol):
    """What a module in this folder offers."""

    def made(self, *words: str) -> str:
        """The text of the part."""
        ...


def names() -> list[str]:
    """The known parts."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(name: str) -> Part:
    """The part of that name, which must be one of ``names()``."""
    return cast(Part, importlib.import_module(f"{__name__}.{name}"))


def used(page: str) -> list[tuple[str, ...]]:
    """The parts of a page's text, each with its words."""
    return [tuple(match["words"].split()) for match in _PART.finditer(page)]


def renewed(page: str) -> str:
    """A page's text with each of its parts made anew."""

    def put(match: re.Match[str]) -> str:
        name, *words = match["words"].split()
        # Empty lines apart: what stands on the line behind a comment is HTML to Markdown.
        return f"{match[1]}\n{load(name).made(*words)}\n\n{match[4]}"

    return _PART.sub(put, page)


def main(arguments: Sequence[str]) -> int:
    """Write the pages that are not up to date; with ``--check`` only name them. 1 when ``--check`` found one, else 0."""
    stale = False
    for name in (pages.INDEX, *pages.topics()):
        old = pages.source(name)
        new = renewed(old)
        if new != old:
            stale = True
            print(f"{name}.md is not up to date" if "--check" in arguments else f"{name}.md written")
            if "--check" not in arguments:
                files.replace(pages.path(name), new.encode("utf-8"))
    return int(stale and "--check" in arguments)
