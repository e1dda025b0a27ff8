"""Recordings of unequal length made equal by a rule that the plan names: ends cut off, zeros added."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from harness.data.datasets import _common
from harness.errors import PlanError


class LengthOptions(_common.Options):
    """How long a sample is."""

    length: int = Field(
        default=0,
        ge=0,
        description="The length of every sample, in values or rows. 0: as they are, which must be equal.",
    )
    pad: Literal["refuse", "end", "start", "both"] = Field(
        default="refuse",
        description="What becomes of a shorter one: refused, or zeros are added at that end (both: half of them, rounded down,"
        " before).",
    )
    cut: Literal["refuse", "end", "start", "both"] = Field(
        default="refuse",
        description="What becomes of a longer one: refused, or that end is cut off (both: half of it, rounded down, before).",
    )


def fitted(values: npt.NDArray[np.generic], options: LengthOptions, path: Path) -> npt.NDArray[np.generic]:
    """``values`` [n, ...] as [length, ...]. ``PlanError`` when no rule of the plan makes it so."""
    found, wanted = len(values), options.length or len(values)
    rule = options.pad if found < wanted else options.cut
    if found == wanted:
        return values
    if rule == "refuse":
        option, words = ("pad", "short") if found < wanted else ("cut", "long")
        raise PlanError(
            f"the recording is too {words}",
            where=str(path),
            expected=f"{wanted} values",
            found=found,
            next_step=f"name the rule: {option}: end, start or both",
        )
    if found > wanted:
        before = {"end": 0, "start": found - wanted, "both": (found - wanted) // 2}[rule]
        return values[before : before + wanted]
    before = {"end": 0, "start": wanted - found, "both": (wanted - found) // 2}[rule]
    room = [(before, wanted - found - before), *[(0, 0)] * (values.ndim - 1)]
    return np.pad(values, room)
