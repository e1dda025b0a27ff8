"""What the hosts say of their units: who uses each, and whether it takes work. Asked over ssh, all hosts at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True)
class Stand:
    """Of one unit: who uses it, "" when nobody does, and why it takes no work, "" when it does."""

    holder: str = ""
    refusal: str = ""


def look(there: Mapping[str, Sequence[str]]) -> Mapping[tuple[str, str], Stand]:
    """Of each host's units by their ids, by host and id. A host that does not answer is told as the ``refusal`` of its units."""
    raise NotImplementedError
