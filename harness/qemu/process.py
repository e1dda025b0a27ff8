"""A QEMU unit as a process of its own: what runs one, and the handle that starts and ends one.

It ends as a virtual unit does: when its owner closes it, when its standard input or its owner's process ends, on SIGTERM,
SIGINT or SIGHUP; and with ``ENDED_BY_FIRMWARE`` when the firmware made QEMU give up. QEMU goes with it, even if it is killed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.errors import HilError
from harness.qemu import feeder, locate
from harness.qemu.machines import KINDS
from harness.virtual.debug import registry
from harness.virtual.host.process import new_uid, spawn
from harness.virtual.host.served import Signals, listening, owner_fds
from harness.virtual.host.supervised import ENDED_BY_FIRMWARE, SupervisedUnit

_START_TIMEOUT_S = 60.0
_UID_PREFIX = "qemu-"


@dataclass(frozen=True)
class Facts:
    """What QEMU must be told of a board. ``machine`` is one of ``machines.KINDS``, ``uart`` one of its ports."""

    board: str
    machine: str
    uart: str
    flash_origin: int


def main(arguments: list[str] | None = None) -> int:
    """Run one unit until it is told to end. Exit status: 0 ended as asked, 2 the rig, ``ENDED_BY_FIRMWARE`` the firmware."""
    parser = argparse.ArgumentParser(prog="python -m harness.qemu", description="Run one unit in QEMU.")
    parser.add_argument("--facts", required=True, help="the board's facts as JSON")
    parser.add_argument("--qemu", required=True, type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--feeder", type=Path, help="the plug-in that hands bytes over")
    parser.add_argument("--uid", required=True)
    parser.add_argument("--owner", type=int, help="end when this process ends")
    options = parser.parse_args(arguments)
    owner = owner_fds(options.owner)
    if owner is None:
        return 0
    from harness.qemu.launch import CoreLockedUp

    try:
        _serve(options, Facts(**json.loads(options.facts)), registry.check_uid(options.uid), [0, *owner])
    except CoreLockedUp as error:
        print(error, file=sys.stderr, flush=True)
        return ENDED_BY_FIRMWARE
    except HilError as error:
        print(error, file=sys.stderr, flush=True)
        return 2
    return 0


def _serve(options: argparse.Namespace, facts: Facts, uid: str, stop_on_eof: list[int]) -> None:
    from harness.qemu.launch import launch
    from harness.qemu.unit import Unit
    from harness.virtual.debug.lifetime import Lifetime

    signals = Signals()
    with (
        launch(
            options.qemu, facts.machine, KINDS[facts.machine], facts.uart, facts.flash_origin, options.feeder
        ) as launched,
        listening(uid) as listener,
    ):
        name = f"QEMU {options.version}, {facts.machine}, through its gdb stub"
        name += "" if launched.fed else "; slow, without the feeder"
        lifetime = Lifetime(registry.lifetime_path(uid))
        unit = Unit(launched, facts.flash_origin, name, lifetime, listener, [*stop_on_eof, signals.fd])
        signals.end(unit)
        ready = {"uid": uid, "pid": os.getpid(), "port": unit.port.path, "socket": str(registry.socket_path(uid)),
                 "group": launched.process.pid, "name": name}  # fmt: skip
        print(json.dumps(ready), flush=True)
        try:
            unit.serve()
        finally:
            registry.withdraw(uid)  # first: who is hung up on looks whether it is gone
            unit.close()


def start(facts: Facts, *, uid: str | None = None) -> SupervisedUnit:
    """Start a unit and wait until its port is there. ``BenchError`` when QEMU is missing, too old or does not come up."""
    program, version = locate.require(KINDS[facts.machine].since)
    uid = registry.check_uid(uid or _UID_PREFIX + new_uid().partition("-")[2])
    command = [sys.executable, "-m", "harness.qemu", "--qemu", str(program.absolute()), "--uid", uid]
    plugin = feeder.library()
    command += [] if plugin is None else ["--feeder", str(plugin)]
    command += ["--version", locate.dotted(version), "--facts", json.dumps(asdict(facts)), "--owner", str(os.getpid())]
    return spawn(
        command, SupervisedUnit, what="QEMU unit", where=f"{facts.board}, {program}", timeout_s=_START_TIMEOUT_S
    )
