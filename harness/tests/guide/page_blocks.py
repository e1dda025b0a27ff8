"""A page of the guide as its tests read it: the blocks, each with what the comments above it say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.guide import pages

_COMMENT = re.compile(r"\s*<!-- (?P<key>[a-z ]+): (?P<value>.*) -->\s*")
_FENCE = re.compile(r"(?P<indent>\s*)```(?P<kind>\w*)\s*")
KEYS = {"file", "says", "status", "not run"}


@dataclass
class Block:
    """``kind``: the word behind the fence. ``said``: the comments directly above it, by their key."""

    kind: str
    line: int
    said: dict[str, str]
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def blocks(name: str) -> list[Block]:
    """Those of a page, in order."""
    found: list[Block] = []
    said: dict[str, str] = {}
    open_: Block | None = None
    indent = ""
    for number, line in enumerate(pages.source(name).splitlines(), start=1):
        fence = _FENCE.fullmatch(line)
        comment = _COMMENT.fullmatch(line)
        if open_ is not None:
            if fence and not fence["kind"]:
                open_ = None
            else:
                open_.lines.append(line.removeprefix(indent))
        elif fence:
            indent = fence["indent"]
            open_ = Block(fence["kind"], number, said)
            found.append(open_)
            said = {}
        elif comment and comment["key"] in KEYS:
            said[comment["key"]] = comment["value"]
        elif line.strip():
            assert not said, f"{name}.md:{number}: a comment that belongs to no block: {said}"
    assert open_ is None, f"{name}.md: a block is not closed"
    return found
