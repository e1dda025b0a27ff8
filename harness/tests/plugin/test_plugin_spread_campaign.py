"""A rack of 12 units of 4 kinds, and 100 moments at which something is killed: a worker, a unit, pytest itself."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from plugin_runs import command, digits_plan
from spread_watch import Watch, processes_with, wait_for

from harness.bench import lease
from harness.evidence import read_record
from harness.testing.rack import VirtualRack

FULL = os.environ.get("HIL_FULL") == "1"
pytestmark = [
    pytest.mark.skipif(not FULL, reason="takes a quarter of an hour; with HIL_FULL=1"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc"),
    pytest.mark.timeout(3600),
]

KINDS = {"nucleo_f446re": 3, "nucleo_l476rg": 3, "steval_stwinkt1": 3, "cy8cproto_062_4343w": 3}
PLANS = [f"digits{n}" for n in range(5)]
CASES = {f"{plan}/{kind}/digits_cnn_int8" for plan in PLANS for kind in KINDS}
PARTS, MOMENTS, A_RUN, SEED = 5, 20, 12, 20261129  # so many parts with so many moments each
ENDS_WITHIN_S, GONE_WITHIN_S = 600.0, 30.0
MARK = "HIL_CAMPAIGN"


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory(prefix="hil-") as runtime:
        patched.setenv("HIL_RUNTIME_DIR", runtime)
        with VirtualRack(KINDS, tmp_path_factory.mktemp("rack") / "bench.yaml") as rack:
            yield rack


def project(folder):
    """The digits plan five times, on all four kinds."""
    for plan in PLANS:
        path = digits_plan(folder)
        text = re.sub(r"(?m)^boards:.*$", f"boards: [{', '.join(KINDS)}]", path.read_text())
        text = re.sub(r"(?m)^name: digits$", f"name: {plan}", text)
        (path.parent / f"{plan}.yaml").write_text(text)
    (folder / "testplans" / "digits.yaml").unlink()


class Run:
    """One run of pytest on the whole rack, in a folder of its own."""

    def __init__(self, rack, folder, name, *arguments):
        self.folder, self.out = folder, folder / name
        self.mark = f"{MARK}={folder.name}-{name}"
        state = folder / f"{name}-state"
        options = ("--board", "all", "--bench", rack.bench, "-n", "auto", "--samples", "10", "--report-dir", self.out)
        self.log = folder / f"{name}.txt"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command(*options, "--junitxml", folder / f"{name}.xml", *arguments),
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=os.environ | {MARK: self.mark.partition("=")[2], "HIL_STATE_DIR": str(state), "COLUMNS": "150"},
            )

    @property
    def over(self):
        return self.process.poll() is not None

    def workers(self):
        """The processes of its workers of xdist."""
        return [
            pid
            for pid, words in processes_with(self.mark.encode()).items()
            if "execnet" in words or "import sys;exec" in words
        ]

    def said(self):
        return self.log.read_text(errors="replace")

    def records(self):
        """By case, where the run's own records lie."""
        return {record.case_id: record for record in map(read_record, self.out.glob("*/*/*/record.json"))}


def check_after(run, rack, *, killed):
    """No process, no lease, each case in one record."""
    left = wait_for(lambda: not processes_with(run.mark.encode()), GONE_WITHIN_S)
    assert left, processes_with(run.mark.encode())
    for uid in rack.uids:
        assert lease.holder(uid) is None, (uid, lease.holder(uid))
    if killed:
        return
    said = run.said()
    assert "INTERNALERROR" not in said, said
    assert set(run.records()) == CASES, said
    told = json.loads((run.out / "run.json").read_text())
    assert sorted(entry["id"] for entry in told["entries"]) == sorted(CASES)
    assert {case["id"] for case in told["interrupted"]} <= CASES  # what the rig has ended can be gone on with
    summed = re.findall(r"(\d+) (?:passed|failed|errors?|skipped)", said.splitlines()[-1])
    assert sum(map(int, summed)) == len(CASES), said
    suites = ElementTree.parse(run.out / "junit.xml").getroot()
    assert sum(case.get("name") == "run" for case in suites.iter("testcase")) == len(CASES)
    for record in run.records().values():
        assert record.verdict in ("pass", "error"), (record.case_id, record.reasons)  # the product is good
        assert len(record.tries) <= 1


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_killed_nothing_hangs_and_nothing_is_left(rack, part, tmp_path):
    project(tmp_path)
    dice = random.Random(SEED + part)
    done, runs, began = {"worker": 0, "unit": 0, "pytest": 0}, 0, time.monotonic()
    pause = threading.Event()
    outcomes, flaky, twice, looks, most = {}, 0, [], 0, 0
    while sum(done.values()) < MOMENTS:
        runs += 1
        for uid in rack.uids:
            if not rack.alive(uid):
                rack.start(uid)
        rack.write()
        run = Run(rack, tmp_path, f"run{runs}")
        killed = False
        with Watch(Path(os.environ["HIL_RUNTIME_DIR"]), run.mark.encode()) as watch:
            if dice.random() < 0.8:  # while cases run; else from the start on
                wait_for(lambda run=run: run.over or list(run.out.glob("*/*/*/*")), ENDS_WITHIN_S)
            for _ in range(min(A_RUN, MOMENTS - sum(done.values()))):
                pause.wait(dice.uniform(0.2, 6.0))
                if run.over:
                    break
                what = dice.choices(("worker", "unit", "pytest"), (75, 17, 8))[0]
                if what == "worker":
                    if not (workers := run.workers()):
                        continue
                    victim = dice.choice(workers)
                elif what == "unit":
                    alive = [uid for uid in rack.uids if rack.alive(uid)]
                    rack.kill(dice.choice(alive))
                    done[what] += 1
                    continue
                else:
                    victim, killed = run.process.pid, True
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                done[what] += 1
                if killed:
                    break
            try:
                run.process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                pytest.fail(f"run {runs} hangs: {run.said()}")
            check_after(run, rack, killed=killed)
        twice += watch.twice
        looks += watch.looks
        most = max(most, watch.most)
        for record in run.records().values():
            outcomes[record.verdict] = outcomes.get(record.verdict, 0) + 1
            flaky += bool(record.tries)
    print(
        f"{runs} runs, killed {done}, cases {outcomes}, {flaky} had a second try; {looks} looks at the locks,"
        f" at most {most} units in use at once, {len(twice)} twice; {time.monotonic() - began:.0f} s"
    )
    assert twice == []
    assert looks > 100
    assert most > 1  # the watch has seen them at work


def test_a_test_that_kills_its_process_has_two_tries_and_the_others_pass(tmp_path, monkeypatch):
    with tempfile.TemporaryDirectory(prefix="hil-") as runtime:
        monkeypatch.setenv("HIL_RUNTIME_DIR", runtime)
        with VirtualRack({"nucleo_f446re": 8}, tmp_path / "bench.yaml") as rack:
            (tmp_path / "test_poison.py").write_text(
                "import os, signal\n"
                "import pytest\n"
                "@pytest.mark.parametrize('n', range(16))\n"
                "def test_good(dut, dataset, n):\n"
                "    assert dut.classify(dataset('digits').test[:5]).accuracy > 0.5\n"
                "def test_poison(dut, tmp_path_factory):\n"
                "    with open('tried', 'a') as file:\n"
                "        file.write(dut.uid + '\\n')\n"
                "    os.kill(os.getpid(), signal.SIGKILL)\n"
            )
            run = Run(rack, tmp_path, "out", "test_poison.py")
            run.process.wait(ENDS_WITHIN_S)
            said = run.said()
            assert re.search(r"16 passed, 1 error", said.splitlines()[-1]), said
            tried = (tmp_path / "tried").read_text().split()
            assert len(tried) == 2, said
            assert tried[0] != tried[1]
            assert wait_for(lambda: not processes_with(run.mark.encode()), GONE_WITHIN_S)
            assert all(lease.holder(uid) is None for uid in rack.uids)
