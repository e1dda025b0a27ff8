"""Runs of several plans on several boards, as their folders hold them: every verdict, and what has none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from evidence_runs import broken_rig, differing, make_run

from harness.evidence import runrecord, runreports
from harness.evidence.runrecord import Command, Interrupted, RunRecord, Skipped
from harness.records import GateResult, Record, Verdict

STARTED = datetime(2026, 3, 14, 9, 26, 50, tzinfo=UTC)
COMMAND = Command(
    words=("pytest", "--board", "nucleo_f446re", "--board", "steval_stwinkt1"),
    process=4711,
    started=STARTED,
    ended=STARTED + timedelta(seconds=95.5),
    exit_status=1,
    host="bench-3",
    system="Linux 6.1 x86_64",
    python="3.11.2",
    harness_version="0.1.0",
)
BOARDS = ("nucleo_f446re", "steval_stwinkt1")


def named(record: Record, plan: str, board: str, model: str = "digits_cnn_int8", **changed: Any) -> Record:
    fields = {"plan": plan, "board": board, "model": model, "case_id": f"{plan}/{board}/{model}", **changed}
    return record.model_copy(update=fields)


def undecided() -> Record:
    gate = GateResult(
        metric="latency_us.p50",
        op="<=",
        limit=1000,
        value=None,
        passed=None,
        needs="hardware",
        reason="latency_us.p50 <= 1000 needs hardware: cannot be decided on an emulator",
    )
    return make_run(verdict=Verdict.INCONCLUSIVE, gates=(gate,), reasons=(gate.reason,)).record


def several() -> dict[str, Record]:
    """Three plans and a test on two boards: passed, failed, broken, undecided."""
    good, bad = make_run().record, make_run(damage=differing).record
    test = named(good, "-", BOARDS[0], case_id="tests/test_kws.py::test_it[nucleo_f446re]")
    return {
        **{r.case_id: r for r in (named(good, "digits", board) for board in BOARDS)},
        **{
            r.case_id: r
            for r in (named(bad, "digits_strict", BOARDS[0]), named(broken_rig(), "digits_strict", BOARDS[1]))
        },
        **{
            r.case_id: r
            for r in (named(undecided(), "latency", BOARDS[0]), named(good, "latency", BOARDS[0], "digits_cnn_f32"))
        },
        "tests/tests.test_kws/test_it[nucleo_f446re]": test,
    }


def run_of(records: Mapping[str, Record], **changed: Any) -> RunRecord:
    """The run of these records, as it is summed up."""
    left = changed.get("interrupted", ()), changed.get("refused", ())
    fields: dict[str, Any] = {
        "name": "20260314T092650Z-4711",
        "command": COMMAND,
        "verdict": runrecord.worst([record.verdict for record in records.values()], short=any(left)),
        "entries": tuple(
            runrecord.entry(record, folder, since=changed.get("command", COMMAND).started)
            for folder, record in sorted(records.items())
        ),
    }
    return RunRecord(**(fields | changed))


def whole() -> RunRecord:
    return run_of(
        several(),
        interrupted=(Interrupted(id="mnist/nucleo_f446re/m", folder="mnist/nucleo_f446re/m", answered=1234),),
        skipped=(Skipped(id="kws/nucleo_f446re/k", reason="the data is not here: hil data fetch kws"),),
        refused=(
            Skipped(id="testplans/typo.yaml", reason="PlanError: unknown key 'decode'\n  next: did you mean 'decide'?"),
        ),
    )


def index_page() -> bytes:
    """A page with everything on it that it can have, for looking at."""
    return runreports.load("index").render(whole(), several())


def crowded_index_page() -> bytes:
    """More boards and plans than a screen is wide, under names that nobody would choose."""
    good, bad = make_run().record, broken_rig().model_copy(update={"reasons": ("x" * 400, "/a/very/long/path" * 20)})
    boards = [f"board_of_a_vendor_with_a_long_name_{i}" for i in range(7)]
    records = {
        record.case_id: record
        for plan in range(12)
        for place, board in enumerate(boards)
        for record in [
            named(bad if (plan + place) % 5 == 0 else good, f"PlanWithoutAnyJointInItsLongName{plan}", board)
        ]
    }
    name = "tests/test_x.py::TestTheNetworkOnTheBoard::test_that_it_recognises_everything[nucleo_f446re-int8-ohne-Umlaut-äöü]"
    records["tests/tests.test_x/" + name] = named(good, "-", boards[0], case_id=name)
    return runreports.load("index").render(run_of(records), records)
