"""One QEMU process: started, watched, ended.

It is reached over socket pairs that it inherits: nothing listens anywhere, and there is no file to sweep.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from harness.errors import HilError
from harness.offspring import with_parent
from harness.qemu import feeder
from harness.qemu.gdb import Stub, StubGone
from harness.qemu.machines import Kind

_END_TIMEOUT_S = 5.0
_SETTLE_TIMEOUT_S = 5.0
#: The STM32L4's serial port takes one byte, and nothing tells QEMU's main loop that the firmware has read it: without the
#: feeder the next byte waits until the loop comes round, up to half a second. When instructions are counted, the virtual clock
#: is set anew each time that the core goes to sleep, and that wakes the loop. One instruction is 2^4 ns: what its time means is
#: no matter here.
_ICOUNT = ("-icount", "shift=4")
#: What QEMU says before it aborts because the core cannot go on: a fault for which no handler is left.
_LOCKUP = "Lockup"
_WIRE = "wire"  # QEMU's name for the other end of the board's serial port


class QemuEnded(HilError):
    """QEMU is gone: the rig."""


class CoreLockedUp(HilError):
    """QEMU has ended because the firmware made going on impossible."""


@dataclass
class Launched:
    """A running QEMU whose core is held before its first instruction. A context manager."""

    process: subprocess.Popen[bytes]
    stub: Stub
    from_board: socket.socket  # what the serial port sends
    to_board: socket.socket  # the same socket, or the feeder's
    said: IO[bytes]

    @property
    def fed(self) -> bool:
        """Whether the feeder hands bytes over."""
        return self.to_board is not self.from_board

    def check(self) -> None:
        """``CoreLockedUp`` or ``QemuEnded`` when the process is gone."""
        if self.process.poll() is not None:
            self.raise_ended()

    def raise_ended(self) -> None:
        """The same for a process that hung up: it may take a moment until its end can be seen."""
        try:
            status: object = self.process.wait(_SETTLE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            status = "it still runs"
        self.said.seek(0)
        lines = [line for line in self.said.read().decode(errors="replace").splitlines() if line.strip()]
        fatal = next((line for line in lines if _LOCKUP in line), None)
        if fatal is not None:
            raise CoreLockedUp(
                "the emulated core locked up: a fault where no handler could run (a blank flash, a fault inside a fault handler)",
                where="QEMU's last words",
                found=" | ".join([fatal, *_registers(lines)]),
                next_step="look the pc (R15) up in the ELF",
            )
        raise QemuEnded(
            "QEMU has ended", found=f"exit status {status}" + (": " + " | ".join(lines[-3:]) if lines else "")
        )

    def close(self) -> None:
        """Ask it to end, kill it if it does not."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)  # with a script that may have started it
            except ProcessLookupError:
                pass
            try:
                self.process.wait(_END_TIMEOUT_S)
                break
            except subprocess.TimeoutExpired:
                continue
        self.stub.close()
        self.from_board.close()
        self.to_board.close()
        self.said.close()

    def __enter__(self) -> Launched:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def launch(program: Path, machine: str, kind: Kind, port: str, vectors: int, plugin: Path | None) -> Launched:
    """Start QEMU with the board's serial port ``port``, its vectors at ``vectors``, and the feeder if there is one.

    A feeder that this QEMU does not take is left out. ``QemuEnded`` with its last words when it does not come up.
    """
    if plugin is not None:
        try:
            return _launched(program, machine, kind, port, vectors, plugin)
        except QemuEnded:
            pass  # without it the same end is told, if it is another's fault
    return _launched(program, machine, kind, port, vectors, None)


def _launched(program: Path, machine: str, kind: Kind, port: str, vectors: int, plugin: Path | None) -> Launched:
    arguments = [str(program), "-M", machine, "-nodefaults", "-no-user-config", "-display", "none", "-S"]
    with ExitStack() as theirs:
        handed: list[int] = []

        def pair() -> socket.socket:
            ours, other = socket.socketpair()
            theirs.enter_context(other)
            handed.append(other.fileno())
            return ours

        def chardev(name: str) -> socket.socket:
            ours = pair()
            arguments.extend(["-chardev", f"socket,id={name},fd={handed[-1]}"])
            return ours

        stub, wire = chardev("gdb"), chardev(_WIRE)
        arguments += ["-gdb", "chardev:gdb", "-monitor", "none"]
        for name in kind.ports:
            arguments += ["-serial", f"chardev:{_WIRE}" if name == port else "none"]
        to_board = wire
        if plugin is None:
            arguments += _ICOUNT
        else:
            to_board = pair()
            arguments += feeder.arguments(plugin, handed[-1], _WIRE, kind.ports[port], vectors)
        said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            pass_fds=handed,
            start_new_session=True,  # the terminal's Ctrl-C is the owner's
            # This process has one thread, so the signal means its end: QEMU must not outlive it, however it ends.
            preexec_fn=with_parent(),  # noqa: PLW1509
        )
    launched = Launched(process, Stub(stub), wire, to_board, said)
    try:
        launched.stub.greet()
    except StubGone:
        try:
            launched.raise_ended()
        finally:
            launched.close()
    return launched


def _registers(lines: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines if line.startswith(("R12=", "R15="))]
