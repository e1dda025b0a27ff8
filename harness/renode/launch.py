"""One Renode process: started, watched, ended. Everything it writes lies in one private folder that goes with it."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from harness.errors import MisuseError
from harness.renode import isolate
from harness.renode.console import ConsoleMonitor
from harness.renode.log import LogTail, scan
from harness.renode.monitor import CoreAborted, Monitor, NoAnswer
from harness.renode.robot import RobotMonitor

CONTROL = "HIL_RENODE_CONTROL"
BOOT_TIMEOUT_S = 60.0
_END_TIMEOUT_S = 5.0
_SETTLE_TIMEOUT_S = 2.0
_PAUSE_S = 0.05
_PR_SET_PDEATHSIG = 1
_COMMON = ("--disable-xwt", "--plain")  # --disable-gui is its other name from 1.15 on; the old one is known to all
#: Repeated log lines must not be folded: they are counted.
_CONFIG = "[general]\ncollapse-repeated-log-entries = False\n"


class Launched:
    """A running Renode and the way to its monitor. A context manager; ``close`` kills what does not end by itself."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], log: Path, streams: list[IO[bytes]]) -> None:
        self.folder = folder
        self._process = process
        self._streams = streams
        self._tail = LogTail(log)
        self._lines: list[str] = []
        self.monitor: Monitor | None = None

    @property
    def group(self) -> int:
        """The process group of Renode and its children."""
        return self._process.pid

    @property
    def log_lines(self) -> list[str]:
        """The log so far. Renode logs asynchronously: it is complete only after the process has ended."""
        self._lines += self._tail.new_lines()
        return self._lines

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

    def watch_dropped(self) -> None:
        """``watch``, after the way to the monitor broke off: a process loses its sockets and pipes some time before its end
        can be seen and its last lines can be read, so a look at once may come too early to tell that it has ended."""
        try:
            self._process.wait(_SETTLE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            pass
        self.watch()

    def last_words(self) -> str:
        """How it ended and the end of its log."""
        status = self._process.poll()
        lines = [line for line in self.log_lines if line.strip()][-4:]
        return f"exit status {status}" + (": " + " | ".join(lines) if lines else ", without a word")

    def kill(self) -> None:
        """End it and its children at once."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait()

    def close(self) -> None:
        """Ask it to end, kill it if it does not (1.16.1 stays now and then), remove its folder."""
        if self.monitor is not None and self._process.poll() is None:
            self.monitor.quit()
            try:
                self._process.wait(_END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                pass
        self.kill()
        for stream in self._streams:
            stream.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Launched:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def launch(renode: Path, control: str | None = None) -> Launched:
    """Start Renode and wait until its monitor answers. ``NoAnswer`` with its last words when it does not come up.

    ``control`` (default: the environment's ``HIL_RENODE_CONTROL``): ``robot``, ``console``, or empty for the first that is
    safe here. ``robot`` puts *this process* into a network namespace.
    """
    control = os.environ.get(CONTROL, "") if control is None else control
    if control not in ("", "robot", "console"):
        raise MisuseError(f"{CONTROL} is neither robot nor console", found=control)
    how = None
    if control != "console":
        try:
            how = isolate.enter()
        except OSError as error:
            if control == "robot":
                raise NoAnswer(
                    "Renode's control server would be open to the network, so it was not started",
                    expected="a network namespace",
                    found=error,
                    next_step=f"unset {CONTROL}: Renode is then driven over pipes",
                ) from error
    folder = Path(tempfile.mkdtemp(prefix="hil-renode-"))
    (folder / "config").write_text(_CONFIG)
    launched = _console(renode, folder) if how is None else _robot(renode, folder, how)
    return launched


def _start(arguments: list[str], folder: Path, out: int | IO[bytes], standard_input: int) -> subprocess.Popen[bytes]:
    # Renode leaves folders in TMPDIR when it is killed. A session of its own makes one group of it and its runtime.
    return subprocess.Popen(
        arguments,
        stdin=standard_input,
        stdout=out,
        stderr=subprocess.STDOUT,
        env=os.environ | {"TMPDIR": str(folder)},
        start_new_session=True,
        # This process has one thread, so the signal means its end: Renode must not outlive it, however it ends.
        preexec_fn=_die_with_parent if sys.platform.startswith("linux") else None,  # noqa: PLW1509
    )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _robot(renode: Path, folder: Path, how: str) -> Launched:
    with socket.socket() as any_socket:  # in our own namespace nobody can take the port in between
        any_socket.bind(("127.0.0.1", 0))
        port = any_socket.getsockname()[1]
    log = folder / "renode.log"
    out = log.open("wb")
    arguments = [str(renode), *_COMMON, "--config", str(folder / "config"), "--robot-server-port", str(port)]
    launched = Launched(folder, _start(arguments, folder, out, subprocess.DEVNULL), log, [out])
    monitor = RobotMonitor(port, f"its control server {how}")
    try:
        deadline_s = time.monotonic() + BOOT_TIMEOUT_S
        # A stale instance may answer as well: the line in our own log tells that it is ours.
        while not (any(f"listening on port {port}" in line for line in launched.log_lines) and monitor.ready()):
            launched.watch()
            if time.monotonic() > deadline_s:
                raise NoAnswer(
                    "Renode does not come up",
                    expected=f"ready within {BOOT_TIMEOUT_S:g} s",
                    found=launched.last_words(),
                )
            time.sleep(_PAUSE_S)
    except BaseException:
        launched.close()
        raise
    launched.monitor = monitor
    return launched


def _console(renode: Path, folder: Path) -> Launched:
    log = folder / "renode.log"
    arguments = [str(renode), *_COMMON, "--console", "--hide-log", "--config", str(folder / "config")]
    process = _start(arguments, folder, subprocess.PIPE, subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    launched = Launched(folder, process, log, [process.stdin, process.stdout])
    monitor = ConsoleMonitor(process.stdin.fileno(), process.stdout.fileno())
    try:
        monitor.greet(BOOT_TIMEOUT_S, launched.watch)
        monitor.execute(f"logFile @{log} true", BOOT_TIMEOUT_S, launched.watch)
    except BaseException:
        launched.close()
        raise
    launched.monitor = monitor
    return launched
