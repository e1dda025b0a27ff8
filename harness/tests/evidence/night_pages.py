"""Nights that never were: everything that can come of a case, and a first night with nothing but virtual boards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from evidence_runs import make_run

from harness.evidence import nightreports
from harness.evidence.nightrecord import Before, NightCase, NightRecord, NightUnit, Try, UnitMove
from harness.evidence.runrecord import Command, Skipped
from harness.records import Record, Verdict

BEGAN = datetime(2026, 11, 28, 22, 0, 0, tzinfo=UTC)
BEFORE = "20261127T220000Z-4711"


def command(
    hours: float = 7.5, status: int | None = 1, *, at: datetime = BEGAN, words: str = "hil nightly rack1"
) -> Command:
    ended = None if status is None else at + timedelta(hours=hours)
    return Command(
        words=tuple(words.split()), process=4711, started=at, ended=ended, exit_status=status, host="bench-3",
        system="Linux 6.1 x86_64", python="3.11.2", harness_version="0.1.0",
    )  # fmt: skip


def one_try(verdict: str | None, unit: str = "", minutes: float = 3.0, *reasons: str, **more: Any) -> Try:
    return Try(
        unit=unit, began=BEGAN, ended=BEGAN + timedelta(minutes=minutes), verdict=Verdict(verdict) if verdict else None,
        reasons=reasons or ((f"why it came to {verdict}",) if verdict else ()), run_id=f"run{unit}{verdict}",
        blamed=(unit,) if verdict == "error" and unit else (), **more,
    )  # fmt: skip


def case(name: str, *tries: Try, before: str | None = None, board: str = "nucleo_f446re", **more: Any) -> NightCase:
    case_id = f"{name}/{board}/digits_cnn_int8"
    placed = tuple(one.model_copy(update={"folder": case_id}) for one in tries)
    past = Before(run_id="r", session=BEFORE, verdict=Verdict(before), finished=BEGAN) if before else None
    state = {"state": "ended"} if tries and tries[-1].verdict else {}
    return NightCase(
        id=case_id, file=f"/rack/testplans/{name}.yaml", board=board, model="digits_cnn_int8", deadline_s=5000, before=past,
        tries=placed, **(state | more),
    )  # fmt: skip


def night(*cases: NightCase, **more: Any) -> NightRecord:
    fields: dict[str, Any] = {
        "name": "rack1", "file": "testplans/racks/rack1.yaml", "sha256": "a1" * 32, "session": "20261128T220000Z-4711",
        "parts": (command(),), "cases": cases, "slots": 2,
    }  # fmt: skip
    return NightRecord(**(fields | more))


def eventful() -> NightRecord:
    """Every kind of case, on a rack with a dead, a flaky and a disagreeing unit."""
    psoc = "cy8cproto_062_4343w"
    gone = "the probe 066EFF dead is not there any more"
    return night(
        case("digits", one_try("fail", "n1", 3, "accuracy 0.91 < 0.95 (n=450)"), before="pass", priority=10),
        case("digits", one_try("pass", "p1"), before="pass", board=psoc, priority=10),
        case("mnist", one_try("fail", "n2"), before="fail"),
        case("mnist", one_try("pass", "p1"), before="fail", board=psoc),
        case("smart_lock", one_try("error", "n3", 1, gone), one_try("pass", "n1"), before="pass"),
        case("smart_lock", one_try("error", "p2", 1, "the line was silent"), one_try("error", "p1"), before="pass", board=psoc),
        case("vowels", one_try("inconclusive", "n1", 3, "latency_us.p99 needs hardware")),
        case("keywords", lack="budget", why="the budget of 8 h had 3 min left, it takes about 20 min", state="left", priority=-5),
        case("keywords", lack="unit", why=f"no {psoc} is there to run it", state="left", board=psoc),
        case("played", lack="data", why="the recordings are not on this machine", state="left"),
        case("played", lack="valve", why="image 3f2a is stopped: 3 of 4 units would be suspect by it", state="left", board=psoc),
        case("votes", one_try(None, "n2"), state="interrupted"),
        title="What the rack of the second floor runs each night",
        bench="/rack/rack1.yaml",
        budget_s=8 * 3600.0,
        compared=BEFORE,
        refused=(Skipped(id="/rack/testplans/new.yaml", reason="unknown key 'gate'\n  where: new.yaml:4:gate"),),
        parts=(command(2, 143), command(5, 1, at=BEGAN + timedelta(hours=2.5), words="hil nightly --resume latest")),
        units=(
            NightUnit(uid="n1", title="left of the window", board="nucleo_f446re", busy_s=20000),
            NightUnit(uid="n2", title="n2", board="nucleo_f446re", state="suspect", reason="disagrees on 7 samples", busy_s=9000),
            NightUnit(uid="n3", title="066EFF485155878281094633", board="nucleo_f446re", state="quarantined", reason=gone),
            NightUnit(uid="p1", title="p1", board=psoc, busy_s=11000),
            NightUnit(uid="p2", title="p2", board=psoc, state="maintenance", reason="new cable (ada)", busy_s=60),
        ),
        moves=(
            UnitMove(at=BEGAN + timedelta(minutes=9), uid="n3", to="suspect", reason="3 faults in a row", by="hil"),
            UnitMove(at=BEGAN + timedelta(minutes=11), uid="n3", to="quarantined", reason=gone, by="hil"),
        ),
        warnings=("not in the history: the database is locked",),
    )  # fmt: skip


def first() -> NightRecord:
    """All passed, on virtual boards, and nothing to compare with."""
    return night(case("digits", one_try("pass")), case("mnist", one_try("pass")), parts=(command(0.2, 0),))


def awkward() -> NightRecord:
    """Names that are long, and text that would be markup."""
    name = "a_name_whose_author_had_much_to_say" * 2
    odd = case(name, one_try("fail", name, 3, "<script>alert(1)</script>", "y" * 300), board=name[:80])
    unit = NightUnit(uid=name, title=f"<b>{name}</b>", board=name[:80], state="suspect", reason="<i>" + "z" * 200)
    return night(odd, title="<script>alert(1)</script>", units=(unit,), stopped="ended by <u>SIGTERM</u>")


def records(found: NightRecord) -> dict[str, Record]:
    """Those of its cases, as their folders hold them."""
    whole = make_run().record
    return {
        one.last.folder: whole.model_copy(update={"case_id": one.id, "verdict": one.verdict, "run_id": one.last.run_id})
        for one in found.cases
        if one.last and one.verdict
    }


def rendered(name: str, found: NightRecord) -> str:
    return nightreports.load(name).render(found, records(found)).decode()


def night_page() -> bytes:
    """An eventful and an awkward one in one."""
    found, odd = eventful(), awkward()
    found = found.model_copy(update={"cases": (*found.cases, *odd.cases), "units": (*found.units, *odd.units)})
    return nightreports.load("html").render(found, records(found))
