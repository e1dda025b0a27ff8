"""Processes that lease, wait and die, cheap enough for a hundred: forked by one program that has imported what they need.

``python lease_processes.py WHAT ARGUMENTS`` is that program; it prints what it saw as JSON.
"""

import fcntl
import itertools
import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

from harness.bench import lease, queue

UNITS = ("unit-0", "unit-1", "unit-2")
_HANG_S = 120.0


def forked(work):
    """The id of a child that does ``work`` and ends with status 0, or 1 after an exception."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - it goes no further: a fork must not come back
            traceback.print_exc()
        finally:
            os._exit(status)
    return pid


def wait_for(true, within_s=_HANG_S):
    """Poll; whether it became true."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def until(true, what):
    """``SystemExit`` when it does not become true."""
    if not wait_for(true):
        sys.exit(f"hangs: {what}")


def in_order(n, folder):
    """``n`` waiters for one unit that come one after another; who got it, in which order."""
    served = Path(folder) / "served"

    def wait(me):
        with lease.acquire("unit", what=f"waiter {me}", wait_s=_HANG_S), served.open("a") as file:
            file.write(f"{me}\n")

    held = lease.acquire("unit", what="all of them wait")
    children = []
    for me in range(n):
        children.append(forked(lambda me=me: (forget(), wait(me))))
        until(lambda me=me: len(queue.waiting("unit")) == me + 1, f"waiter {me} does not stand in the queue")
    before = sum(os.times()[2:4])
    held.release()
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return {
        "served": [int(line) for line in served.read_text().split()],
        "statuses": sorted(set(statuses)),
        "cpu_s": round(sum(os.times()[2:4]) - before, 2),
    }


def forget():
    """A forked child does not have its parent's locks, though this process's table says so: a new program would not."""
    from harness.disk import locks

    locks._ours.clear()


class Witness:
    """Files of our own that whoever has a unit locks too: the kernel says whether two have it.

    A killed process loses its locks one after another, in the order of its descriptors. So these are opened before the unit's:
    with one that goes later (an ``flock`` always does) the next holder would meet the dead one, in two of a hundred kills.
    """

    def __init__(self, folder):
        self._folder = Path(folder)
        self._files = {uid: (self._folder / uid).open("a") for uid in UNITS}

    def use(self, uid, how_long_s):
        """Use the unit for a while; a line in ``violations`` when somebody else does."""
        file = self._files[uid]
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._tell("violations", f"{os.getpid()} used {uid}, and so did another")
        time.sleep(how_long_s)
        self._tell("uses", uid)
        fcntl.lockf(file, fcntl.LOCK_UN)

    def _tell(self, name, line):
        with (self._folder / name).open("a") as told:
            told.write(f"{line}\n")


def stress(seed, kills, folder):
    """Twelve processes that take units in every way there is, one of them killed at a time; what was seen from outside."""
    chance = random.Random(seed)
    reading, writing = os.pipe()  # whoever lives has it
    witness = Witness(folder)

    def holder(rng):
        while True:
            with lease.acquire(rng.choice(UNITS), what="one", wait_s=_HANG_S) as held:
                witness.use(held.uid, rng.uniform(0, 0.01))

    def any_holder(rng):
        while True:
            with lease.acquire_any(UNITS, what="any", wait_s=_HANG_S) as held:
                witness.use(held.uid, rng.uniform(0, 0.01))

    def controller(rng):
        while True:
            with lease.reserve(rng.choice(UNITS), what="a controller", wait_s=_HANG_S) as kept:
                os.environ.update(lease.environment())
                worker = forked(lambda uid=kept.uid: (forget(), worked(uid, rng)))
                os.waitpid(worker, 0)

    def worked(uid, rng):
        # Killed with its controller or not: an orphan goes on, as one that is in the middle of a case does.
        for _ in range(5):
            with lease.acquire(uid, what="a worker", wait_s=_HANG_S):
                witness.use(uid, rng.uniform(0, 0.02))

    kinds = [holder, any_holder, controller] * 4
    running = {}
    numbers = itertools.count()

    def begin(kind):
        rng = random.Random(f"{seed} {next(numbers)}")
        running[forked(lambda: kind(rng))] = kind

    for kind in kinds:
        begin(kind)
    uses = Path(folder) / "uses"
    n_uses = lambda: uses.read_bytes().count(b"\n") if uses.exists() else 0  # noqa: E731
    for number in range(kills):
        time.sleep(chance.uniform(0, 0.06))
        victim = chance.choice(sorted(running, key=lambda pid: list(running).index(pid)))
        how = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP])
        os.kill(victim, how)
        if how == signal.SIGSTOP:
            time.sleep(0.02)
            os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        begin(running.pop(victim))
        if number % 10 == 9:
            before = n_uses()
            until(lambda before=before: n_uses() >= before + 6, f"nothing goes on after {number + 1} kills")
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os.close(writing)
    os.read(reading, 1)  # all orphans have done their cases: nobody has the other end
    for uid in UNITS:
        lease.acquire(uid, what="the end").release()
    lease.acquire("another", what="sweeps").release()
    violations = Path(folder) / "violations"
    runtime = Path(os.environ["HIL_RUNTIME_DIR"])
    return {
        "violations": violations.read_text() if violations.exists() else "",
        "uses": len(uses.read_text().split()),
        "left": sorted(str(path.relative_to(runtime)) for path in runtime.rglob("*") if path.is_file()),
    }


if __name__ == "__main__":
    doing = {"in_order": lambda n, folder: in_order(int(n), folder)}
    doing["stress"] = lambda seed, kills, folder: stress(int(seed), int(kills), folder)
    os.setpgrp()
    try:
        print(json.dumps(doing[sys.argv[1]](*sys.argv[2:])))
    finally:
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)  # what is left of what it forked
