"""Small runs for the store: one plan's record and samples, with what a test wants to be different."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from harness.records import (
    DatasetFacts,
    FirmwareFacts,
    GateResult,
    Measurement,
    Record,
    Samples,
    UnitFacts,
    Verdict,
)

FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)


def some_samples(n: int = 5, seed: int = 0) -> Samples:
    draw = np.random.default_rng(seed)
    outputs = draw.integers(-128, 127, (n, 3)).astype(np.int8)
    crc = draw.integers(0, 2**32, n, dtype=np.uint64).astype(np.uint32)
    return Samples(
        ids=np.array([f"sample-{i}" for i in range(n)]),
        labels=draw.integers(0, 3, n),
        outputs=outputs,
        reference=outputs.copy(),
        cycles=draw.integers(1000, 1100, n).astype(np.uint64),
        input_crc=crc,
        sent_crc=crc.copy(),
        status=np.zeros(n, np.uint8),
        answered=np.ones(n, np.bool_),
        quiet=np.ones(n, np.bool_),
        decisions=outputs.argmax(axis=1).astype(np.int64),
        groups=np.array([f"speaker-{i % 2}" for i in range(n)]),
        digests=draw.integers(0, 2**63, n, dtype=np.uint64),
    )


def a_record(number: int = 0, *, accuracy: float = 0.95, hours: float = 0.0, **changed: Any) -> Record:
    """The ``number``-th run, begun that many hours after the first."""
    started = FIRST + timedelta(hours=hours or number)
    plan, board, model = (changed.get(k, v) for k, v in (("plan", "digits"), ("board", "b1"), ("model", "small")))
    fields: dict[str, Any] = {
        "run_id": f"{number:06x}abcdef",
        "case_id": f"{plan}/{board}/{model}",
        "started": started,
        "finished": started + timedelta(seconds=8),
        "verdict": Verdict.PASS,
        "reasons": (f"accuracy {accuracy} holds",),
        "plan": plan,
        "board": board,
        "model": model,
        "unit": UnitFacts(uid="unit-a"),
        "backend": "probe",
        "evidence": "hardware",
        "firmware": FirmwareFacts(
            elf_sha256="e" * 64,
            model_sha256="m" * 64,
            engine="builtin 1",
            build_id="b",
            flash_bytes=1000,
            ram_bytes=500,
            flash_s=None,
            verified=True,
        ),
        "dataset": DatasetFacts(name="digits", split="test", sha256="d" * 64, n=5),
        "reference": None,
        "link": None,
        "measurements": (
            Measurement(name="accuracy", value=accuracy, unit="ratio", n=5, low=accuracy - 0.02, high=accuracy + 0.02),
            Measurement(name="flash_bytes", value=1000 + number, unit="B", n=1),
        ),
        "gates": (GateResult(metric="accuracy", op=">=", limit=0.9, value=accuracy, passed=True, reason="holds"),),
        "harness_version": "0.1.0",
        "host": "bench-3",
    }
    return Record(**(fields | changed))
