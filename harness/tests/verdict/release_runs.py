"""Runs of a small release, as their records say: what a test changes of them is all that is odd about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from harness.plans.load import parse_plan, parse_release
from harness.plans.releases import Release
from harness.plans.schema import Plan
from harness.records import (
    DatasetFacts,
    FirmwareFacts,
    GateResult,
    Measurement,
    Record,
    Samples,
    SourceFacts,
    UnitFacts,
    Verdict,
)
from harness.verdict.release import Asked, Run

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
COMMIT = "a1" * 20
PLAN = """
name: kws
boards: [nucleo, psoc]
models: [small]
dataset: digits
gates: [accuracy >= 0.9 confidence 0.95, lost_samples == 0]
"""
RELEASE = """
name: "1.5"
fresh: 7d
plans: [kws]
"""


def plan(text: str = PLAN) -> Plan:
    return parse_plan(text, "kws.yaml")


def release(extra: str = "", text: str = RELEASE) -> Release:
    return parse_release(text + extra, "1.5.yaml")


def asked(extra: str = "") -> Asked:
    return Asked.of(release(extra), [plan()])


def hits(n_right: int, n: int = 1000) -> dict[str, Any]:
    """Measurements and gates of a run that was right so often."""
    from harness.verdict.gates import judge
    from harness.verdict.statistics import wilson

    low, high = wilson(n_right, n)
    measured = (
        Measurement(name="accuracy", value=n_right / n, unit="ratio", n=n, low=low, high=high),
        Measurement(name="lost_samples", value=0, unit="samples", n=n),
    )
    gates, verdict, reasons = judge(plan().gates, measured, "hardware")
    return {"measurements": measured, "gates": gates, "verdict": verdict, "reasons": reasons}


def run(board: str = "nucleo", *, age: timedelta = timedelta(hours=1), n: int = 1000, **changed: Any) -> Run:
    """A run that passes, on hardware, of ``COMMIT``."""
    finished = NOW - age
    fields: dict[str, Any] = {
        "run_id": f"{board}-{abs(int(age.total_seconds()))}",
        "case_id": f"kws/{board}/small",
        "started": finished - timedelta(minutes=1),
        "finished": finished,
        "plan": "kws",
        "board": board,
        "model": "small",
        "unit": UnitFacts(uid=f"{board}-0"),
        "backend": "probe",
        "evidence": "hardware",
        "firmware": firmware(board),
        "source": SourceFacts(commit=COMMIT, dirty=False),
        "dataset": DatasetFacts(name="digits", split="test", sha256="da" * 32, n=n, planned=1000),
        "reference": None,
        "link": None,
        "host": "bench-3",
    }
    return Run(Record(**(fields | hits(960) | changed)), "hil-reports")


def firmware(board: str = "nucleo", model: str = "c0de" * 16, **changed: Any) -> FirmwareFacts:
    fields: dict[str, Any] = {
        "elf_sha256": {"nucleo": "e1", "psoc": "e2"}[board] * 32,
        "model_sha256": model,
        "engine": "builtin",
        "build_id": "9b1c2d3e",
        "flash_bytes": 1,
        "ram_bytes": 1,
        "flash_s": 1.0,
        "verified": True,
    }
    return FirmwareFacts(**(fields | changed))


def broken(gate: str = "lost_samples", reason: str = "lost_samples 3, limit == 0") -> dict[str, Any]:
    """A run that broke a gate in which chance has no part."""
    found = hits(960)
    gates: tuple[GateResult, ...] = found["gates"]
    changed = tuple(
        one.model_copy(update={"passed": False, "reason": reason}) if one.metric == gate else one for one in gates
    )
    return found | {"gates": changed, "verdict": Verdict.FAIL, "reasons": (reason,)}


def samples(wrong: int, n: int = 1000) -> Samples:
    """The arrays of a run that was wrong about the first so many samples."""
    labels = np.arange(n) % 2
    decisions = labels.copy()
    decisions[:wrong] ^= 1
    outputs = np.eye(2, dtype=np.int8)[decisions]
    crc = np.arange(n, dtype=np.uint32)
    return Samples(
        ids=np.array([f"s{index}" for index in range(n)]),
        labels=labels.astype(np.int64),
        outputs=outputs,
        reference=outputs.copy(),
        cycles=np.full(n, 1000, dtype=np.uint64),
        input_crc=crc,
        sent_crc=crc.copy(),
        status=np.zeros(n, dtype=np.uint8),
        answered=np.ones(n, dtype=np.bool_),
        decisions=decisions.astype(np.int64),
        digests=np.arange(n, dtype=np.uint64),
    )


def relative(
    metric: str, value: float, limit: float, *, low: float | None = None, passed: bool, **changed: Any
) -> GateResult:
    """A gate against a baseline, as its run was judged by it."""
    fields: dict[str, Any] = {
        "metric": metric,
        "op": "<=",
        "limit": limit,
        "value": value,
        "passed": passed,
        "low": low,
    }
    return GateResult(
        **(fields | {"baseline": "release-1.4", "reason": f"{metric} {value:g}, limit <= {limit:g}"} | changed)
    )
