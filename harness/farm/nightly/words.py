"""The command line of one case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.evidence.nightrecord import NightCase


def of_case(case: NightCase, folder: Path, place: Sequence[str], earlier: Path | None) -> list[str]:
    """The arguments of ``hil`` that run it into ``folder``, at a ``place``; ``earlier``: where it goes on from.

    The history is kept by the night, which knows which try counts.
    """
    found = ["run", case.file, "--board", case.board, "--model", case.model, *place]
    found += ["--report-dir", str(folder), "--no-history"]
    if case.samples is not None:
        found += ["--samples", str(case.samples)]
    if case.shards:
        found += ["--shards", case.shards]
    if case.baseline:
        found += ["--baseline", case.baseline]
    if earlier is not None:
        found += ["--resume", str(earlier)]
    return found
