"""Whole runs of pytest on a rack of virtual units, watched from outside, and what must be true when one is over."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from contextlib import ExitStack
from pathlib import Path

from plugin_runs import command
from spread_watch import Watch, processes_with, wait_for
from tied import tied

from harness.bench import lease
from harness.bench.boards import names
from harness.evidence import read_record
from harness.paths import shipped
from harness.plans import expand, load

KINDS = {"nucleo_f446re": 3, "nucleo_l476rg": 3, "steval_stwinkt1": 3, "cy8cproto_062_4343w": 3}
#: For what takes minutes, and seconds, on a machine that has nothing else to do: what takes longer than that hangs.
ENDS_WITHIN_S, GONE_WITHIN_S = 3000.0, 120.0
MARK = "HIL_CAMPAIGN"


def all_plans(folder, *, without=(), short=False):
    """Copies of the shipped plans below ``folder/testplans``; the ids of their cases on ``KINDS``.

    ``short``: recordings are as short as they may be (``--samples`` shortens the others).
    """
    (folder / "testplans").mkdir()
    cases = set()
    for shipped_as in sorted(shipped("testplans").glob("*.yaml")):
        if shipped_as.stem not in without:
            path = folder / "testplans" / shipped_as.name
            # Models and recordings that lie beside the shipped plans.
            text = shipped_as.read_text().replace("../fixtures", str(shipped("fixtures")))
            path.write_text(text.replace("seconds: 20", "seconds: 5") if short else text)
            cases |= {case.id for case in expand(load(path), boards=names(), only_boards=list(KINDS))}
    return cases


class Run:
    """One run of pytest on the whole rack, in a folder of its own. It ends with the block, or with us."""

    def __init__(self, rack, folder, name, *arguments):
        self._stack = ExitStack()
        self.folder, self.out = folder, folder / name
        self.mark = f"{MARK}={folder.name}-{name}"
        self.log = folder / f"{name}.txt"
        self._words = (
            *("--board", "all", "--bench", rack.bench, "-n", "auto", "--report-dir", self.out),
            *("--junitxml", folder / f"{name}.xml", *arguments),
        )
        self._own = {MARK: self.mark.partition("=")[2], "HIL_STATE_DIR": str(folder / f"{name}-state")}

    def __enter__(self):
        log = self._stack.enter_context(self.log.open("w"))
        self.process = self._stack.enter_context(
            tied(
                command(*self._words),
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | self._own | {"COLUMNS": "150"},
            )
        )
        self.watch = self._stack.enter_context(Watch(Path(os.environ["HIL_RUNTIME_DIR"]), self.mark.encode()))
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    @property
    def over(self):
        return self.process.poll() is not None

    def ended(self):
        """Wait for it; what it said. An ``AssertionError`` with that, when it hangs."""
        try:
            self.process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it hangs: {self.said()}") from None
        return self.said()

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


def check_free(run, rack):
    """No process is left, and no lease."""
    left = wait_for(lambda: not processes_with(run.mark.encode()), GONE_WITHIN_S)
    assert left, processes_with(run.mark.encode())
    for uid in rack.uids:
        assert lease.holder(uid) is None, (uid, lease.holder(uid))


def check_told(run, cases):
    """Each of ``cases`` has ended in exactly one record, everywhere where it is told."""
    said = run.said()
    assert "INTERNALERROR" not in said, said
    assert set(run.records()) == cases, said
    told = json.loads((run.out / "run.json").read_text())
    assert sorted(entry["id"] for entry in told["entries"]) == sorted(cases)
    assert {case["id"] for case in told["interrupted"]} <= cases  # what the rig has ended can be gone on with
    summed = re.findall(r"(\d+) (?:passed|failed|errors?|skipped)", said.splitlines()[-1])
    assert sum(map(int, summed)) == len(cases), said
    suites = ElementTree.parse(run.out / "junit.xml").getroot()
    assert sum(case.get("name") == "run" for case in suites.iter("testcase")) == len(cases)
