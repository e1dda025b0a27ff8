"""Errors as they travel: as what they are, with all their parts, and with the host that they come from in their ``where``."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any, Final

from harness.bench import lease
from harness.errors import (
    BenchError,
    DeviceError,
    HarnessBug,
    HilError,
    HostError,
    MisuseError,
    PlanError,
    TakenError,
    WedgedError,
)
from harness.text import printable

KINDS: Final[Mapping[str, type[HilError]]] = {
    kind.__name__: kind
    for kind in (
        BenchError,
        DeviceError,
        HarnessBug,
        HostError,
        MisuseError,
        PlanError,
        TakenError,
        WedgedError,
        lease.InUse,
        lease.OutOfService,
    )
}


def told(error: BaseException, kinds: Mapping[str, type[HilError]] = KINDS) -> dict[str, Any]:
    """An error as JSON. What is none of ours is a bug, and told with where it happened."""
    if not isinstance(error, HilError):
        last = traceback.extract_tb(error.__traceback__)[-1:]
        at = "".join(f" at {frame.filename}:{frame.lineno}" for frame in last)
        return {"kind": "HarnessBug", "what": f"the unit's server failed: {type(error).__name__}: {error}{at}"}
    # A kind that the other end need not know is told as the nearest one that it does.
    kind = next(base.__name__ for base in type(error).__mro__ if base.__name__ in kinds)
    parts = {name: getattr(error, name) for name in ("where", "expected", "found", "next_step")}
    return {"kind": kind, "what": error.what} | {name: str(part) for name, part in parts.items() if part is not None}


def made(told: Mapping[str, Any], host: str, kinds: Mapping[str, type[HilError]] = KINDS) -> HilError:
    """The error again. Its words are another host's: nothing in them drives a terminal here."""
    parts = {key: printable(str(part)) for key, part in told.items()}
    where = parts.get("where", "")
    kind = kinds.get(parts.get("kind", ""), BenchError)
    return kind(
        parts.get("what", "the unit's server failed without a word"),
        where=f"{where}, on {host}" if where else host,
        expected=parts.get("expected"),
        found=parts.get("found"),
        next_step=parts.get("next_step"),
    )
