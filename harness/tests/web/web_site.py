"""A site with runs in it, served on a port of this host: what the tests of pages look at."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from evidence_runs import make_run

from harness.evidence import write_reports
from harness.evidence.history import History
from harness.records import Verdict
from harness.web.app import make_app
from harness.web.serve import Where, listening, server

TOKEN = "a token of a lab"
START = datetime(2026, 9, 1, 2, 15, tzinfo=UTC)
PLANS = (("digits", "digits_cnn_int8"), ("keyword_spotting", "kws_ds_cnn_int8"))
BOARDS = ("nucleo_f446re", "nucleo_l476rg", "cy8cproto_062_4343w")
NIGHTS = 12


def fill(history, base, nights=NIGHTS):
    """Runs of two plans on three boards; one that fails, one of a broken rig, one whose folder is there."""
    run = make_run()
    hardware = make_run("hardware")
    for night in range(nights):
        session = f"20260901T0{night:05d}Z-{night}"
        for plan, model in PLANS:
            for board in BOARDS:
                if (plan, board) == (PLANS[1][0], BOARDS[2]):
                    continue
                last = night == nights - 1
                at = START + timedelta(days=night, minutes=PLANS.index((plan, model)) * 10 + BOARDS.index(board))
                verdict = Verdict.FAIL if last and (plan, board) == (PLANS[1][0], BOARDS[0]) else Verdict.PASS
                if last and board == BOARDS[1]:
                    verdict = Verdict.ERROR if plan == "digits" else Verdict.INCONCLUSIVE
                one = hardware if board == BOARDS[1] else run
                changed = {
                    "run_id": f"{plan[:3]}{BOARDS.index(board)}{night:08d}",
                    "case_id": f"{plan}/{board}/{model}",
                    "plan": plan,
                    "model": model,
                    "board": board,
                    "started": at,
                    "finished": at + timedelta(seconds=9),
                    "verdict": verdict,
                    "reasons": ("accuracy 0.91 (n=450), limit >= 0.95",) if verdict is not Verdict.PASS else (),
                    "measurements": tuple(
                        m.model_copy(
                            update={part: getattr(m, part) - 0.002 * (night % 5) for part in ("value", "low", "high")}
                        )
                        if m.name == "accuracy" and night % 3 == 1
                        else m
                        for m in one.record.measurements
                    ),
                }
                record = one.record.model_copy(update=changed)
                folder = ""
                if last and (plan, board) == ("digits", BOARDS[0]):
                    folder = f"{session}/{record.case_id}"
                    write_reports(record, one.samples, base / folder, one.dataset.inputs)
                history.add(record, one.samples, session=session, folder=folder)
    history.tag("release-1.4", ["dig000000000"], by="a person")
    history.note("dig000000000", "The probe's cable was changed before this night.", by="a person")


@contextmanager
def served(history, settings):
    """The address of a real server in a thread of this process."""
    with listening(Where("127.0.0.1", 0)) as bound:
        running = server(make_app(history, settings))
        thread = threading.Thread(target=lambda: running.run(sockets=[bound]))
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join()


@contextmanager
def filled(base, nights=NIGHTS):
    """A history with runs in it."""
    base.mkdir(parents=True, exist_ok=True)
    with History.open(f"sqlite:///{base / 'history.db'}", base=base) as history:
        fill(history, base, nights)
        yield history
