"""The messages of a family of modules, with the next step that each tells. Where none is told, the family's page says it."""

from __future__ import annotations

from harness.guide.parts._messages import Message, messages
from harness.guide.parts._words import code


def of(where: str, words: tuple[str, ...]) -> bool:
    """Whether a module belongs to a family: ``cli/`` for all below, else the module by its path without ``.py``."""
    return any(where.startswith(word) if word.endswith("/") else where == f"{word}.py" for word in words)


def family(*words: str) -> list[Message]:
    """Its messages, each once."""
    found = {message.what: message for message in messages() if of(message.where, words)}
    return list(found.values())


def made(*words: str) -> str:
    """A list by text."""
    lines = sorted(
        f"- {code(message.what)}" + (f": {_plain(message.next_step)}" if message.next_step else "")
        for message in family(*words)
    )
    return "\n".join(lines)


def _plain(text: str) -> str:
    return text.replace("<", "\\<")
