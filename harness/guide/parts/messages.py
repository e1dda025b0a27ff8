"""The messages of a family of modules, with the next step that each tells; ``_remedies`` has the others'.

A family is what one ``<!-- from code: messages ... -->`` of the page names: ``cli/`` for all below, or a module by its path without
``.py``. The longest name that fits a module decides, so that one module may stand apart from its package.
"""

from __future__ import annotations

import re

from harness.guide import pages
from harness.guide.parts._messages import COMPUTED, Message, messages
from harness.guide.parts._remedies import REMEDIES
from harness.guide.parts._words import code

PAGE = "failures"


def families() -> list[tuple[str, ...]]:
    """The names of each family, in the order of the page."""
    found = re.findall(r"<!-- from code: messages (.+) -->", pages.source(PAGE))
    return [tuple(words.split()) for words in found]


def home(where: str) -> str | None:
    """The name by which a module belongs to its family; None when it belongs to none."""
    names = [name for words in families() for name in words]
    fitting = [name for name in names if (where.startswith(name) if name.endswith("/") else where == f"{name}.py")]
    return max(fitting, key=len, default=None)


def family(*words: str) -> list[Message]:
    """Its messages, each once."""
    ours = [message for message in messages() if home(message.where) in words]
    # Of two that say the same, the one that tells what to do.
    return list({message.what: message for message in sorted(ours, key=lambda one: bool(one.next_step))}.values())


def to_do(message: Message) -> str:
    """What a person does about it: in the message's own words, else in the guide's; "" where neither has any."""
    ours = REMEDIES.get(message.what, "")
    return ours or COMPUTED if message.next_step == COMPUTED else message.next_step or ours


def made(*words: str) -> str:
    """A list by text."""
    return "\n".join(
        sorted(
            f"- {code(message.what)}" + (f": {step}" if (step := to_do(message)) else "") for message in family(*words)
        )
    )
