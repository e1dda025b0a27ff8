"""A program in place of `hil run`: for each case it does what a script says, in no time, and notes that it was called.

usage: scripted_hil.py SCRIPT run FILE --board B --model M ... --report-dir DIR
SCRIPT is JSON: {"cases": {id or "*": [what, ...]}, "record": text of a record.json, "starts": file}; the n-th call of a case does
the n-th of its list, later ones the last. What: a verdict; hang, stubborn, die, mistake, nothing.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

script = json.loads(Path(sys.argv[1]).read_text())
words = sys.argv[2:]


def option(name, default=""):
    return words[words.index(name) + 1] if name in words else default


def journal(folder, case):
    import zlib

    folder.mkdir(parents=True, exist_ok=True)
    head = {"schema": "hil.journal/1", "run": "broken", "started": "2026-01-01T00:00:00+00:00", "bound": {"case": case}}
    unit = {"unit": option("--device-serial"), "chip": ""}
    answer = {"i": 0, "status": 0, "cycles": 1, "crc": 0, "sent": 0, "out": "00", "t": 0.1}
    lines = [json.dumps(line).encode() for line in (head, unit, answer)]
    (folder / "journal.jsonl").write_bytes(b"".join(b"%08x %s\n" % (zlib.crc32(line), line) for line in lines))


def ready(case):
    """It heeds, or does not heed, what it is told from now on."""
    with Path(script["starts"]).with_suffix(".ready").open("a") as file:
        file.write(f"{case}\n")


def wait_for_ever(until=lambda: False):
    parent = os.getppid()
    while os.getppid() == parent and not until():
        time.sleep(0.02)


if words[0] == "rack":  # a health check: it takes a moment and changes nothing
    with Path(script["starts"]).open("a") as file:
        file.write(f"{time.time()} check {words[-1]} {os.getpid()} \n")
    sys.exit(0)

plan, board, model = Path(words[1]).stem, option("--board"), option("--model")
case = f"{plan}/{board}/{model}"
folder = Path(option("--report-dir")) / plan / board / model
starts = Path(script["starts"])
calls = sum(line.split()[1] == case for line in starts.read_text().splitlines()) if starts.exists() else 0
with starts.open("a") as file:
    file.write(f"{time.time()} {case} {option('--device-serial', '-')} {os.getpid()} {option('--resume')}\n")
todo = script["cases"].get(case, script["cases"].get("*", ["pass"]))
what = todo[min(calls, len(todo) - 1)]
if what == "die":
    os.kill(os.getpid(), signal.SIGKILL)
if what == "mistake":
    print("hil: something else\nhil: the plan is wrong\n  where:    plan.yaml:3")
    sys.exit(3)
if what == "nothing":
    print("a last word")
    sys.exit(5)
if what == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready(case)
    wait_for_ever()
if what == "hang":
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    journal(folder, case)
    ready(case)
    wait_for_ever(lambda: asked)
    sys.exit(143)
if script.get("gate"):  # all of them run until the gate is there
    wait_for_ever(Path(script["gate"]).exists)
folder.mkdir(parents=True, exist_ok=True)
text = script["record"]
for name, value in {
    "RUN_ID": f"{os.getpid():06x}{calls}",
    "CASE_ID": case,
    "PLAN": plan,
    "BOARD": board,
    "MODEL": model,
    "VERDICT": what,
}.items():
    text = text.replace(f"@{name}@", value)
(folder / "report.html").write_text("a page")
(folder / "record.json").write_text(text)
sys.exit({"pass": 0, "fail": 1, "error": 2, "inconclusive": 4}[what])
