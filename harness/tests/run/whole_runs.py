"""What cases leave in a run's folder."""

from datetime import UTC, datetime, timedelta

from harness.evidence import layout, write_reports
from harness.records import Record, Verdict
from harness.run.journal import FILENAME, Journal
from harness.testing.clock import ManualClock


def record(case_id, verdict=Verdict.PASS, finished=None):
    plan, board, model = case_id.split("/")[:3] if case_id.count("/") == 2 else ("-", "b", "m")
    now = finished or datetime.now(UTC)
    return Record(
        run_id="r", case_id=case_id, started=now - timedelta(seconds=1), finished=now, verdict=verdict, reasons=("why",),
        plan=plan, board=board, model=model, unit=None, backend="virtual", evidence="emulated", firmware=None, dataset=None,
        reference=None, link=None,
    )  # fmt: skip


def left(root, case_id, verdict=Verdict.PASS, **more):
    write_reports(record(case_id, verdict, **more), None, layout.case_folder(root, case_id))


def stopped(root, case_id):
    path = layout.case_folder(root, case_id) / FILENAME
    Journal.begin(path, ManualClock(), run_id="x", started=datetime.now(UTC), bound={"case": case_id}).close()
