"""One Renode process: started, watched, ended. Everything it writes lies in one private folder that goes with it."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from harness.offspring import with_parent
from harness.renode.console import Console, CoreAborted, NoAnswer
from harness.renode.log import LogTail, scan

BOOT_TIMEOUT_S = 60.0
FOLDER = "hil-renode-"
_SETTLE_TIMEOUT_S = 2.0
_LOCK = "lock"
_NEW_S = 30.0  # a folder is made before it is locked
#: --disable-gui is its other name from 1.15 on; the old one is known to all. With --console and without a port there is no
#: listener; without --console, or when standard input ends, its shell would read an empty input for ever.
_ARGUMENTS = ("--disable-xwt", "--plain", "--console", "--hide-log")
#: Repeated log lines must not be folded: they are counted. Without its thread for the log a line is in the file before what
#: follows it happens; and that thread can be lost, then everything stands still behind ten thousand lines (seen on 1.16.1).
_CONFIG = "[general]\ncollapse-repeated-log-entries = False\nuse-synchronous-logging = True\n"
_WARNINGS = 2  # and errors: each step would bring two lines more


class Launched:
    """A running Renode and the way to its monitor. A context manager; ``close`` kills it."""

    def __init__(self, folder: Path, lock: int, process: subprocess.Popen[bytes], log: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.folder = folder
        self.console = Console(process.stdin.fileno(), process.stdout.fileno())
        self._lock = lock
        self._process = process
        self._tail = LogTail(log)
        self._lines: list[str] = []

    @property
    def group(self) -> int:
        """The process group of Renode and its children."""
        return self._process.pid

    @property
    def log_lines(self) -> list[str]:
        """The log so far."""
        self._lines += self._tail.new_lines()
        return self._lines

    def do(self, command: str, timeout_s: float = BOOT_TIMEOUT_S) -> str:
        """A monitor command, as ``Console.execute``."""
        try:
            return self.console.execute(command, timeout_s, self.watch)
        except NoAnswer:
            self._watch_dropped()
            raise

    def watch(self) -> None:
        """``CoreAborted`` or ``NoAnswer`` when the log or the process says that waiting is in vain."""
        fresh = self._tail.new_lines()
        self._lines += fresh
        aborts = scan(fresh).aborts
        if aborts:
            raise CoreAborted(
                "the emulated core aborted: the firmware jumped to where no code is",
                where="Renode's log",
                found=" | ".join(aborts[:3]),
                next_step="look the pc up in the ELF; a chip would have ended in its fault handler",
            )
        if self._process.poll() is not None:
            raise NoAnswer("Renode has ended", found=self.last_words())

    def _watch_dropped(self) -> None:
        """``watch``, after the way to the monitor broke off: a process loses its pipes some time before its end can be seen
        and its last lines can be read, so a look at once may come too early to tell that it has ended."""
        try:
            self._process.wait(_SETTLE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            pass
        self.watch()

    def last_words(self) -> str:
        """How it ended and the end of its log."""
        status = self._process.poll()
        how = (
            f"killed by {signal.Signals(-status).name}"
            if status is not None and status < 0
            else f"exit status {status}"
        )
        lines = [line for line in self.log_lines if line.strip()][-4:]
        return how + (": " + " | ".join(lines) if lines else ", without a word")

    def close(self) -> None:
        """End it and its children, and remove its folder. At once: it keeps nothing, and often stays after its `quit`."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def __enter__(self) -> Launched:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def launch(renode: Path) -> Launched:
    """Start Renode and wait until its monitor answers. ``NoAnswer`` with its last words when it does not come up.

    Folders of earlier ones whose owner was killed are removed.
    """
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=FOLDER))
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (folder / "config").write_text(_CONFIG)
    log = folder / "renode.log"
    try:
        process = _start([str(renode), *_ARGUMENTS, "--config", str(folder / "config")], folder)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        raise NoAnswer("Renode cannot be started", where=str(renode), found=error) from error
    launched = Launched(folder, lock, process, log)
    try:
        launched.console.greet(BOOT_TIMEOUT_S, launched.watch)
        launched.do(f"logFile @{log} true")
        launched.do(f"logLevel {_WARNINGS}")
    except BaseException:
        launched.close()
        raise
    return launched


def sweep() -> None:
    """Remove the folders of processes that are gone: whoever uses one holds its lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        try:
            if time.time() - folder.stat().st_mtime < _NEW_S:
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            pass  # in use, or somebody else's
        finally:
            os.close(lock)


def _start(arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    # Renode leaves folders in TMPDIR when it is killed. A session of its own makes one group of it and its runtime.
    return subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"TMPDIR": str(folder)},
        start_new_session=True,
        # This process has one thread, so the signal means its end: Renode must not outlive it, however it ends.
        preexec_fn=with_parent(),  # noqa: PLW1509
    )
