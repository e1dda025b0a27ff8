"""Who holds which unit, as the kernel says it: looked at from outside while runs go on. And which processes a run has left."""

import os
import threading
import time
from pathlib import Path


def processes_with(mark: bytes) -> dict[int, str]:
    """The processes that have ``mark`` (``NAME=value``) in their environment, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it ended while we looked, or is another user's
    return {pid: words for pid, words in found.items() if words}  # the dead that wait for their parent have none


def wait_for(what, within_s):
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while not (found := what()):
        if time.monotonic() > deadline:
            return found
        pause.wait(0.05)
    return found


class Watch:
    """Looks at the locks of units over and over: ``seen`` is how often each was held, ``twice`` where two processes held one.

    The kernel grants a lock on a file once; two processes can hold two files that had the same name one after the other. So
    the open files of every process are read, with those of which the kernel says that they are locked.
    """

    def __init__(self, runtime: Path, mark: bytes):
        self._folders = {kind: str(runtime / kind) + "/" for kind in ("leases", "reservations")}
        self._mark = mark
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen = {kind: {} for kind in self._folders}
        self.twice, self.looks, self.most = [], 0, 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._end.set()
        self._thread.join()

    def _run(self):
        pids, until = [], 0.0
        while not self._end.wait(0.03):
            if time.monotonic() > until:
                pids, until = list(processes_with(self._mark)), time.monotonic() + 0.5
            self._look(pids)

    def _look(self, pids):
        self.looks += 1
        locked = _locked()
        holders = {}
        for pid in pids:
            for name in self._held_by(pid, locked):
                holders.setdefault(name, []).append(pid)
        units = sum(kind == "leases" and not uid.startswith("reports-") for kind, uid in holders)
        self.most = max(self.most, units)
        for (kind, uid), found in holders.items():
            self.seen[kind][uid] = self.seen[kind].get(uid, 0) + 1
            if len(found) > 1:
                # One may have given it to the other while we looked: not, if both have it still.
                again = [pid for pid in found if (kind, uid) in self._held_by(pid, _locked())]
                if len(again) > 1:
                    self.twice.append((kind, uid, again))

    def _held_by(self, pid, locked):
        found = set()
        folder = Path(f"/proc/{pid}/fd")
        try:
            for fd in folder.iterdir():
                target = str(fd.readlink())
                for kind, start in self._folders.items():
                    # A file that is deleted is given back already: its name goes before its lock.
                    if (
                        target.startswith(start)
                        and target.endswith(".lock")
                        and (pid, Path(target).stat().st_ino) in locked
                    ):
                        found.add((kind, target.removeprefix(start).removesuffix(".lock")))
        except OSError:
            pass  # it has ended, or has closed it
        return found


def _locked():
    """(process, inode) of every POSIX lock that is held."""
    found = set()
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if "->" not in words and words[1] == "POSIX":
            found.add((int(words[4]), int(words[5].rpartition(":")[2])))
    return found
