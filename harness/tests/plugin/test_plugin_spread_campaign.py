"""A rack of 12 units of 4 kinds, and 100 moments at which something is killed: a worker, a unit, pytest itself."""

import os
import random
import re
import resource
import signal
import sys
import tempfile
import threading
import time

import pytest
from plugin_runs import digits_plan
from rack_runs import ENDS_WITHIN_S, KINDS, Run, all_plans, check_free, check_told
from spread_watch import wait_for

from harness.testing.rack import VirtualRack

FULL = os.environ.get("HIL_FULL") == "1"
pytestmark = [
    pytest.mark.skipif(not FULL, reason="takes a quarter of an hour; with HIL_FULL=1"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc"),
    pytest.mark.timeout(7200),
]

#: Those on data from outside, which differ from the others in their data alone.
WITHOUT = ("keywords_speech_commands", "kws_dscnn_speech_commands", "mnist", "vowels_captures")
PARTS, MOMENTS, A_RUN, SEED = 5, 20, 14, 20261129  # so many parts with so many moments each
#: Enough to be killed in the middle of, few enough that a round is short.
SAMPLES = 6


@pytest.fixture(scope="module")
def rack(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory(prefix="hil-") as runtime:
        patched.setenv("HIL_RUNTIME_DIR", runtime)
        with VirtualRack(KINDS, tmp_path_factory.mktemp("rack") / "bench.yaml") as rack:
            yield rack


def test_all_shipped_plans_run_on_the_rack_and_no_unit_is_used_twice_at_once(rack, tmp_path):
    cases = all_plans(tmp_path, without=WITHOUT)
    began = time.monotonic()
    with Run(rack, tmp_path, "whole") as run:
        said = run.ended()
        check_free(run, rack)
        check_told(run, cases)
    records = run.records()
    print(
        said.splitlines()[-1],
        f"{len(cases)} cases of {len({case.partition('/')[0] for case in cases})} plans, {run.watch.looks} looks at the locks,"
        f" at most {run.watch.most} units in use at once, {len(run.watch.twice)} twice; {time.monotonic() - began:.0f} s",
        sep="\n",
    )
    assert run.watch.twice == []
    assert run.watch.most > 1
    assert {
        case: record.reasons for case, record in records.items() if record.verdict not in ("pass", "inconclusive")
    } == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_killed_nothing_hangs_and_nothing_is_left(rack, part, tmp_path):
    cases = all_plans(tmp_path, without=WITHOUT, short=True)
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
        killed = False
        with Run(rack, tmp_path, f"run{runs}", "--samples", SAMPLES) as run:
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
            run.ended()
            check_free(run, rack)
            if not killed:
                check_told(run, cases)
        for record in run.records().values():
            if not killed:
                # The product is good. What a short run cannot show is not shown.
                assert record.verdict in ("pass", "inconclusive", "error"), (record.case_id, record.reasons)
                assert len(record.tries) <= 1
            outcomes[record.verdict] = outcomes.get(record.verdict, 0) + 1
            flaky += bool(record.tries)
        twice += run.watch.twice
        looks += run.watch.looks
        most = max(most, run.watch.most)
    print(
        f"{runs} runs of {len(cases)} cases, killed {done}, cases {outcomes}, {flaky} had a second try; {looks} looks at the"
        f" locks, at most {most} units in use at once, {len(twice)} twice; {time.monotonic() - began:.0f} s"
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
            with Run(rack, tmp_path, "out", "--samples", 10, "test_poison.py") as run:
                said = run.ended()
                check_free(run, rack)
            assert re.search(r"16 passed, 1 error", said.splitlines()[-1]), said
            tried = (tmp_path / "tried").read_text().split()
            assert len(tried) == 2, said
            assert tried[0] != tried[1]


def test_sixty_four_units_are_flashed_and_run_a_case_each(tmp_path, monkeypatch):
    kinds, plans = dict.fromkeys(KINDS, 16), range(16)
    path = digits_plan(tmp_path)
    text = re.sub(r"(?m)^boards:.*$", f"boards: [{', '.join(kinds)}]", path.read_text())
    for n in plans:
        path.with_stem(f"digits{n}").write_text(re.sub(r"(?m)^name: digits$", f"name: digits{n}", text))
    path.unlink()
    with tempfile.TemporaryDirectory(prefix="hil-") as runtime:
        monkeypatch.setenv("HIL_RUNTIME_DIR", runtime)
        began = time.monotonic()
        with VirtualRack(kinds, tmp_path / "bench.yaml") as rack:
            up = time.monotonic()
            with Run(rack, tmp_path, "out", "--samples", 100) as run:
                said = run.ended()
                check_free(run, rack)
            check_told(run, {f"digits{n}/{kind}/digits_cnn_int8" for n in plans for kind in kinds})
            ended, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
            units = {record.unit.uid for record in run.records().values()}
    all_used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        said.splitlines()[-1],
        f"started in {up - began:.1f} s; run in {ended - up:.0f} s; {len(units)} units had work, at most {run.watch.most} at once",
        f"processor: pytest and its workers {_seconds(used):.0f} s, with the units {_seconds(all_used):.0f} s",
        sep="\n",
    )
    assert {record.verdict for record in run.records().values()} == {"pass"}
    assert all(record.firmware.flash_s for record in run.records().values())
    assert run.watch.twice == []


def _seconds(used):
    return used.ru_utime + used.ru_stime
