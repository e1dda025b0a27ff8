"""Text that came from outside, made harmless: for reports, logs and terminals."""

from __future__ import annotations

import unicodedata

# Control characters drive terminals; lone surrogates (names that are not UTF-8) fit into no file; XML has no unassigned ones.
_HARMFUL = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
# Marks that turn the direction of text make a line read as something else than it is.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """The same text with each harmful character as its escape (``\\x1b``, ``\\ud800``); line feeds and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(c) if _is_harmful(c) else c for c in text)


def _is_harmful(c: str) -> bool:
    return c not in "\n\t" and (unicodedata.category(c) in _HARMFUL or c in _TURNING)


def _escaped(c: str) -> str:
    return c.encode("unicode_escape").decode("ascii")
