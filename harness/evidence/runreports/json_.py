"""``run.json``: the record of the run."""

from __future__ import annotations

from collections.abc import Mapping

from harness.evidence import runrecord
from harness.evidence.runrecord import RunRecord
from harness.records import Record

FILENAME = runrecord.FILENAME


def render(run: RunRecord, records: Mapping[str, Record]) -> bytes:
    """The record as JSON, UTF-8, two spaces."""
    return run.render()
