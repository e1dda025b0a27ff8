"""One line of the doctor's screen. It lives here because an emulator examines itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "broken"]


@dataclass(frozen=True)
class Finding:
    """``needed`` is False for what only widens what can be done; ``next_step`` is a command or advice, "" when all is well."""

    area: str
    subject: str
    state: State
    detail: str
    next_step: str = ""
    needed: bool = True
