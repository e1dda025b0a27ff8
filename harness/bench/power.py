"""What switches a unit's power. The seam is two functions; the bench file names the commands of a switch that a person has."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from typing import Final, Protocol

from harness.errors import BenchError

_TIMEOUT_S: Final = 30.0


class PowerSwitch(Protocol):
    """Switches one unit. ``BenchError`` when it cannot: how the unit is then is not known."""

    def off(self) -> None:
        """The unit has no power when this returns. Harmless when it had none."""
        ...

    def on(self) -> None:
        """The unit has power when this returns; its firmware may still be starting. Harmless when it had."""
        ...


@dataclass(frozen=True)
class CommandSwitch:
    """Two commands of the user's, such as ``uhubctl -l 1-1 -p 2 -a off``: the bench file's ``power``. No shell reads them."""

    switch_on: str
    switch_off: str

    def off(self) -> None:
        """See PowerSwitch."""
        _run(self.switch_off)

    def on(self) -> None:
        """See PowerSwitch."""
        _run(self.switch_on)


def _run(command: str) -> None:
    try:
        done = subprocess.run(
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise _failed(command, str(error)) from error
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise _failed(command, f"exit status {done.returncode}" + "".join(f", {line}" for line in last))


def _failed(command: str, found: str) -> BenchError:
    return BenchError(
        "the unit's power could not be switched",
        where=f"power command {command!r} of the bench file",
        expected=f"exit status 0 within {_TIMEOUT_S:g} s",
        found=found,
        next_step="run it by hand, and correct `power` in the bench file",
    )


def none_of(uid: str, port: str, board: str) -> BenchError:
    """What is wrong when a test wants to switch a unit that has no switch."""
    return BenchError(
        "this unit has no power switch that hil knows",
        where=f"unit {uid}",
        next_step="name its commands in a bench file and give that by --bench: "
        f'units: [{{board: {board}, uid: {uid}, port: {port}, power: {{on: "COMMAND", off: "COMMAND"}}}}]',
    )
