"""A case while it runs: followed by a page's events, through a real server, from another process than the one that runs it."""

import json
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import httpx
import pytest
from run_cases import digits_case

from harness.evidence.reports import _words
from harness.records import Verdict
from harness.run import underway
from harness.run.options import RunOptions
from harness.run.runner import run_case
from harness.run.underway import LinkNow, Underway
from harness.web.live import told

AT = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)


def state(**changed):
    fields = {
        "run_id": "r",
        "case_id": "p/b/m",
        "board": "b",
        "backend": "virtual",
        "process": 1,
        "started": AT,
        "told": AT,
    }
    return Underway(**fields | changed)


def events(lines):
    """(name, content) of each event of a stream of lines."""
    name = ""
    for line in lines:
        kind, _, content = line.partition(": ")
        if kind == "event":
            name = content
        elif kind == "data":
            yield name, json.loads(content)


def test_what_is_not_known_yet_is_empty():
    texts = told(state(step="build"))
    assert {name for name, text in texts.items() if text} == {"step"}


def test_a_stream_is_told_with_its_interval_and_the_time_left():
    link = LinkNow(baud=921600, bytes_tx=45_210, bytes_rx=9_733, frames_bad=1, resent=2, stalls=0, resets=0)
    texts = told(state(step="stream", answered=120, total=450, right=117, judged=120, streamed_s=60.0, link=link))
    assert texts["answered"] == "120 of 450"
    assert texts["accuracy"] == "97.50 %"
    assert texts["interval"] == "92.91 to 99.15 %", "Wilson's, as accuracy has it in the record"
    assert (texts["rate"], texts["left"]) == ("2.0 /s", "2 min 45 s")
    assert (texts["baud"], texts["sent"], texts["received"], texts["bad"]) == ("921,600", "45 kB", "9,733 B", "1")


@pytest.mark.parametrize(
    ("left", "words"), [(0.2, "0 s"), (59.6, "1 min 00 s"), (3599, "59 min 59 s"), (7300, "2 h 01 min")]
)
def test_a_time_is_told_as_people_read_it(left, words):
    texts = told(state(step="stream", answered=1, total=2, streamed_s=left))
    assert texts["left"] == words


def test_after_the_end_no_time_is_left():
    texts = told(state(answered=2, total=2, streamed_s=9.0, ended=True, verdict=Verdict.FAIL))
    assert (texts["step"], texts["verdict"], texts["left"]) == ("ended", "fail", "")


def test_a_case_that_nobody_tells_of_cannot_be_followed(client):
    for run_id in ("nothing", "..%2fx", "x" * 99):
        assert client.get(f"/live/{run_id}").status_code == 404
        assert client.get(f"/live/{run_id}/events").status_code == 404


@pytest.fixture
def server(tmp_path):
    """The address of `hil serve` in a process of its own."""
    command = [sys.executable, "-m", "harness", "serve", "--port", "0", "--reports", str(tmp_path / "hil-reports")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        yield process.stdout.readline().split()[-1]
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
        assert "Traceback" not in said, said
        assert process.wait() == 128 + signal.SIGINT


def test_a_real_run_is_followed_to_its_end_by_another_process(server):
    seen, first, benches = [], threading.Event(), []

    def follow(run_id):
        with httpx.stream("GET", f"{server}live/{run_id}/events", timeout=120) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for event in events(answer.iter_lines()):
                seen.append(event)
                first.set()

    followers = []

    def watch(step):
        if step.name == "stream" and step.share >= 0.5 and not followers:
            (run_id,) = [case.run_id for case in underway.cases() if not case.ended]
            followers.append(threading.Thread(target=follow, args=[run_id]))
            followers[0].start()
            assert first.wait(120), "the run waits here until it was seen in the middle of its stream"
            benches.append(httpx.get(f"{server}bench", timeout=60).text)

    record = run_case(
        digits_case(samples=30), RunOptions.make(backend="virtual", bench=None, uid=None), watch=watch
    ).record
    followers[0].join()
    assert [name for name, _ in seen] == ["state"] * (len(seen) - 1) + ["end"]
    begun, ended = seen[0][1], seen[-2][1]
    assert (begun["step"], begun["unit"]) == ("stream", record.unit.uid)
    assert begun["answered"].endswith(" of 30")
    (bench,) = benches
    assert bench.count("in use</strong>") == 1
    assert record.unit.uid.replace("-", "") in bench.replace("<wbr>", "").replace("-", "")
    assert f'href="/live/{record.run_id}"' in bench
    accuracy = record.measurement("accuracy")
    assert (ended["step"], ended["answered"], ended["accuracy"]) == (
        "ended",
        "30 of 30",
        _words.figure(accuracy.value, "ratio"),
    )
    assert ended["interval"] == _words.interval(accuracy)
    assert seen[-1] == ("end", {"verdict": record.verdict.value})
    page = httpx.get(f"{server}live/{record.run_id}", timeout=60).text
    assert f'{record.verdict.value}. <a href="/runs/{record.run_id}">' in page
