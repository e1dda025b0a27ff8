"""How long tests took before, from the history. It is a help and never in the way: where there is none, nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.evidence import layout
from harness.evidence.database import is_off


def known(root: Path, cases: Sequence[str]) -> dict[str, float]:
    """Seconds by case, or test with ``dut``, of those that the history of the run in ``root`` knows."""
    wanted = sorted({case for case in cases if case})
    if not wanted or is_off():
        return {}
    try:
        from harness.evidence.history import History

        with History.open(base=layout.base_of(root), create=False, patience_s=1.0) as store:
            return store.seconds(wanted)
    except Exception:  # noqa: BLE001 - a broken history is told of where it is written; the order of tests must not depend on it
        return {}
