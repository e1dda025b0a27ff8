"""What the environment says of the history's database. By itself: a run that keeps none must not load what reads one."""

from __future__ import annotations

import os
from typing import Final

VARIABLE: Final = "HIL_DB"
OFF: Final = "off"


def is_off() -> bool:
    """Whether the environment says that nothing is kept (``HIL_DB=off``)."""
    return os.environ.get(VARIABLE, "").strip().lower() == OFF
