"""Who holds a unit, or waits for one: the readable records beside the locks. They are for people; nothing trusts them."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.bench import people
from harness.clock import Clock
from harness.disk.files import name_for
from harness.disk.folders import runtime_folder


@dataclass(frozen=True)
class Holder:
    """Who holds a unit, as it said itself. ``by`` is the person, ``reserved``: for its own processes, which use it in turn."""

    pid: int
    since: str
    what: str
    by: str = ""
    reserved: bool = False

    @property
    def alive(self) -> bool:
        """Whether there is such a process; it may be another one of the same number."""
        if sys.platform == "win32":
            return True  # a signal 0 would end it there
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            pass
        return True

    @property
    def stopped(self) -> bool:
        """Whether it was stopped (Ctrl-Z, a debugger) and does nothing until it is told to go on; False where that is not seen."""
        try:
            # Behind the name, which is in brackets and may have some of its own.
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] in ("T", "t")
        except (OSError, IndexError, UnicodeDecodeError):
            return False

    def describe(self) -> str:
        """For messages."""
        person = f" of {self.by}" if self.by else ""
        return (
            f"process {self.pid}{person} {'has reserved it ' if self.reserved else ''}since {self.since} ({self.what})"
        )


def me(what: str, clock: Clock, *, reserved: bool = False) -> Holder:
    """This process."""
    return Holder(os.getpid(), clock.now().isoformat(timespec="seconds"), what, people.me(), reserved)


def write(path: Path, holder: Holder) -> None:
    """``OSError`` when that fails."""
    path.write_text(json.dumps(asdict(holder)), encoding="utf-8")


def read(path: Path) -> Holder | None:
    """None when there is none, or none that can be understood."""
    try:
        found = Holder(**json.loads(path.read_text(encoding="utf-8")))
        return found if isinstance(found.pid, int) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def folder(name: str) -> Path:
    """A folder of the runtime folder, made if absent."""
    found = runtime_folder() / name
    found.mkdir(mode=0o700, exist_ok=True)
    return found


def file(name: str, uid: str, ending: str) -> Path:
    """The file of a unit in one of those folders: no two ids have the same."""
    return folder(name) / (name_for(uid) + ending)
