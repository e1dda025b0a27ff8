"""What a night tells the processes of its cases: that they are of it, and what a case was tried before."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from pydantic import TypeAdapter, ValidationError

from harness.findings import EarlierTry

#: Names the night, for the safety valve.
NIGHT: Final = "HIL_NIGHT"
#: The tries of the case before this one, as JSON.
TRIES: Final = "HIL_TRIES"

_TRIES = TypeAdapter(tuple[EarlierTry, ...])


def environment(night: str, tries: Sequence[EarlierTry] = ()) -> dict[str, str]:
    """For a process that works for that night."""
    return {NIGHT: night, TRIES: _TRIES.dump_json(tuple(tries)).decode()}


def night() -> str:
    """The night that this process works for; "" for none."""
    return os.environ.get(NIGHT, "")


def tries() -> tuple[EarlierTry, ...]:
    """What the case of this process was tried before; none where nobody has told of any."""
    try:
        return _TRIES.validate_json(os.environ.get(TRIES, "[]"))
    except ValidationError:
        return ()
