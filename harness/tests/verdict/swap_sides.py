"""Two runs of a classification whose table can be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from harness.records import DatasetFacts, FirmwareFacts, Measurement, Record, Samples, UnitFacts, Verdict
from harness.verdict.swap import Side

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLASSES = ("yes", "no", "up")


def record(name: str, n: int, **changed: Any) -> Record:
    firmware = FirmwareFacts(
        elf_sha256=f"elf {name}", model_sha256=f"model {name}", engine="builtin 1", build_id=name, flash_bytes=1000,
        ram_bytes=500, flash_s=None, verified=True, compiler="zig 0.15",
    )  # fmt: skip
    facts: dict[str, Any] = {
        "run_id": f"run-{name}", "case_id": "p/b/m", "started": NOW, "finished": NOW, "verdict": Verdict.PASS,
        "reasons": (), "plan": "p", "board": "b", "model": "m", "unit": UnitFacts(uid="u1"), "backend": "probe",
        "evidence": "hardware", "firmware": firmware, "reference": None, "link": None, "outputs": "int8",
        "outputs_scale": 0.5, "harness_version": "1",
        "dataset": DatasetFacts(name="words", split="test", sha256="data", n=n, classes=CLASSES),
    }  # fmt: skip
    firmware_changed = changed.pop("firmware_changed", {})
    facts["firmware"] = firmware.model_copy(update=firmware_changed)
    return Record(**(facts | changed))


def sizes(**values: float) -> tuple[Measurement, ...]:
    return tuple(Measurement(name=name, value=value, unit="B", n=1) for name, value in values.items())


def side(name: str, decisions: Any, labels: Any, *, about: dict[str, Any] | None = None, **arrays: Any) -> Side:
    """A run whose sample i was decided as ``decisions[i]``. ``about`` are fields of the record, ``arrays`` of the samples."""
    decided = np.array(decisions, dtype=np.int64)
    n = len(decided)
    outputs = np.zeros((n, len(CLASSES)), dtype=np.int8)
    outputs[np.arange(n), np.maximum(decided, 0)] = 10
    fields: dict[str, Any] = {
        "ids": np.array([f"s{i}" for i in range(n)]),
        "labels": np.array(labels, dtype=np.int64),
        "outputs": outputs,
        "reference": outputs.copy(),
        "cycles": np.zeros(n, dtype=np.uint64),
        "input_crc": np.arange(n, dtype=np.uint32),
        "sent_crc": np.arange(n, dtype=np.uint32),
        "status": np.zeros(n, dtype=np.uint8),
        "answered": np.ones(n, dtype=np.bool_),
        "decisions": decided,
        "digests": np.arange(n, dtype=np.uint64),
    }
    return Side(name, record(name, n, **(about or {})), Samples(**(fields | arrays)))


def table(both_right: int, lost: int, gained: int, both_wrong: int, **about: Any) -> tuple[Side, Side]:
    """Baseline and candidate with these counts; every sample's label is 0, a wrong decision is 1."""
    before = [0] * (both_right + lost) + [1] * (gained + both_wrong)
    after = [0] * both_right + [1] * lost + [0] * gained + [1] * both_wrong
    labels = [0] * len(before)
    return side("old", before, labels, about=dict(about)), side("new", after, labels, about=dict(about))


def only(one: Side, rows: Any) -> Side:
    """The run as if these samples alone had been sent to it."""
    arrays = {name: array[rows] for name, array in vars(one.samples).items() if array is not None}
    return replace(one, samples=Samples(**arrays))


def about(one: Side, **changed: Any) -> Side:
    """The run with other fields of its record."""
    return replace(one, record=one.record.model_copy(update=changed))


def data(one: Side, **changed: Any) -> Side:
    """The run with other facts of its data set."""
    assert one.record.dataset is not None
    return about(one, dataset=one.record.dataset.model_copy(update=changed))
