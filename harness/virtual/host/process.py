"""A unit as a process of its own: the command line that runs one, and the handle that starts and ends one.

A unit ends, with its files removed, when its owner closes it, when its standard input ends (``--watch-stdin``), when
the owner's process ends in whatever way (``--owner``), or on SIGTERM, SIGINT or SIGHUP. The parent-death signal of
Linux is not used: it fires when the *thread* that started the process ends.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any, TypeVar

from harness.errors import BenchError, HilError
from harness.virtual import soc
from harness.virtual.debug import registry
from harness.virtual.host.served import Signals, listening, owner_fds

_KILL_AFTER_S = 2.0


def main(arguments: list[str] | None = None) -> int:
    """Run one unit until it is told to end. Exit status: 0 ended as asked, 2 could not start."""
    parser = argparse.ArgumentParser(prog="python -m harness.virtual", description="Run one virtual unit.")
    parser.add_argument("--soc", choices=soc.names(), default="stm32f446re")
    parser.add_argument("--uid", help="the probe's unique id (default: a random one)")
    parser.add_argument("--board-name", default="nucleo_f446re")
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input ends")
    parser.add_argument("--owner", type=int, help="end when this process ends")
    parser.add_argument(
        "--flash-fd", type=int, help="a file that keeps the flash's content; RAM comes up as it likes then"
    )
    options = parser.parse_args(arguments)
    owner = owner_fds(options.owner)
    if owner is None:
        return 0
    stop_on_eof = [*([0] if options.watch_stdin else []), *owner]
    uid = options.uid or new_uid()
    try:
        registry.check_uid(uid)
        _serve(options.soc, uid, options.board_name, stop_on_eof, options.flash_fd)
    except HilError as error:
        print(f"unit {uid}: {error}", file=sys.stderr)
        return 2
    except Exception as error:  # noqa: BLE001 - the last words of this process, for whoever started it
        import traceback

        traceback.print_exc()
        print(f"unit {uid}: {error}", file=sys.stderr)
        return 2
    return 0


def _serve(chip_name: str, uid: str, board_name: str, stop_on_eof: list[int], flash_fd: int | None) -> None:
    from harness.virtual.debug.lifetime import Lifetime
    from harness.virtual.host.unit import Unit

    target, chip = soc.build(chip_name, uid, flash_fd)
    if registry.find(uid) is not None:
        raise BenchError("a virtual unit with this id is running already", found=uid, next_step="choose another --uid")
    signals = Signals()
    with listening(uid) as listener:
        unit = Unit(chip, listener, [*stop_on_eof, signals.fd], Lifetime(registry.lifetime_path(uid)))
        try:
            signals.end(unit)
            if flash_fd is not None:
                unit.forget_memory()
            pid = os.getpid()
            entry = registry.UnitEntry(
                uid=uid, pid=pid, born=registry.born(pid) or "?", soc=chip_name, board_name=board_name, target=target,
                port=unit.port.path, socket=str(registry.socket_path(uid)),
            )  # fmt: skip
            registry.publish(entry)
            ready = {"uid": uid, "pid": pid, "port": entry.port, "socket": entry.socket}
            print(json.dumps(ready), flush=True)
            unit.serve()
        finally:
            registry.withdraw(uid)
            unit.close()


def new_uid() -> str:
    """A random unit id that looks like one of ours."""
    return f"virtual-{secrets.token_hex(6)}"


class RunningUnit:
    """A unit started by this process. ``close`` ends it; so does the end of this process, however it comes."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes], ready: dict[str, Any]) -> None:
        self._process, self._errors = process, errors
        self._epitaph = ""
        self.uid: str = ready["uid"]
        self.pid: int = ready["pid"]
        self.port: str = ready["port"]
        self.socket: str = ready["socket"]

    def __enter__(self) -> RunningUnit:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def ended(self, within_s: float) -> bool:
        """Whether the process has ended, or ends so soon: its files close some time before its end can be seen."""
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def why_dead(self) -> str:
        """How it ended and the end of what it said to standard error; "" while it runs."""
        if not self._epitaph and not self.alive:
            self._epitaph = _epitaph(self._process.returncode, self._errors)
        return self._epitaph

    def close(self) -> None:
        """End the unit and wait until it is gone. Harmless when repeated."""
        if self._errors.closed:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        _end(self._process)
        assert self.why_dead
        _release(self._process, self._errors)
        registry.withdraw(self.uid)  # in case it was killed and could not do so itself


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_KILL_AFTER_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _release(process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    for stream in (process.stdin, process.stdout, errors):
        if stream is not None:
            stream.close()


def _epitaph(status: int | None, errors: IO[bytes]) -> str:
    errors.seek(0)
    said = errors.read()[-4000:].decode(errors="replace").strip()
    how = f"killed by signal {-status}" if status is not None and status < 0 else f"exit status {status}"
    return f"{how}\n{said}" if said else how


_Kind = TypeVar("_Kind", bound=RunningUnit)


def start(
    soc: str, *, uid: str | None = None, board_name: str, timeout_s: float = 10.0, flash_fd: int | None = None
) -> RunningUnit:
    """Start a unit and wait until its probe and its port are there.

    ``uid`` defaults to a random one. ``flash_fd`` is a file of the caller's that keeps the flash's content from one power-on
    to the next (empty: an erased flash). ``BenchError`` if the unit does not come up within ``timeout_s``; nothing is left behind
    then.
    """
    uid = registry.check_uid(uid or new_uid())
    registry.socket_path(uid)  # a runtime folder that cannot be used is told here, not by a process that dies of it
    command = [sys.executable, "-m", "harness.virtual", "--soc", soc, "--uid", uid, "--board-name", board_name]
    command += ["--watch-stdin", "--owner", str(os.getpid())]
    handed = () if flash_fd is None else (flash_fd,)
    command += [part for fd in handed for part in ("--flash-fd", str(fd))]
    where = f"{soc}, unit {uid}"
    return spawn(command, RunningUnit, what="virtual unit", where=where, timeout_s=timeout_s, pass_fds=handed)


def spawn(
    command: list[str], kind: type[_Kind], *, what: str, where: str, timeout_s: float, pass_fds: tuple[int, ...] = ()
) -> _Kind:
    """Start a process that serves a unit and says where in its first line. ``BenchError`` if that line does not come."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the unit
    # A session of its own: Ctrl-C at the terminal must reach the owner alone, which then ends the unit in order.
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
        pass_fds=pass_fds,
        env=os.environ | {"PYTHONPATH": path},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    line = _first_line(process.stdout.fileno(), timeout_s)
    try:
        return kind(process, errors, json.loads(line))
    except (ValueError, KeyError):
        process.stdin.close()
        _end(process)
        found = _epitaph(process.returncode, errors)
        _release(process, errors)
        raise BenchError(
            f"the {what} did not come up",
            where=where,
            found=found,
            expected=f"ready within {timeout_s:g} s",
        ) from None


def _first_line(fd: int, timeout_s: float) -> bytes:
    """What the process says first, or what it said until it ended or the time was over."""
    deadline, line = time.monotonic() + timeout_s, b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            break
        part = os.read(fd, 4096)
        if not part:
            break
        line += part
    return line
