"""The digits case on a rack of virtual units."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from harness.bench import lease
from harness.bench.boards import load_board, names
from harness.bench.probes.pyocd import PyocdProbe
from harness.paths import shipped
from harness.plans import expand, load
from harness.run.options import RunOptions
from harness.run.runner import run_case
from harness.run.sharded.shared import Shared

BOARD = "nucleo_f446re"


def digits_case(samples=None, **changes):
    plan = load(shipped("testplans") / "digits.yaml")
    # A shortened run passes no gate with confidence, and these tests are not about how many samples there are.
    gates = tuple(gate.model_copy(update={"confidence": None}) for gate in plan.gates)
    plan = plan.model_copy(update={"gates": gates, **changes})
    (case,) = expand(plan, boards=names(), only_boards=[BOARD], samples=samples)
    return case


def run(case, rack=None, *, folder=None, watch=lambda step: None, **options):
    places = () if rack is None else rack.places()
    options = RunOptions(backend="virtual" if rack is None else "probe", places=places, **options)
    return run_case(case, options, watch=watch, folder=folder)


def when(share, what, *, unit="", folder=None):
    """A watch that does something once, when that share of the samples is answered; one of them by that unit, if one is named."""
    done = []

    def answered():
        return not unit or any(f'"u":"{unit}"'.encode() in each.read_bytes() for each in folder.rglob("journal.jsonl"))

    def watch(step):
        if step.name == "stream" and step.share >= share and not done and answered():
            done.append(True)
            what()

    return watch


def halfway(monkeypatch, unit, what):
    """``what``, for which all units wait halfway, ``unit`` with an answer: however slow this host is, it comes in mid-run."""
    draw, over = Shared.draw, threading.Event()

    def waiting(shared, drawn):
        def may():
            if over.is_set() or shared.stop.is_set():
                return True
            begins = drawn.unit == unit and unit not in shared.by.values()
            return shared._coming <= 0 and (begins or len(shared.results) < shared.spread.n // 2)

        with shared._changed:
            while not may():
                shared._changed.wait(0.05)
        return draw(shared, drawn)

    def done():
        what()
        over.set()

    monkeypatch.setattr(Shared, "draw", waiting)
    return done


def flash(uid, elf):
    """Put any image there, as nobody but a debugger does."""
    probe = PyocdProbe(uid, load_board(BOARD).debug)
    probe.open()
    try:
        probe.flash(elf)
    finally:
        probe.close()


def share_of(record, uid):
    """That unit's part."""
    return next(one for one in record.units if one.unit.uid == uid)


def free(rack):
    """Whether nobody holds any of its units."""
    return [lease.holder(uid) for uid in rack.uids] == [None] * len(rack.uids)


def started(folder, *arguments):
    """``hil run digits`` in a process of its own, once it has written down a few answers."""
    command = [sys.executable, "-m", "harness", "run", "digits", "--board", BOARD, "--report-dir", str(folder)]
    process = subprocess.Popen(
        [*command, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "300"},
    )
    pause = threading.Event()
    while process.poll() is None and not any(
        journal.read_bytes().count(b'"i":') > 30 for journal in folder.rglob("journal.jsonl")
    ):
        pause.wait(0.01)
    return process
