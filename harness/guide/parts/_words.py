"""How parts write things down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def code(value: object) -> str:
    """As code: ``true`` and ``false`` as YAML writes them, whole numbers without a point."""
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def plain(text: str | None) -> str:
    """A docstring's first paragraph as one line of Markdown."""
    paragraph = (text or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.split()).replace("``", "`")


def whole(text: str | None) -> str:
    """A docstring as one line of Markdown."""
    return " ".join((text or "").split()).replace("``", "`")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
