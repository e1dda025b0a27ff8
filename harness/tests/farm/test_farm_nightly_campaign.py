"""HIL_FULL=1: a whole night of the real `hil` over nine virtual units of four kinds, all shipped plans, with one dead unit, one
whose line is cut in its first case, and one that computes otherwise; ended by SIGTERM, then by SIGKILL, and gone on with."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from tied import tied

from harness.bench import lease, rackstate
from harness.bench.boards import load_board
from harness.bench.probes.pyocd import PyocdProbe
from harness.evidence import nightrecord
from harness.evidence.history import History
from harness.paths import shipped
from harness.testing.rack import VirtualRack
from harness.virtual.debug import rpc
from harness.virtual.host.control import Control

pytestmark = [
    pytest.mark.skipif(os.environ.get("HIL_FULL") != "1", reason="HIL_FULL=1 runs a whole night"),
    pytest.mark.timeout(3600),
]

KINDS = {"nucleo_f446re": 3, "nucleo_l476rg": 2, "steval_stwinkt1": 2, "cy8cproto_062_4343w": 2}
DIGITS = "digits/nucleo_f446re/digits_cnn_int8"
RACK = """\
name: campaign
title: All plans on four kinds of boards, shortened
bench: ../benches/rack.yaml
run:
  - {plans: digits, boards: nucleo_f446re, samples: 300, shards: auto, priority: 10}
  - {plans: all, samples: 3}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("RUNTIME", "STATE"):
        monkeypatch.setenv(f"HIL_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.delenv("HIL_DB", raising=False)
    monkeypatch.chdir(tmp_path)
    plans = tmp_path / "testplans"
    shutil.copytree(shipped("testplans"), plans, ignore=shutil.ignore_patterns("benches", "racks", "releases", "long"))
    for path in plans.glob("*.yaml"):  # models and recordings that lie beside the shipped plans
        path.write_text(path.read_text().replace("../fixtures", str(shipped("fixtures"))))
    (plans / "benches").mkdir()
    (plans / "racks").mkdir()
    (plans / "racks" / "campaign.yaml").write_text(RACK)
    return tmp_path


@pytest.fixture
def started():
    """Begin a night; it ends with the test, however that ends."""
    with contextlib.ExitStack() as stack:
        yield lambda *words: stack.enter_context(tied([sys.executable, "-m", "harness", "nightly", *words]))


def until(what, process=None, deadline_s=1800.0):
    """Wait until ``what`` gives something true; that."""
    pause, end = threading.Event(), time.monotonic() + deadline_s
    while True:
        if found := what():
            return found
        assert time.monotonic() < end, "it took too long"
        assert process is None or process.poll() is None, "the night ended before"
        pause.wait(0.05)


def folder(project):
    found = sorted((project / "hil-reports").glob(f"*Z-*/{nightrecord.FILENAME}"))
    return found[0].parent if found else None


def night(project):
    at = folder(project)
    with contextlib.suppress(Exception):
        return nightrecord.read(at) if at else None
    return None


def ended(project):
    found = night(project)
    return {case.id: case.last.run_id for case in found.cases if case.verdict} if found else {}


def processes_of(project):
    """Of cases and nights, by what they were called."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().decode(errors="replace").split("\0")
            if str(project) in " ".join(words) and ("run" in words or "nightly" in words) and "harness" in words:
                found.append(words)
    return found


def first_use(uid):
    """Waits until a case has the unit's lock."""
    return until(lambda: (holder := lease.holder(uid)) is not None and "nightly" not in holder.what)


def cut_while_first_used(uid, told):
    first_use(uid)
    with Control(uid) as control, contextlib.suppress(rpc.LinkDown):  # its recovery may have taken its power
        control.cut_line()
        told.append(f"cut {uid}")
        until(lambda: lease.holder(uid) is None, deadline_s=600)
        control.join_line()


def spoil_while_streaming(project, uid, elf, told):
    """Once the spread case streams, another image comes to one of its units: what it was verified with is there no more."""
    at = until(lambda: folder(project))
    journals = (at / ".running" / DIGITS).rglob
    until(lambda: any(b'"i":' in path.read_bytes() for path in journals("journal*.jsonl")))
    running = lease.holder(uid).pid
    os.kill(running, signal.SIGSTOP)  # else it would be through before
    try:
        probe = PyocdProbe(uid, load_board("nucleo_f446re").debug)
        probe.open()
        try:
            probe.flash(elf)
            probe.reset()
        finally:
            probe.close()
    finally:
        os.kill(running, signal.SIGCONT)
    told.append(f"spoilt {uid}")


def damaged(project):
    """The digits image with a weight that is another."""
    sys.path.append(str(Path(__file__).parents[1] / "run"))
    from run_images import damage_weight

    elf = project / "damaged.elf"
    build = [
        sys.executable,
        "-m",
        "harness",
        "build",
        "testplans/digits.yaml",
        "--board",
        "nucleo_f446re",
        "-o",
        str(elf),
    ]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    damage_weight(elf, 40)
    return elf


def test_a_night_with_a_dead_a_flaky_and_a_disagreeing_unit(project, started):
    elf = damaged(project)
    told: list[str] = []
    # A hub that says "off" and keeps the power: what is dead stays dead.
    with VirtualRack(KINDS, project / "testplans" / "benches" / "rack.yaml", hub_lies=True) as rack:
        by_kind = {kind: [uid for uid in rack.uids if rack.board(uid) == kind] for kind in KINDS}
        dead, flaky, odd = by_kind["cy8cproto_062_4343w"][0], by_kind["steval_stwinkt1"][0], by_kind["nucleo_f446re"][2]
        rack.kill(dead)
        began = time.monotonic()
        process = started("campaign")
        watchers = [
            threading.Thread(target=cut_while_first_used, args=(flaky, told), daemon=True),
            threading.Thread(target=spoil_while_streaming, args=(project, odd, elf, told), daemon=True),
        ]
        for watcher in watchers:
            watcher.start()
        watchers[1].join()
        # 1. SIGTERM in the middle.
        until(lambda: len(ended(project)) >= 8, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
        assert processes_of(project) == []
        assert [lease.holder(uid) for uid in rack.uids] == [None] * len(rack.uids)
        done = ended(project)
        at = folder(project)
        assert (at / "summary.md").read_text().startswith("## ")
        # 2. SIGKILL of what goes on with it.
        process = started("--resume", str(at))
        until(lambda: len(ended(project)) >= len(done) + 4, process)
        process.kill()
        process.wait()
        until(lambda: processes_of(project) == [], deadline_s=30)
        assert [lease.holder(uid) for uid in rack.uids] == [None] * len(rack.uids)
        killed_at = ended(project)
        assert done.items() <= killed_at.items()
        # 3. To the end.
        process = started("--resume", str(at))
        status = process.wait()
        took = time.monotonic() - began
        found = night(project)
        summary = (at / "summary.md").read_text()
        print(summary, f"\nin all {took:.0f} s; {told}")
        # Nothing ran twice: what had ended is what it was, and the history has each try once.
        assert killed_at.items() <= ended(project).items()
        with History.open(base=project / "hil-reports", create=False) as store:
            rows = store.runs(limit=None)
        tries = Counter(case.id for case in found.cases for one in case.tries if one.verdict)
        assert Counter(row.case_id for row in rows) == tries
        assert {row.session for row in rows} == {at.name}
        # The product's verdicts are untouched by the rig.
        assert {str(case.verdict) for case in found.cases if case.lack is None} <= {"pass", "inconclusive"}, summary
        assert {case.lack for case in found.cases} <= {None, "data"}
        assert status == 4
        # The dead unit, the flaky one, the odd one.
        blamed = {uid for case in found.cases for one in case.tries for uid in one.blamed}
        assert blamed == {dead, flaky, odd}
        digits = next(case for case in found.cases if case.id == DIGITS)
        assert digits.tries[0].blamed == (odd,)
        assert odd in (digits.tries[0].unit, *digits.tries[0].lent)
        assert any(move.uid == odd and move.to == "suspect" for move in found.moves), found.moves
        assert {move.uid for move in found.moves} <= {dead, flaky, odd}
        assert rackstate.state_of(dead).state is rackstate.State.QUARANTINED
        assert "Flaky" in summary
        # The night's use of its units is counted without the time between its commands.
        assert all(unit.busy_s <= found.wall_s for unit in found.units)
        assert json.loads((at / "run.json").read_text())["command"]["exit_status"] == 4
        sys.path.append(str(Path(__file__).parents[1] / "evidence"))
        from junit_rules import checked

        checked((at / "junit.xml").read_bytes())
