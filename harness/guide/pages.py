"""The pages of the guide by name, in the order in which ``index.md`` lists them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from harness.errors import MisuseError
from harness.paths import read_file
from harness.plans.names import suggestion

FOLDER: Final = Path(__file__).resolve().parent
INDEX: Final = "index"
_LISTED = re.compile(r"^- \[(?P<name>[a-z-]+)\]\((?P=name)\.md\): (?P<what>.+)$", re.MULTILINE)
_COMMENT = re.compile(r"^[ ]*<!--.*?-->\n", re.MULTILINE | re.DOTALL)


def topics() -> dict[str, str]:
    """What each page is about, by its name."""
    return {match["name"]: match["what"] for match in _LISTED.finditer(source(INDEX))}


def path(name: str) -> Path:
    """The page's file. ``MisuseError`` for a name that is none of ``topics()``, with the one that was meant."""
    known = topics() if name != INDEX else {INDEX: ""}
    if name not in known:
        raise MisuseError(
            "the guide has no such page",
            expected=", ".join(known),
            found=name,
            next_step=suggestion(name, known, "hil guide"),
        )
    return FOLDER / f"{name}.md"


def source(name: str) -> str:
    """The page as it is written. ``MisuseError`` as ``path``."""
    # The index is what says which pages there are: it cannot be looked up in itself.
    return read_file(FOLDER / "index.md" if name == INDEX else path(name)).decode("utf-8")


def text(name: str) -> str:
    """The page without the comments that tests and generators live by. ``MisuseError`` as ``path``."""
    return _COMMENT.sub("", source(name))
