"""Records as cases on a rack leave them."""

from datetime import UTC, datetime, timedelta

from harness.findings import RigFault
from harness.records import FirmwareFacts, Record, UnitFacts, Verdict

NOW = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
IMAGE = "ab" * 32


def record(verdict, *, unit="u1", rig=None, backend="probe", image=IMAGE, test="digits/nucleo_f446re/m", reason="why"):
    plan, board, model = test.split("/")
    firmware = FirmwareFacts(
        elf_sha256=image, model_sha256="", engine="builtin", build_id="b", flash_bytes=1, ram_bytes=1, flash_s=None,
        verified=True,
    )  # fmt: skip
    return Record(
        run_id="r1", case_id=test, started=NOW - timedelta(seconds=1), finished=NOW, verdict=verdict, reasons=(reason,),
        plan=plan, board=board, model=model, unit=UnitFacts(uid=unit) if unit else None, backend=backend,
        evidence="emulated", firmware=firmware if image else None, dataset=None, reference=None, link=None, rig=rig,
    )  # fmt: skip


def error(whose="unit", *, row="line-damage", wedged=False, unit="u1", opened=True, **more):
    fault = RigFault(whose=whose, unit=unit, row=row, wedged=wedged)
    return record(Verdict.ERROR, rig=fault, unit=unit if opened else None, **more)
